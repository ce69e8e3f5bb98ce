/* trace.c - cx trace: where did my comment go? From the topics and ledgers alone. */
#include "kafka/kafka.h"
#include "run/audit.h"
#include "run/registry.h"
#include "run/settings.h"
#include "run/topics.h"
#include "run/verb.h"

#include "base/time.h"

enum { CHANNEL = CX_FLAG_FIRST, NATIVE_ID, TENANT, CHAINS, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "channel", 0, "C", "Channel of the record, as normalised." },
    { "native-id", 0, "N", "The platform's id of it." },
    { "tenant", 0, "T", "Only this tenant." },
    { "chains", 0, "A,B,…", "Chains whose ledgers are read (default: " CX_USUAL_CHAINS ")." },
    { "json", 0, NULL, "Prints JSON lines." },
    { 0 },
};

#define SIGHTINGS_MAX 4096
struct sighting { /* a record in a topic, or an ending told by a ledger or a dead letter */
    struct cx_str topic;
    int32_t partition;
    int64_t offset, timestamp_ms;
    struct cx_str what; /* "create", "dropped: dedup/repeat" */
    int order;          /* of the topic in the flow */
    bool is_candidate;  /* a raw payload that mentions the id: shown when a record or a dead letter came from it */
};
struct trace {
    struct cx_arena *arena;
    struct cx_str channel, native_id, tenant;
    struct sighting found[SIGHTINGS_MAX];
    size_t count;
    bool is_cut;
};

static struct sighting *add(struct trace *t, struct cx_str topic, int32_t partition, int64_t offset, int64_t timestamp_ms, int order)
{
    if (t->count == SIGHTINGS_MAX) {
        t->is_cut = true;
        return &t->found[SIGHTINGS_MAX - 1];
    }
    struct sighting *s = &t->found[t->count++];
    *s = (struct sighting){
        .topic = cx_arena_copy(t->arena, topic), .partition = partition, .offset = offset, .timestamp_ms = timestamp_ms, .order = order
    };
    return s;
}

static int order_of(struct cx_str topic)
{
    const struct cx_topic *row = cx_topic_find(topic);
    return row ? (int)(row - cx_topics) : -1;
}

static bool mentions(struct cx_str bytes, struct cx_str id)
{
    if (id.len == 0)
        return false;
    for (const char *at = bytes.ptr; bytes.ptr && (size_t)(bytes.ptr + bytes.len - at) >= id.len; at++) {
        at = memchr(at, id.ptr[0], (size_t)(bytes.ptr + bytes.len - at) - id.len + 1);
        if (!at)
            return false;
        if (memcmp(at, id.ptr, id.len) == 0)
            return true;
    }
    return false;
}

static struct cx_str header(const struct cx_message *m, const char *name)
{
    for (size_t i = 0; i < m->header_count; i++)
        if (cx_str_is(m->headers[i].name, name))
            return m->headers[i].value;
    return CX_STR_NULL;
}

static bool is_wanted(const struct trace *t, const struct cx_interaction *r)
{
    return cx_str_eq(r->channel, t->channel) && cx_str_eq(r->native_id, t->native_id) && (!t->tenant.ptr || cx_str_eq(r->tenant, t->tenant));
}

static struct cx_str describe(struct trace *t, const struct cx_interaction *r)
{
    static const char *const ops[] = { "create", "edit", "delete", "merge" };
    char ucid[33] = "-";
    if (r->identity && r->identity->ucid) {
        cx_id_hex(*r->identity->ucid, ucid);
        ucid[32] = '\0';
    }
    struct cx_str text = cx_arena_format(t->arena, "%s of tenant %.*s, from %.*s/%d at %lld #%d", ops[r->op], CX_STR_ARG(r->tenant),
                                         CX_STR_ARG(r->source.topic), r->source.partition, (long long)r->source.offset, r->source.index);
    if (r->identity)
        text = cx_arena_format(t->arena, "%.*s, customer %s", CX_STR_ARG(text), ucid);
    for (size_t i = 0; r->routing && i < r->routing->rules.len; i++)
        text = cx_arena_format(t->arena, "%.*s%s%.*s", CX_STR_ARG(text), i ? ", " : ", by rules ", CX_STR_ARG(r->routing->rules.items[i]));
    return text;
}

static void on_dead_letter(struct trace *t, const struct cx_message *m)
{
    struct sighting *s = add(t, m->topic, m->partition, m->offset, m->timestamp_ms, order_of(m->topic));
    struct cx_str code = header(m, "cx-error-code"), message = header(m, "__connect.errors.exception.message");
    struct cx_str topic = header(m, "__connect.errors.topic"), partition = header(m, "__connect.errors.partition");
    struct cx_str offset = header(m, "__connect.errors.offset");
    s->what = cx_arena_format(t->arena, "rejected: %.*s/%.*s, from %.*s/%.*s at %.*s. %.*s", CX_STR_ARG(header(m, "cx-stage")), CX_STR_ARG(code),
                              CX_STR_ARG(topic), CX_STR_ARG(partition), CX_STR_ARG(offset), CX_STR_ARG(message));
}

static void on_message(struct trace *t, struct cx_arena *scratch, const struct cx_message *m)
{
    const struct cx_topic *row = cx_topic_find(m->topic);
    struct cx_interaction record;
    bool is_letter = row && cx_str_starts(cx_str(row->name), CX_STR("cx.dlq."));
    bool is_record = m->value.len > CX_WIRE_HEADER && m->value.ptr[0] == '\0' &&
                     cx_wire_decode(scratch, m->value, &cx_interaction_schema, &record) == CX_DECODE_OK;
    if (is_letter && (is_record ? is_wanted(t, &record) : mentions(m->value, t->native_id))) {
        on_dead_letter(t, m);
    } else if (!is_letter && is_record && is_wanted(t, &record)) {
        struct sighting *s = add(t, m->topic, m->partition, m->offset, m->timestamp_ms, order_of(m->topic));
        s->what = describe(t, &record);
    } else if (!is_record && !is_letter && mentions(m->value, t->native_id)) {
        struct sighting *s = add(t, m->topic, m->partition, m->offset, m->timestamp_ms, -1);
        s->what = CX_STR("received");
        s->is_candidate = true;
    }
}

/* What a ledger says of records we have seen in its input. */
static void on_ledger(struct trace *t, struct cx_arena *scratch, const struct cx_message *m)
{
    struct cx_ledger entry;
    if (cx_wire_decode(scratch, m->value, &cx_ledger_schema, &entry) != CX_DECODE_OK)
        return;
    size_t count = t->count;
    for (size_t d = 0; d < entry.drops.len; d++)
        for (size_t i = 0; i < count; i++) {
            const struct cx_ledger_drop *drop = &entry.drops.items[d];
            const struct sighting *s = &t->found[i];
            if (s->offset != drop->offset || s->partition != entry.partition || !cx_str_eq(s->topic, entry.topic))
                continue;
            struct sighting *ending = add(t, entry.topic, entry.partition, drop->offset, s->timestamp_ms, s->order);
            ending->what = cx_arena_format(t->arena, "ended here: %.*s (item %d)", CX_STR_ARG(drop->reason), drop->index);
            ending->is_candidate = s->is_candidate;
        }
}

typedef void on_message_fn(struct trace *t, struct cx_arena *scratch, const struct cx_message *m);

static int read_all(struct trace *t, const struct cx_kafka_config *cfg, const char *const *topics, size_t n, on_message_fn *each,
                    struct cx_error *err)
{
    struct cx_reader *reader = cx_reader_open(cfg, topics, n, -1, false, err);
    if (!reader)
        return -1;
    struct cx_arena *scratch = cx_arena_new((size_t)256 << 20);
    enum cx_polled polled = CX_POLL_NONE;
    while (polled != CX_POLL_FATAL) {
        struct cx_message m;
        polled = cx_reader_poll(reader, 200, &m, err);
        cx_arena_reset(scratch);
        if (polled == CX_POLL_MESSAGE)
            each(t, scratch, &m);
        else if (polled != CX_POLL_FATAL && cx_reader_at_end(reader))
            break;
    }
    cx_arena_free(scratch);
    cx_reader_close(reader);
    return polled == CX_POLL_FATAL ? -1 : 0;
}

static int in_flow_order(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;
    if (x->timestamp_ms != y->timestamp_ms && x->order == y->order)
        return x->timestamp_ms < y->timestamp_ms ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void print(const struct trace *t, bool json)
{
    struct cx_buf line;
    cx_buf_init(&line, (size_t)1 << 20);
    for (size_t i = 0; i < t->count; i++) {
        const struct sighting *s = &t->found[i];
        char when[CX_TIME_TEXT];
        cx_time_format(s->timestamp_ms, when);
        cx_buf_reset(&line);
        if (json) {
            cx_buf_str(&line, CX_STR("{\"topic\":"));
            cx_json_string(&line, s->topic);
            cx_buf_format(&line, ",\"partition\":%d,\"offset\":%lld,\"timestamp\":\"%.*s\",\"what\":", s->partition, (long long)s->offset,
                          CX_TIME_TEXT, when);
            cx_json_string(&line, s->what);
            cx_buf_byte(&line, '}');
        } else {
            cx_buf_format(&line, "%.*s  %-26.*s %3d/%-9lld %.*s", CX_TIME_TEXT, when, CX_STR_ARG(s->topic), s->partition, (long long)s->offset,
                          CX_STR_ARG(s->what));
        }
        printf("%.*s\n", (int)line.len, line.ptr);
    }
    cx_buf_free(&line);
}

static size_t flow_topics(const struct cx_settings *settings, const char **names, size_t max)
{
    size_t n = 0;
    const struct cx_node *inputs = cx_node_get(settings->root, "inputs");
    for (const struct cx_node *row = inputs ? inputs->first : NULL; row && n < max; row = row->next)
        if (cx_node_get(row, "topic") && !cx_topic_find(cx_node_get(row, "topic")->text))
            names[n++] = cx_arena_format(settings->arena, "%.*s%c", CX_STR_ARG(cx_node_get(row, "topic")->text), '\0').ptr;
    for (size_t i = 0; i < cx_topic_count && n < max; i++)
        if (strcmp(cx_topics[i].schema, "cx.Interaction") == 0 || strcmp(cx_topics[i].schema, "RAW") == 0)
            names[n++] = cx_topics[i].name;
    return n;
}

static int trace(struct trace *t, const struct cx_settings *settings, const char *chains, struct cx_error *err)
{
    const char *topics[128], *ledgers[CX_AUDIT_CHAINS];
    CX_TRY(read_all(t, &settings->kafka, topics, flow_topics(settings, topics, 128), on_message, err));
    struct cx_str rest = cx_str(chains), name;
    size_t n = 0;
    while (n < CX_AUDIT_CHAINS && cx_str_cut(&rest, ',', &name)) {
        char *topic = cx_arena_bytes(settings->arena, 128);
        cx_topic_ledger(cx_arena_format(settings->arena, "%.*s%c", CX_STR_ARG(name), '\0').ptr, topic);
        ledgers[n++] = topic;
    }
    CX_TRY(read_all(t, &settings->kafka, ledgers, n, on_ledger, err));
    qsort(t->found, t->count, sizeof *t->found, in_flow_order);
    return 0;
}

static int run_trace(const struct cx_args *args, struct cx_error *err)
{
    static struct trace t;
    struct cx_settings settings;
    if (!cx_args_has(args, CHANNEL) || !cx_args_has(args, NATIVE_ID)) {
        cx_fail(err, CX_EXIT_USAGE, "needs --channel and --native-id");
        return CX_EXIT_USAGE;
    }
    if (cx_args_settings(args, &settings, err))
        return (int)err->exit;
    t.arena = settings.arena;
    t.channel = cx_str(args->values[CHANNEL]);
    t.native_id = cx_str(args->values[NATIVE_ID]);
    t.tenant = cx_args_has(args, TENANT) ? cx_str(args->values[TENANT]) : CX_STR_NULL;
    int status = trace(&t, &settings, args->values[CHAINS] ? args->values[CHAINS] : CX_USUAL_CHAINS, err) == 0 ? CX_EXIT_OK : (int)err->exit;
    if (status == CX_EXIT_OK) {
        print(&t, cx_args_has(args, JSON));
        if (t.count == 0)
            fprintf(stderr, "nothing in any topic: it never arrived, or retention has removed it\n");
        if (t.is_cut)
            fprintf(stderr, "more than %d sightings; name the tenant\n", SIGHTINGS_MAX);
        status = t.count ? CX_EXIT_OK : CX_EXIT_FINDINGS;
    }
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_trace = {
    .name = "trace",
    .synopsis = "--channel C --native-id N -c cx.yaml",
    .doc = "Where did my comment go: every topic, partition and offset it passed, how it ended and why.",
    .examples = "  cx trace --channel instagram --native-id 17900000000000001 -c cx.yaml\n",
    .flags = flags,
    .run = run_trace,
};
