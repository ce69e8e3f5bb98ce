/* tap.c - cx tap: committed records of any topic of ours as JSON lines. */
#include "kafka/kafka.h"
#include "run/process.h"
#include "run/render.h"
#include "run/verb.h"

#include "base/time.h"

enum { COUNT = CX_FLAG_FIRST, FROM, FOLLOW, VALUES, RECORDS, PARTITION };
enum shape { WHOLE, RECORD, VALUE };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "count", 'n', "N", "Stops after N records." },
    { "from", 0, "WHERE", "beginning (default), end, or a time: 2026-11-22T04:00:00Z." },
    { "follow", 'f', NULL, "Goes on at the end and waits for more." },
    { "values", 0, NULL, "Prints values only." },
    { "records", 0, NULL, "Prints {\"topic\",\"key\",\"value\"} only, as cx pipe --outputs does." },
    { "partition", 'p', "N", "Only this partition." },
    { 0 },
};

static void add_headers(struct cx_buf *line, const struct cx_message *m)
{
    if (m->header_count == 0)
        return;
    cx_buf_str(line, CX_STR(",\"headers\":{"));
    for (size_t i = 0; i < m->header_count; i++) {
        if (i)
            cx_buf_byte(line, ',');
        cx_render_text(line, m->headers[i].name);
        cx_buf_byte(line, ':');
        cx_render_text(line, m->headers[i].value);
    }
    cx_buf_byte(line, '}');
}

static void render(struct cx_buf *line, struct cx_arena *arena, const struct cx_message *m, enum shape shape)
{
    const struct cx_topic *topic = cx_topic_find(m->topic);
    char when[CX_TIME_TEXT];
    if (shape != VALUE) {
        cx_buf_str(line, CX_STR("{\"topic\":"));
        cx_json_string(line, m->topic);
        if (shape == WHOLE) {
            cx_time_format(m->timestamp_ms, when);
            cx_buf_format(line, ",\"partition\":%d,\"offset\":%lld,\"timestamp\":\"%.*s\"", m->partition, (long long)m->offset, CX_TIME_TEXT, when);
        }
        cx_buf_str(line, CX_STR(",\"key\":"));
        cx_render_key(line, topic, m->key);
        if (shape == WHOLE)
            add_headers(line, m);
        cx_buf_str(line, CX_STR(",\"value\":"));
    }
    cx_render_value(line, arena, topic, m->value);
    if (shape != VALUE)
        cx_buf_byte(line, '}');
    cx_buf_byte(line, '\n');
}

struct tapping {
    int64_t count, partition; /* partition -1: all */
    bool follows;
    enum shape shape;
};

static int tap(struct cx_reader *reader, const struct tapping *t, struct cx_error *err)
{
    struct cx_arena *arena = cx_arena_new((size_t)256 << 20);
    struct cx_buf line;
    cx_buf_init(&line, (size_t)256 << 20);
    int status = CX_EXIT_OK;
    for (int64_t n = 0; n < t->count && !cx_stop_requested && status == CX_EXIT_OK;) {
        struct cx_message m;
        enum cx_polled polled = cx_reader_poll(reader, 100, &m, err);
        if (polled == CX_POLL_FATAL)
            status = (int)err->exit;
        if (polled == CX_POLL_NONE)
            fflush(stdout);
        if (polled == CX_POLL_MESSAGE) {
            if (t->partition >= 0 && m.partition != t->partition)
                continue;
            cx_arena_reset(arena);
            cx_buf_reset(&line);
            render(&line, arena, &m, t->shape);
            n++;
            if (fwrite(line.ptr, 1, line.len, stdout) != line.len)
                status = CX_EXIT_IO;
        } else if (!t->follows && cx_reader_at_end(reader)) {
            break;
        }
    }
    if (fflush(stdout) != 0)
        status = CX_EXIT_IO;
    cx_buf_free(&line);
    cx_arena_free(arena);
    return status;
}

static void on_signal(int signal)
{
    (void)signal;
    cx_stop_requested = 1;
}

static int read_from(const char *where, int64_t *from, bool *by_time, struct cx_error *err)
{
    *by_time = false;
    *from = -1;
    if (!where || strcmp(where, "beginning") == 0)
        return 0;
    if (strcmp(where, "end") == 0) {
        *from = -2;
        return 0;
    }
    *by_time = cx_time_parse(cx_str(where), from);
    return *by_time ? 0 : cx_fail(err, CX_EXIT_USAGE, "--from %s: beginning, end, or a time with its zone", where);
}

static int run_tap(const struct cx_args *args, struct cx_error *err)
{
    struct cx_settings settings;
    struct tapping t = { .follows = cx_args_has(args, FOLLOW),
                         .shape = cx_args_has(args, VALUES)    ? VALUE
                                  : cx_args_has(args, RECORDS) ? RECORD
                                                               : WHOLE };
    int64_t from;
    bool by_time;
    if (args->operand_count == 0) {
        cx_fail(err, CX_EXIT_USAGE, "which topic? for example: cx tap cx.routed.v1 -n 10");
        return CX_EXIT_USAGE;
    }
    if (cx_args_i64(args, COUNT, INT64_MAX, 1, INT64_MAX, &t.count, err) || cx_args_i64(args, PARTITION, -1, 0, INT32_MAX, &t.partition, err) ||
        read_from(args->values[FROM], &from, &by_time, err) || cx_args_settings(args, &settings, err))
        return (int)err->exit;
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    struct cx_reader *reader = cx_reader_open(&settings.kafka, args->operands, args->operand_count, from, by_time, err);
    int status = reader ? tap(reader, &t, err) : (int)err->exit;
    if (reader)
        cx_reader_close(reader);
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_tap = {
    .name = "tap",
    .synopsis = "TOPIC… [options]",
    .doc = "Prints committed records of topics as JSON lines, decoded: records, dead letters, ledgers, changelogs.",
    .examples = "  cx tap cx.route.care.v1 -n 10 --values | jq .text\n  cx tap cx.dlq.normalize.v1\n  cx tap cx.routed.v1 --from end --follow\n",
    .flags = flags,
    .operands = CX_OPERANDS_MAX,
    .run = run_tap,
};
