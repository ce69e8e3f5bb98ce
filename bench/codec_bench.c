/* How fast are records read and written? One Interaction of a usual comment with all its sections, on one core, beside Avro-C.
 * usage: codec_bench [REPETITIONS] */
#include <avro.h>
#include "codec/codec.h"

#define ROUNDS 5

struct bench {
    struct cx_arena *arena;
    struct cx_buf wire, json, out;
    struct cx_interaction record;
    struct cx_spliceable splice;
    avro_schema_t schema;
    avro_value_iface_t *iface;
    avro_value_t value;
};

static const char text[] =
    "{\"event_id\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\",\"tenant\":\"acme\",\"brand\":\"acme_tr\",\"channel\":\"instagram\",\"kind\":\"comment\","
    "\"op\":\"create\",\"direction\":\"inbound\",\"occurred_at\":\"2026-11-22T04:00:00.000Z\",\"ingested_at\":\"2026-11-22T04:00:01.250Z\","
    "\"source\":{\"topic\":\"cx.raw.v1\",\"partition\":3,\"offset\":182736451,\"index\":0,\"generation\":0},\"adapter\":\"instagram\","
    "\"adapter_version\":1,\"native_id\":\"17895695668004550\",\"parent_id\":\"17854360229135492\",\"conversation_id\":\"17854360229135492\","
    "\"url\":\"https://www.instagram.com/p/CxYz12AbCdE/c/17895695668004550/\",\"author\":{\"native_id\":\"6471829304\",\"handle\":\"@ayse.yilmaz\","
    "\"name\":\"Ayşe Yılmaz\",\"followers\":1280,\"verified\":false,\"actor\":\"customer\"},\"identifiers\":[{\"type\":\"ig_user_id\",\"value\":"
    "\"6471829304\",\"scope\":\"acme_tr\"},{\"type\":\"email\",\"value\":\"ayse@example.com\"}],\"text\":\"Siparişim üç gündür kargoda, hâlâ "
    "gelmedi! "
    "Müşteri hizmetleri telefona çıkmıyor, lütfen yardım "
    "edin.\",\"reach\":{\"likes\":12,\"replies\":3,\"shares\":null,\"views\":null},\"attributes\":"
    "{\"media_product_type\":\"FEED\"},\"classification\":{\"language\":\"tr\",\"language_confidence\":0.98,\"sentiment\":\"negative\",\"sentiment_"
    "score\":"
    "-0.82,\"intents\":[{\"name\":\"complaint\",\"score\":0.91},{\"name\":\"order_status\",\"score\":0.64}],\"functions\":[{\"name\":\"care\","
    "\"score\":"
    "0.93}],\"topics\":[\"delivery\"],\"reason\":\"late_delivery\",\"urgency\":\"high\",\"urgency_score\":0.71,\"lexicon_hits\":[\"tr/"
    "delivery_late\"],"
    "\"lexicons\":\"2026.11\"},\"identity\":{\"ucid\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\",\"is_new\":false,\"epoch\":2},\"routing\":{\"functions\":"
    "[\"care\"],\"queue\":\"delivery\",\"priority\":7,\"rules\":[\"care.delivery\"],\"rule_set\":\"default@1\"}}";

static void prepare(struct bench *b)
{
    struct cx_json_fault fault;
    struct cx_str path;
    const char *why;
    b->arena = cx_arena_new(64 << 20);
    cx_buf_init(&b->wire, 1 << 20);
    cx_buf_init(&b->json, 1 << 20);
    cx_buf_init(&b->out, 1 << 20);
    const struct cx_json *node = cx_json_parse(b->arena, cx_str(text), &fault);
    cx_assert(node && cx_interaction_schema.from_json(b->arena, node, &b->record, &path, &why));
    cx_wire_encode(&b->wire, &cx_interaction_schema, &b->record);
    cx_interaction_schema.to_json(&b->json, &b->record);
    cx_assert(cx_interaction_open(cx_arena_new(1 << 20), cx_buf_view(&b->wire), &b->record, &b->splice) == CX_DECODE_OK);
    struct cx_str avsc = cx_interaction_schema.avsc;
    cx_assert(avro_schema_from_json_length(avsc.ptr, avsc.len, &b->schema) == 0);
    b->iface = avro_generic_class_from_schema(b->schema);
    avro_generic_value_new(b->iface, &b->value);
}

static void decode(struct bench *b)
{
    struct cx_interaction record;
    cx_arena_reset(b->arena);
    cx_assert(cx_wire_decode(b->arena, cx_buf_view(&b->wire), &cx_interaction_schema, &record) == CX_DECODE_OK);
}

static void encode(struct bench *b)
{
    cx_buf_reset(&b->out);
    cx_wire_encode(&b->out, &cx_interaction_schema, &b->record);
}

static void splice(struct bench *b)
{
    cx_buf_reset(&b->out);
    cx_interaction_splice(&b->out, &b->record, &b->splice, CX_SECTION_IDENTITY);
}

static void to_json(struct bench *b)
{
    cx_buf_reset(&b->out);
    cx_interaction_schema.to_json(&b->out, &b->record);
}

static void from_json(struct bench *b)
{
    struct cx_interaction record;
    struct cx_json_fault fault;
    struct cx_str path;
    const char *why;
    cx_arena_reset(b->arena);
    const struct cx_json *node = cx_json_parse(b->arena, cx_buf_view(&b->json), &fault);
    cx_assert(cx_interaction_schema.from_json(b->arena, node, &record, &path, &why));
}

static void avro_c_decode(struct bench *b)
{
    avro_reader_t reader = avro_reader_memory(b->wire.ptr + CX_WIRE_HEADER, (int64_t)b->wire.len - CX_WIRE_HEADER);
    cx_assert(avro_value_read(reader, &b->value) == 0);
    avro_reader_free(reader);
}

static void avro_c_encode(struct bench *b)
{
    static char bytes[1 << 16];
    avro_writer_t writer = avro_writer_memory(bytes, sizeof bytes);
    cx_assert(avro_value_write(writer, &b->value) == 0);
    avro_writer_free(writer);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* CPU time, so that other work on the machine counts less. */
static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* The median of some rounds. */
static void measure(struct bench *b, const char *name, size_t bytes, long repetitions, void (*step)(struct bench *))
{
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_ns();
        for (long i = 0; i < repetitions; i++)
            step(b);
        ns[round] = (cpu_ns() - start) / (double)repetitions;
    }
    qsort(ns, ROUNDS, sizeof *ns, by_value);
    double median = ns[ROUNDS / 2];
    printf("%-14s %8.0f ns %12.0f records/s %9.1f MB/s\n", name, median, 1e9 / median, (double)bytes * 1e3 / median);
}

int main(int argc, char **argv)
{
    static struct bench b;
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 200000;
    if (n <= 0)
        return 64;
    prepare(&b);
    printf("one Interaction: %zu bytes Avro, %zu bytes JSON\n", b.wire.len, b.json.len);
    measure(&b, "decode", b.wire.len, n, decode);
    measure(&b, "encode", b.wire.len, n, encode);
    measure(&b, "splice", b.wire.len, n, splice);
    measure(&b, "to_json", b.json.len, n, to_json);
    measure(&b, "from_json", b.json.len, n, from_json);
    measure(&b, "avro-c decode", b.wire.len, n / 4, avro_c_decode);
    measure(&b, "avro-c encode", b.wire.len, n / 4, avro_c_encode);
    return 0;
}
