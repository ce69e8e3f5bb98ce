/* produce.c - cx produce: the sample, or lines of the user's, into a raw topic. */
#include "kafka/kafka.h"
#include "run/sample.h"
#include "run/settings.h"
#include "run/verb.h"

#include "base/json.h"
#include "base/time.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

enum { SAMPLE = CX_FLAG_FIRST, SEED, START, PER_DAY, TENANTS, TOPIC, RATE, PRINT };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "sample", 0, "N", "N payloads of the sample corpus instead of lines from stdin." },
    { "seed", 0, "S", "Seed of the sample (default 1): same seed and start, same bytes." },
    { "start", 0, "TIME", "When the sample begins (default: three days before today, 00:00 UTC)." },
    { "per-day", 0, "N", "Payloads per day of sample time (default 2000; more, without --start, where N would run into the future)." },
    { "tenants", 0, "A,B,…", "Tenants of the sample (default: its own three)." },
    { "topic", 0, "NAME", "Raw topic to write (default cx.raw.v1)." },
    { "rate", 0, "N", "At most N records a second (default: as fast as it goes)." },
    { "print", 0, NULL, "Prints the payloads to stdout instead of sending them." },
    { 0 },
};
#define DAY_MS INT64_C(86400000)

struct producing {
    struct cx_writer *writer; /* NULL: print */
    const char *topic;
    int64_t rate, sent, started_ns;
    bool shows_progress;
    struct cx_error *err;
};

static void keep_rate(const struct producing *p)
{
    if (!p->rate)
        return;
    int64_t due_ns = p->started_ns + p->sent * 1000000000 / p->rate, ahead_ns = due_ns - cx_monotonic_ns();
    if (ahead_ns > 0)
        usleep((useconds_t)(ahead_ns / 1000));
}

static void show_progress(const struct producing *p, int64_t total)
{
    if (!p->shows_progress || (p->sent % 5000 != 0 && p->sent != total))
        return;
    double seconds = (double)(cx_monotonic_ns() - p->started_ns) / 1e9;
    fprintf(stderr, "\r%lld", (long long)p->sent);
    if (total)
        fprintf(stderr, " of %lld", (long long)total);
    fprintf(stderr, " records, %.0f/s ", (double)p->sent / (seconds > 0 ? seconds : 1));
    if (p->sent == total)
        fputc('\n', stderr);
}

static int send_one(struct producing *p, struct cx_str key, struct cx_str value)
{
    p->sent++;
    keep_rate(p);
    if (p->writer)
        return cx_writer_send(p->writer, p->topic, -1, key, value, NULL, 0, p->err);
    if (fwrite(value.ptr, 1, value.len, stdout) != value.len || fputc('\n', stdout) == EOF)
        return cx_fail(p->err, CX_EXIT_IO, "writing to stdout failed");
    return 0;
}

static int send_sample(struct producing *p, struct cx_sample *sample, int64_t n)
{
    struct cx_arena *arena = cx_arena_new((size_t)64 << 20);
    int rc = 0;
    for (int64_t i = 0; i < n && rc == 0; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        rc = send_one(p, payload.key, payload.value);
        show_progress(p, n);
    }
    cx_arena_free(arena);
    return rc;
}

/* The key of a line is its tenant, where it says one: then raw topics are placed as cx.events.v1 is. */
static struct cx_str key_of(struct cx_arena *arena, struct cx_str line)
{
    struct cx_json_fault fault;
    cx_arena_reset(arena);
    const struct cx_json *tenant = cx_json_get(cx_json_parse(arena, line, &fault), CX_STR("tenant"));
    return tenant && tenant->type == CX_JSON_STRING ? tenant->text : CX_STR_NULL;
}

static int send_lines(struct producing *p)
{
    struct cx_arena *arena = cx_arena_new((size_t)64 << 20);
    char *buffer = NULL;
    size_t cap = 0;
    ssize_t got;
    int rc = 0;
    while (rc == 0 && (got = getline(&buffer, &cap, stdin)) >= 0) {
        size_t len = (size_t)got;
        while (len > 0 && (buffer[len - 1] == '\n' || buffer[len - 1] == '\r'))
            len--;
        struct cx_str line = cx_str_n(buffer, len);
        if (len > 0)
            rc = send_one(p, key_of(arena, line), line);
        show_progress(p, 0);
    }
    free(buffer);
    cx_arena_free(arena);
    return rc;
}

/* ---- which sample ---- */

struct asked { /* n 0: lines of stdin */
    int64_t n, seed, start_ms, per_day;
};

int64_t cx_sample_default_start(void)
{
    int64_t now = cx_wall_ms();
    return now - now % DAY_MS - CX_SAMPLE_DAYS * DAY_MS;
}

int64_t cx_sample_default_per_day(int64_t n)
{
    int64_t fits = n / CX_SAMPLE_DAYS + (n % CX_SAMPLE_DAYS > 0);
    return fits <= CX_SAMPLE_PER_DAY ? CX_SAMPLE_PER_DAY : fits < CX_SAMPLE_PER_DAY_MAX ? fits : CX_SAMPLE_PER_DAY_MAX;
}

/* normalize rejects what lies more than a day after its receipt. Where a rate is kept the clock goes on while the sample is sent. */
static int check_end(const struct asked *asked, int64_t rate, struct cx_error *err)
{
    double now = (double)cx_wall_ms(), sending = rate ? (double)asked->n / (double)rate * 1000 : 0, start = (double)asked->start_ms;
    double days = (double)asked->n / (double)asked->per_day, room = (now + sending - start) / DAY_MS;
    if (asked->n == 0 || days <= room + 1)
        return 0;
    char advice[64] = "";
    if (room >= 1 && ceil((double)asked->n / room) <= CX_SAMPLE_PER_DAY_MAX)
        snprintf(advice, sizeof advice, "a --per-day of %.0f or more, or ", ceil((double)asked->n / room));
    return cx_fail(err, CX_EXIT_USAGE,
                   "%lld payloads at %lld a day reach %.0f days into the future, where normalize rejects all beyond one: give %san earlier --start",
                   (long long)asked->n, (long long)asked->per_day, ceil(days - room), advice);
}

static int read_asked(const struct cx_args *args, int64_t rate, struct asked *asked, struct cx_error *err)
{
    asked->start_ms = cx_sample_default_start();
    if (args->values[START] && !cx_time_parse(cx_str(args->values[START]), &asked->start_ms))
        return cx_fail(err, CX_EXIT_USAGE, "--start %s is not a time such as 2026-11-22T00:00:00Z", args->values[START]);
    CX_TRY(cx_args_i64(args, SAMPLE, 0, 1, INT64_MAX, &asked->n, err));
    CX_TRY(cx_args_i64(args, SEED, 1, 0, INT64_MAX, &asked->seed, err));
    int64_t per_day = cx_args_has(args, START) ? CX_SAMPLE_PER_DAY : cx_sample_default_per_day(asked->n);
    CX_TRY(cx_args_i64(args, PER_DAY, per_day, 1, CX_SAMPLE_PER_DAY_MAX, &asked->per_day, err));
    return cx_args_has(args, PRINT) ? 0 : check_end(asked, rate, err); /* cx pipe goes by the times that payloads bring */
}

static int produce(struct producing *p, const struct asked *asked, const char *tenants, struct cx_error *err)
{
    int rc;
    p->started_ns = cx_monotonic_ns();
    if (asked->n > 0) {
        struct cx_sample *sample = cx_sample_new((uint64_t)asked->seed, asked->start_ms, asked->per_day, tenants);
        rc = send_sample(p, sample, asked->n);
        cx_sample_free(sample);
    } else {
        rc = send_lines(p);
    }
    if (rc == 0 && p->writer)
        rc = cx_writer_flush(p->writer, err);
    if (rc == 0 && !p->writer && fflush(stdout) != 0)
        rc = cx_fail(err, CX_EXIT_IO, "writing to stdout failed: %s", strerror(errno));
    return rc;
}

static int run_produce(const struct cx_args *args, struct cx_error *err)
{
    struct cx_settings settings;
    struct asked asked;
    struct producing p = { .topic = args->values[TOPIC] ? args->values[TOPIC] : "cx.raw.v1", .shows_progress = isatty(2), .err = err };
    bool prints = cx_args_has(args, PRINT);
    if (cx_args_i64(args, RATE, 0, 1, 100000000, &p.rate, err) || read_asked(args, p.rate, &asked, err) || cx_args_settings(args, &settings, err))
        return (int)err->exit;
    if (!prints)
        p.writer = cx_writer_open(&settings.kafka, err);
    int rc = prints || p.writer ? produce(&p, &asked, args->values[TENANTS], err) : -1;
    if (p.writer)
        cx_writer_close(p.writer);
    cx_settings_free(&settings);
    if (rc == 0 && !prints)
        fprintf(stderr, "%lld records sent to %s\n", (long long)p.sent, p.topic);
    return rc == 0 ? CX_EXIT_OK : (int)err->exit;
}

const struct cx_verb cx_verb_produce = {
    .name = "produce",
    .synopsis = "--sample N [options], or < lines",
    .doc = "Sends the sample corpus, or JSON lines from stdin, to a raw topic.",
    .examples =
        "  cx produce --sample 100000 --seed 7 -c cx.yaml\n  cx produce --topic cx.raw.v1 < comments.jsonl\n  cx produce --sample 10 --print\n",
    .flags = flags,
    .run = run_produce,
};
