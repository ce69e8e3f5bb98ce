/* How fast are records routed? process() of stage route alone, on one core: a mix of decoded records, outputs counted and thrown away.
 * By CPU time, so that a busy machine tells nearly the same.
 * usage: route_bench [RULES.yaml [RECORDS]] */
#include "run/registry.h"
#include "stages/route/route.h"

#define ROUNDS 7

/* A mix as in a day's stream: most comments match one or two rules, some none, some many, a few are the company's own. */
static const char *const mix[] = {
    "\"text\":\"Where is my parcel? It was due on Monday\",\"author\":{\"name\":\"A\",\"followers\":310},\"classification\":{\"language\":\"en\","
    "\"language_confidence\":0.98,\"sentiment\":\"negative\",\"intents\":[{\"name\":\"order_status\",\"score\":0.9},{\"name\":\"complaint\","
    "\"score\":0.6}],"
    "\"functions\":[{\"name\":\"ecommerce\",\"score\":0.8},{\"name\":\"care\",\"score\":0.7}],\"topics\":[\"delivery\"],\"urgency\":\"normal\"}",
    "\"text\":\"love these\",\"author\":{\"name\":\"B\"},\"reach\":{\"likes\":3},\"classification\":{\"language\":\"en\",\"language_confidence\":0.9,"
    "\"sentiment\":\"positive\",\"intents\":[{\"name\":\"praise\",\"score\":0.8}],\"functions\":[{\"name\":\"marketing\",\"score\":0.6}],\"urgency\":"
    "\"low\"}",
    "\"text\":\"ok\",\"author\":{\"name\":\"C\"},\"classification\":{\"language\":\"und\",\"language_confidence\":0}",
    "\"text\":\"Uygulama açılmıyor\",\"rating\":{\"value\":1,\"scale\":5},\"classification\":{\"language\":\"tr\",\"language_confidence\":1,"
    "\"sentiment\":\"negative\",\"intents\":[{\"name\":\"technical_problem\",\"score\":0.9}],\"functions\":[{\"name\":\"product\",\"score\":0.9},"
    "{\"name\":\"care\",\"score\":0.5}],\"urgency\":\"high\"}",
    "\"text\":\"We are sorry to hear that.\",\"direction\":\"outbound\",\"author\":{\"name\":\"D\",\"actor\":\"agent\"}",
    "\"text\":\"charged twice, my lawyer will call\",\"author\":{\"name\":\"E\",\"followers\":150000},\"classification\":{\"language\":\"en\","
    "\"language_confidence\":1,\"sentiment\":\"negative\",\"intents\":[{\"name\":\"billing_problem\",\"score\":0.9},{\"name\":\"legal_threat\","
    "\"score\":0.8},"
    "{\"name\":\"complaint\",\"score\":0.7}],\"functions\":[{\"name\":\"finance\",\"score\":0.9},{\"name\":\"legal\",\"score\":0.7},{\"name\":"
    "\"care\",\"score\":"
    "0.6}],\"urgency\":\"critical\"},\"identity\":{\"ucid\":\"00112233445566778899aabbccddeeff\"}",
};
#define MIX (sizeof mix / sizeof *mix)

static uint64_t emitted;

static void count_emit(struct cx_ctx *ctx, int port, struct cx_str key, const void *record)
{
    (void)ctx;
    (void)key;
    (void)record;
    emitted += (uint64_t)port + 1;
}

static void no_count(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    (void)ctx;
    (void)metric;
    (void)label;
    (void)n;
}

static struct cx_str resource(const struct cx_env *env, const char *path)
{
    (void)env;
    return cx_resource_find(cx_str(path));
}

static int read_file(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    return cx_read_file(env->arena, path, content, err);
}

static void make_records(struct cx_arena *arena, struct cx_interaction records[MIX])
{
    static const char head[] =
        "{\"event_id\":\"000102030405060708090a0b0c0d0e0f\",\"tenant\":\"acme\",\"channel\":\"instagram\",\"kind\":\"comment\","
        "\"op\":\"create\",\"occurred_at\":1764000000000,\"ingested_at\":1764000001000,\"source\":{\"topic\":\"t\",\"partition\":3,"
        "\"offset\":7},\"adapter\":\"canonical\",\"adapter_version\":1,\"native_id\":\"n\",";
    for (size_t i = 0; i < MIX; i++) {
        struct cx_json_fault fault;
        struct cx_str path;
        const char *why, *direction = strstr(mix[i], "\"direction\"") ? "" : "\"direction\":\"inbound\",";
        struct cx_str json = cx_arena_format(arena, "%s%s%s}", head, direction, mix[i]);
        const struct cx_json *root = cx_json_parse(arena, json, &fault);
        cx_assert(root && cx_interaction_schema.from_json(arena, root, &records[i], &path, &why));
    }
}

static double run(const void *self, struct cx_arena *arena, struct cx_interaction records[MIX], size_t count)
{
    struct cx_message message = { .offset = 0 };
    struct cx_item item = { .message = &message };
    struct cx_ctx ctx = { .arena = arena, .item = &item, .emit_ = count_emit, .count_ = no_count };
    clock_t start = clock();
    for (size_t i = 0; i < count; i++) {
        struct cx_interaction record = records[i % MIX];
        item.record = &record;
        cx_assert(route_stage.process(self, &ctx).reason == CX_PASSED);
        if (i % 64 == 63)
            cx_arena_reset(arena);
    }
    return (double)count / ((double)(clock() - start) / CLOCKS_PER_SEC);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct cx_arena *kept = cx_arena_new(64u << 20), *arena = cx_arena_new(64u << 20);
    struct cx_env env = { .arena = kept, .resource = resource, .read_file = read_file };
    struct cx_interaction records[MIX];
    struct cx_error err;
    int64_t count = 2000000;
    void *config = cx_arena_zalloc(kept, route_stage.config_size), *self = cx_arena_zalloc(kept, route_stage.self_size);
    struct cx_node *map = cx_config_parse(kept, "bench", cx_arena_format(kept, "{rules: '%s'}", argc > 1 ? argv[1] : ""), &err);
    if (argc > 2 && !cx_str_to_i64(cx_str(argv[2]), &count))
        return CX_EXIT_USAGE;
    if (!map || cx_options_read(route_stage.options, map, "route", config, &err) != 0 || route_stage.open(self, config, &env, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return err.exit;
    }
    make_records(kept, records);
    double rates[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        rates[i] = run(self, arena, records, (size_t)count);
    qsort(rates, ROUNDS, sizeof *rates, by_value);
    const struct route_rule_set *set = self;
    printf("route rules=%zu operations=%zu records_per_cpu_s median=%.0f least=%.0f most=%.0f\n", set->count, set->program.op_count,
           rates[ROUNDS / 2], rates[0], rates[ROUNDS - 1]);
    route_stage.close(self);
    cx_arena_free(arena);
    cx_arena_free(kept);
    return 0;
}
