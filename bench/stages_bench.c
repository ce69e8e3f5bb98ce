/* stages_bench.c - records per second of each stage alone and of all fused, on one core, no broker.
 *
 * usage: stages_bench [RECORDS [SEED]]
 * Every stage is fed what the stage before it wrote, bytes in, bytes out: reading the record, process() and writing it are all in the figure.
 * The median of five rounds, each with fresh state. One JSON line a stage. */
#include "base/time.h"
#include "run/chain.h"
#include "run/registry.h"
#include "run/sample.h"
#include "run/settings.h"

#include <time.h>

#define ROUNDS 5

struct log { /* records, one after the other: key length, value length, key, value */
    struct cx_buf bytes;
    size_t *at;
    size_t len, cap;
};

static void log_add(struct log *log, struct cx_str key, struct cx_str value)
{
    if (log->len == log->cap) {
        log->cap = log->cap ? log->cap * 2 : 65536;
        log->at = realloc(log->at, log->cap * sizeof *log->at);
    }
    log->at[log->len++] = log->bytes.len;
    size_t lengths[2] = { key.len, value.len };
    cx_buf_add(&log->bytes, lengths, sizeof lengths);
    cx_buf_str(&log->bytes, key);
    cx_buf_str(&log->bytes, value);
}

static void log_get(const struct log *log, size_t i, struct cx_str *key, struct cx_str *value)
{
    size_t lengths[2];
    const char *at = log->bytes.ptr + log->at[i];
    memcpy(lengths, at, sizeof lengths);
    *key = cx_str_n(at + sizeof lengths, lengths[0]);
    *value = cx_str_n(at + sizeof lengths + lengths[0], lengths[1]);
}

struct capture {
    struct log *main; /* NULL: count only */
    int64_t outputs, bytes;
};

static int on_output(void *context, const struct cx_output *o)
{
    struct capture *c = context;
    c->outputs++;
    c->bytes += (int64_t)o->value.len;
    if (c->main && o->is_main)
        log_add(c->main, o->key, o->value);
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    (void)context;
    (void)e;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct cx_chain *open_chain(const struct cx_settings *settings, const struct cx_stage *const *stages, size_t count)
{
    struct cx_error err;
    struct cx_chain_plan plan = { .stages = stages, .count = count, .root = settings->root, .max_message = 1000000 };
    struct cx_chain *chain = cx_chain_open(&plan, &err);
    if (!chain) {
        fprintf(stderr, "stages_bench: %s\n", err.text);
        exit(1);
    }
    return chain;
}

/* CPU seconds of one round over the input. */
static double round_seconds(struct cx_chain *chain, const struct log *input, bool is_raw, struct log *main, struct capture *capture)
{
    struct cx_task *task = cx_task_new(chain, 0);
    *capture = (struct capture){ .main = main };
    struct cx_sink sink = { .context = capture, .output = on_output, .ending = on_ending };
    double started = cpu_seconds();
    for (size_t i = 0; i < input->len; i++) {
        struct cx_message m = { .topic = CX_STR("cx.raw.v1"), .offset = (int64_t)i, .is_pipe = is_raw };
        int64_t items;
        log_get(input, i, &m.key, &m.value);
        cx_task_settle(task, &m, &sink, &items);
        if (i % 10000 == 9999)
            cx_task_commit(task);
    }
    double seconds = cpu_seconds() - started;
    cx_task_free(task);
    return seconds;
}

static void measure(const struct cx_settings *settings, const char *name, const struct cx_stage *const *stages, size_t count, const struct log *input,
                    struct log *main)
{
    struct cx_chain *chain = open_chain(settings, stages, count);
    struct capture capture;
    double seconds[ROUNDS];
    round_seconds(chain, input, stages[0]->reads_raw, main, &capture); /* warm, and what the next stage reads */
    for (int r = 0; r < ROUNDS; r++)
        seconds[r] = round_seconds(chain, input, stages[0]->reads_raw, NULL, &capture);
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("{\"stages\":\"%s\",\"records\":%zu,\"bytes_in\":%zu,\"outputs\":%lld,\"records_per_s\":%.0f,\"slowest\":%.0f,\"fastest\":%.0f}\n", name,
           input->len, input->bytes.len, (long long)capture.outputs, (double)input->len / seconds[ROUNDS / 2],
           (double)input->len / seconds[ROUNDS - 1], (double)input->len / seconds[0]);
    fflush(stdout);
    cx_chain_close(chain);
}

int main(int argc, char **argv)
{
    int64_t n = 200000, seed = 1;
    if (argc > 1)
        cx_str_to_i64(cx_str(argv[1]), &n);
    if (argc > 2)
        cx_str_to_i64(cx_str(argv[2]), &seed);
    struct cx_settings settings;
    struct cx_error err;
    if (cx_settings_load(&settings, NULL, (const char *const[]){ "analytics.lateness=7d", NULL }, &err) != 0) {
        fprintf(stderr, "stages_bench: %s\n", err.text);
        return 1;
    }
    static struct log logs[2];
    cx_buf_init(&logs[0].bytes, (size_t)8 << 30);
    cx_buf_init(&logs[1].bytes, (size_t)8 << 30);
    struct cx_sample *sample = cx_sample_new((uint64_t)seed, 1790000000000, 10000000, NULL);
    struct cx_arena *arena = cx_arena_new((size_t)64 << 20);
    for (int64_t i = 0; i < n; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        log_add(&logs[0], payload.key, payload.value);
    }
    size_t count = 0;
    while (cx_stages[count])
        count++;
    measure(&settings, "all fused", cx_stages, count, &logs[0], NULL);
    for (size_t s = 0; s < count; s++) {
        struct log *in = &logs[s % 2], *out = &logs[(s + 1) % 2];
        cx_buf_reset(&out->bytes);
        out->len = 0;
        measure(&settings, cx_stages[s]->name, &cx_stages[s], 1, in, out);
    }
    cx_sample_free(sample);
    cx_arena_free(arena);
    cx_settings_free(&settings);
    return 0;
}
