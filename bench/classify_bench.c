/* What does classify's time go into? Folding, language, lexicons, personal data, and process() of the stage as a whole, on one core.
 * usage: classify_bench [TEXTS [RECORDS [STEP]]]   STEP: only this one, for a profiler; TEXTS: a file with a text a line (of tab-separated lines the
 * third column); without one, the sample. The last three are process() again: with overlays of a hundred tenants loaded, for the texts of others and
 * for those of one of them, and without a model. */
#include "base/time.h"
#include "run/registry.h"
#include "run/sample.h"
#include "run/verb.h"
#include "stages/classify/evidence.h"
#include "stages/classify/pii.h"

#define ROUNDS  5
#define TENANTS 100
#define OVERLAY "/tmp/cx-classify-bench.cxm"
#define LABELS  "/tmp/cx-classify-bench.tsv"

struct texts {
    struct cx_str *items;
    size_t len, cap, bytes;
};

static void add_text(struct texts *texts, struct cx_str text)
{
    if (text.len == 0 || !cx_utf8_valid(text))
        return;
    if (texts->len == texts->cap) {
        texts->cap = texts->cap ? texts->cap * 2 : 4096;
        texts->items = realloc(texts->items, texts->cap * sizeof *texts->items);
    }
    texts->items[texts->len++] = text;
    texts->bytes += text.len;
}

static void read_texts(struct texts *texts, struct cx_arena *arena, const char *path)
{
    struct cx_error err;
    struct cx_str rest, line;
    cx_assert(cx_read_file(arena, cx_str(path), &rest, &err) == 0);
    while (cx_str_cut(&rest, '\n', &line)) {
        struct cx_str columns = line, column = line;
        for (int i = 0; i < 3 && cx_str_find(line, '\t') >= 0; i++)
            cx_str_cut(&columns, '\t', &column);
        add_text(texts, column);
    }
}

/* Texts of the canonical records of the sample. */
static void sample_texts(struct texts *texts, struct cx_arena *arena)
{
    struct cx_sample *sample = cx_sample_new(1, 1764000000000, CX_SAMPLE_PER_DAY, NULL);
    for (int i = 0; i < CX_SAMPLE_COUNT; i++) {
        struct cx_sample_payload payload;
        struct cx_json_fault fault;
        cx_sample_next(sample, arena, &payload);
        const struct cx_json *root = cx_json_parse(arena, payload.value, &fault), *text = cx_json_get(root, CX_STR("text"));
        if (text != NULL && text->type == CX_JSON_STRING)
            add_text(texts, text->text);
    }
    cx_sample_free(sample);
}

static struct cx_str resource(const struct cx_env *env, const char *path)
{
    (void)env;
    return cx_resource_find(cx_str(path));
}

static const char *const *resources(const struct cx_env *env, const char *folder)
{
    return cx_resource_list(env->arena, folder);
}

static void no_count(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    (void)ctx, (void)metric, (void)label, (void)n;
}

/* ---- what is timed ---- */

struct bench {
    struct texts texts;
    struct cx_arena *arena;
    const struct cx_stage *stage;
    void *self, *laid, *bare; /* without overlays, with them, and without a model */
    size_t sink;
};
typedef void step_fn(struct bench *bench, struct cx_str text);

static void fold(struct bench *bench, struct cx_str text)
{
    bench->sink += cx_text_fold(bench->arena, text, CX_FOLD_SEARCH).text.len;
}

static void fold_and_language(struct bench *bench, struct cx_str text)
{
    float confidence;
    struct cx_folded folded = cx_text_fold(bench->arena, text, CX_FOLD_SEARCH);
    bench->sink += cx_text_script_language(&folded, &confidence).len;
}

static void fold_and_find(struct bench *bench, struct cx_str text)
{
    struct classify_findings findings;
    struct cx_folded folded = cx_text_fold(bench->arena, text, CX_FOLD_SEARCH);
    /* the stage begins with its lexicons */
    classify_find(bench->self, bench->arena, &folded, CX_STR_NULL, &findings);
    bench->sink += findings.hits.len;
}

static void pii(struct bench *bench, struct cx_str text)
{
    bench->sink += classify_pii(bench->arena, text, CX_STR_NULL).len;
}

static void process_as(struct bench *bench, void *self, const char *tenant, struct cx_str text)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.text = text;
    record.tenant = cx_str(tenant);
    record.kind = CX_STR("comment");
    record.channel = CX_STR("instagram");
    record.direction = CX_DIRECTION_INBOUND;
    struct cx_item item = { .record = &record };
    struct cx_ctx ctx = { .arena = bench->arena, .item = &item, .count_ = no_count };
    bench->stage->process(self, &ctx);
    bench->sink += record.classification->intents.len;
}

static void process(struct bench *bench, struct cx_str text)
{
    process_as(bench, bench->self, "other", text);
}

static void process_beside(struct bench *bench, struct cx_str text)
{
    process_as(bench, bench->laid, "other", text);
}

static void process_bare(struct bench *bench, struct cx_str text)
{
    process_as(bench, bench->bare, "other", text);
}

static void process_laid(struct bench *bench, struct cx_str text)
{
    process_as(bench, bench->laid, "t50", text);
}

/* CPU time: the machine may have other things to do. */
static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct timed {
    const char *name;
    step_fn *step;
    double ns[ROUNDS];
};

/* Rounds of all steps take turns, so that what else the machine does falls on all of them. Medians end in ns[0]. */
static void measure(struct bench *bench, struct timed *steps, size_t n, size_t records)
{
    for (int round = 0; round < ROUNDS; round++)
        for (size_t s = 0; s < n; s++) {
            double start = cpu_ns();
            for (size_t i = 0; i < records; i++) {
                cx_arena_reset(bench->arena);
                steps[s].step(bench, bench->texts.items[i % bench->texts.len]);
            }
            steps[s].ns[round] = (cpu_ns() - start) / (double)records;
        }
    for (size_t s = 0; s < n; s++) {
        qsort(steps[s].ns, ROUNDS, sizeof *steps[s].ns, by_value);
        steps[s].ns[0] = steps[s].ns[ROUNDS / 2];
    }
}

/* ---- opening ---- */

static int read_file(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    return cx_read_file(env->arena, path, content, err);
}

/* Some of the texts under two labels of nobody's: what matters is how many features the overlay has. */
static void train_overlay(const struct texts *texts)
{
    struct cx_error err = { 0 };
    FILE *file = fopen(LABELS, "w");
    cx_assert(file != NULL);
    for (size_t i = 1; i < texts->len && i < 500; i++) /* the first may be the header of a TSV */
        if (memchr(texts->items[i].ptr, '\t', texts->items[i].len) == NULL && memchr(texts->items[i].ptr, '\n', texts->items[i].len) == NULL)
            fprintf(file, "%s\t%.*s\n", texts->items[i].len % 2 == 0 ? "even_length" : "odd_length", CX_STR_ARG(texts->items[i]));
    fclose(file);
    FILE *kept = stdout;
    stdout = stderr;
    struct cx_args args = { .values = { LABELS, "cx", NULL, NULL, NULL, OVERLAY } };
    cx_assert(cx_verb_train.run(&args, &err) == 0);
    stdout = kept;
}

static void *open_stage(struct bench *bench, struct cx_arena *arena, struct cx_str options)
{
    struct cx_env env = { arena, resource, resources, read_file, NULL };
    struct cx_error err;
    const struct cx_node *map = cx_config_parse(arena, "bench", options, &err);
    void *config = cx_arena_zalloc(arena, bench->stage->config_size), *self = cx_arena_zalloc(arena, bench->stage->self_size);
    cx_assert(map != NULL && cx_options_read(bench->stage->options, map, "classify", config, &err) == 0);
    if (bench->stage->open(self, config, &env, &err) != 0) {
        fprintf(stderr, "classify_bench: %s\n", err.text);
        exit(1);
    }
    return self;
}

/* The same overlay for every tenant. */
static struct cx_str overlays(struct cx_arena *arena)
{
    struct cx_str list = CX_STR("overlays: {t0: " OVERLAY);
    for (int i = 1; i < TENANTS; i++)
        list = cx_arena_format(arena, "%.*s, t%d: " OVERLAY, CX_STR_ARG(list), i);
    return cx_arena_format(arena, "%.*s}", CX_STR_ARG(list));
}

int main(int argc, char **argv)
{
    struct cx_arena *kept = cx_arena_new(1u << 30);
    struct bench bench = { .arena = cx_arena_new(1u << 30), .stage = cx_stage_find(CX_STR("classify")) };
    size_t records = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    if (argc > 1)
        read_texts(&bench.texts, kept, argv[1]);
    else
        sample_texts(&bench.texts, kept);

    train_overlay(&bench.texts);
    bench.laid = open_stage(&bench, kept, overlays(kept));
    bench.bare = open_stage(&bench, kept, CX_STR("model: none"));
    double start = cpu_ns();
    bench.self = open_stage(&bench, kept, CX_STR("overlays: {}"));
    printf("{\"bench\":\"classify\",\"texts\":%zu,\"bytes_per_text\":%.0f,\"open_ms\":%.0f", bench.texts.len,
           (double)bench.texts.bytes / (double)bench.texts.len, (cpu_ns() - start) / 1e6);
    struct timed steps[] = { { "fold_ns", fold },
                             { "fold_and_language_ns", fold_and_language },
                             { "fold_and_find_ns", fold_and_find },
                             { "pii_ns", pii },
                             { "process_ns", process },
                             { "process_beside_overlays_ns", process_beside },
                             { "process_with_overlay_ns", process_laid },
                             { "process_without_model_ns", process_bare } };
    size_t n = sizeof steps / sizeof *steps, process_at = 4;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && argc > 3; i++)
        if (strcmp(argv[3], steps[i].name) == 0) {
            steps[0] = steps[i];
            n = 1;
            process_at = 0;
        }
    measure(&bench, steps, n, records);
    for (size_t i = 0; i < n; i++)
        printf(",\"%s\":%.0f", steps[i].name, steps[i].ns[0]);
    printf(",\"records_per_s\":%.0f}\n", 1e9 / steps[process_at].ns[0]);
    bench.stage->close(bench.self);
    bench.stage->close(bench.laid);
    bench.stage->close(bench.bare);
    cx_arena_free(bench.arena);
    cx_arena_free(kept);
    free(bench.texts.items);
    return 0;
}
