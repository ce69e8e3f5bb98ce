/* analytics.c - counts what was said, minute by minute, and writes the counts as upserts. */
#include "analytics/window.h"
#include "base/time.h"

struct analytics_config {
    int64_t lateness;
};
static const struct cx_option options[] = {
    CX_OPTION(struct analytics_config, lateness, "1h", 0, 4e10, "ms",
              "How long after its end a minute stays open for late records, by the tenant's record time; longer costs state."),
    { 0 },
};

struct analytics {
    int64_t lateness;
};

enum { METRIC_OPENED, METRIC_ROWS };
static const struct cx_metric metrics[] = {
    [METRIC_OPENED] = { "cx_analytics_windows_opened_total", CX_COUNTER, NULL, "Rows of counts that were opened." },
    [METRIC_ROWS] = { "cx_analytics_rows_written_total", CX_COUNTER, "kind", "Rows written: update while a minute is open, final when it closes." },
    { 0 },
};

enum { REASON_LATE, REASON_IMPOSSIBLE_TIME };
static const struct cx_reason reasons[] = {
    [REASON_LATE] = { "late", CX_ABSORB,
                      "The record's minute was closed when it came, so its counts are final; raise analytics.lateness if there are many." },
    [REASON_IMPOSSIBLE_TIME] = { "impossible_time", CX_REJECT,
                                 "occurred_at is before 2005 or more than a day after ingested_at: its minute would never close; correct the "
                                 "producer of the input topic." },
    { 0 },
};

static const struct cx_table tables[] = {
    [ANALYTICS_TIME] = CX_TIME_TABLE,
    [ANALYTICS_WINDOWS] = { "windows", CX_TABLE_HASH, sizeof(struct analytics_window), "Row to its counts so far and its neighbours in two lists." },
    [ANALYTICS_NAMES] = { "names", CX_TABLE_HASH, 0, "Row to its brand, channel, language and function." },
    [ANALYTICS_MINUTES] = { "minutes", CX_TABLE_HASH, sizeof(struct cx_id), "Open minute of a tenant to its first row." },
    [ANALYTICS_OPEN] = { "open", CX_TABLE_ORDERED, 0, "Tenant and end of every open minute, in time order." },
    [ANALYTICS_CHANGED] = { "changed", CX_TABLE_HASH, sizeof(struct cx_id), "Tenant to the first row that changed since it was last written." },
    { 0 },
};

enum { PORT_MAIN, PORT_MINUTE };
static const struct cx_port outputs[] = {
    [PORT_MAIN] = { NULL, "The record passes on." },
    [PORT_MINUTE] = { "cx.metrics.minute.v1", "Counts of one minute; the highest version of a key counts." },
    { 0 },
};

static int analytics_open(void *self, const void *config, const struct cx_env *env, struct cx_error *err)
{
    (void)env;
    (void)err;
    ((struct analytics *)self)->lateness = ((const struct analytics_config *)config)->lateness;
    return 0;
}

/* ---- counting ---- */

static bool has_intent(const struct cx_classification *classification, const char *intent)
{
    for (size_t i = 0; i < classification->intents.len; i++)
        if (cx_str_is(classification->intents.items[i].name, intent))
            return true;
    return false;
}

/* What a customer said: the mixes are of inbound records, so that the company's own apologies do not count as displeasure. */
static void count_inbound(struct analytics_counts *counts, const struct cx_classification *classification)
{
    const enum cx_sentiment sentiment = classification ? classification->sentiment : CX_SENTIMENT_NULL;
    const enum cx_urgency urgency = classification ? classification->urgency : CX_URGENCY_NULL;
    counts->inbound++;
    counts->negative += sentiment == CX_SENTIMENT_NEGATIVE;
    counts->neutral += sentiment == CX_SENTIMENT_NEUTRAL;
    counts->positive += sentiment == CX_SENTIMENT_POSITIVE;
    counts->sentiment_unknown += sentiment == CX_SENTIMENT_NULL;
    counts->urgency_low += urgency == CX_URGENCY_LOW;
    counts->urgency_normal += urgency == CX_URGENCY_NORMAL;
    counts->urgency_high += urgency == CX_URGENCY_HIGH;
    counts->urgency_critical += urgency == CX_URGENCY_CRITICAL;
    counts->urgency_unknown += urgency == CX_URGENCY_NULL;
    if (classification) {
        counts->questions += has_intent(classification, "question");
        counts->complaints += has_intent(classification, "complaint");
    }
}

/* By what dedup says of the text. An edit is labelled too, and does not count again; what has no text, or was not labelled, is neither. */
static void count_text(struct analytics_counts *counts, const struct cx_interaction *record)
{
    const struct cx_duplicate *duplicate = record->duplicate;
    if (record->op != CX_OP_CREATE || !duplicate || !duplicate->cluster_id)
        return;
    counts->copies += duplicate->similarity.set;
    counts->originals += !duplicate->similarity.set;
}

/* A counter from outside may be anything: it must neither overflow the sum nor take from it. */
static void add_counter(analytics_i64 *sum, struct cx_opt_i64 counter)
{
    int64_t total;
    if (counter.set && counter.value > 0)
        *sum = __builtin_add_overflow(*sum, counter.value, &total) ? INT64_MAX : total;
}

static void count_record(struct cx_ctx *ctx, const struct analytics_cell *cell, struct cx_str function)
{
    const struct cx_interaction *record = ctx->item->record;
    bool is_new;
    struct analytics_counts *counts = analytics_window_change(ctx, cell, function, &is_new);
    if (is_new)
        cx_count(ctx, METRIC_OPENED, NULL, 1);
    counts->records++;
    counts->creates += record->op == CX_OP_CREATE;
    counts->edits += record->op == CX_OP_EDIT;
    counts->deletes += record->op == CX_OP_DELETE;
    count_text(counts, record);
    counts->outbound += record->direction == CX_DIRECTION_OUTBOUND || record->direction == CX_DIRECTION_ECHO;
    if (record->direction == CX_DIRECTION_INBOUND)
        count_inbound(counts, record->classification);
    if (record->reach) {
        add_counter(&counts->likes, record->reach->likes);
        add_counter(&counts->replies, record->reach->replies);
        add_counter(&counts->shares, record->reach->shares);
        add_counter(&counts->views, record->reach->views);
    }
}

/* A foreign producer may name a function twice, or by the name of a row of ours: each row counts a record once. */
static bool is_counted_already(const struct cx_routing *routing, size_t at)
{
    const struct cx_str function = routing->functions.items[at];
    for (size_t i = 0; i < at; i++)
        if (cx_str_eq(routing->functions.items[i], function))
            return true;
    return cx_str_is(function, "all") || cx_str_is(function, "unmatched");
}

/* Normalize has seen to it already; the producer of this input may be another. */
static bool is_possible(const struct cx_interaction *record)
{
    static const int64_t earliest = 1104537600000 /* 2005 */, latest = 253402300799999 /* 9999 */, day = 86400000;
    return record->occurred_at >= earliest && record->occurred_at <= latest && record->occurred_at - day <= record->ingested_at;
}

static struct cx_settled analytics_process(const void *self, struct cx_ctx *ctx)
{
    const struct analytics *analytics = self;
    const struct cx_interaction *record = ctx->item->record;
    if (!is_possible(record))
        return cx_settle(REASON_IMPOSSIBLE_TIME);
    /* Decided by times alone, so that it holds long after the window's state is gone. */
    const int64_t end = record->occurred_at - record->occurred_at % ANALYTICS_MINUTE + ANALYTICS_MINUTE;
    if (ctx->time_ms >= end + analytics->lateness)
        return cx_settle(REASON_LATE);
    struct analytics_cell cell;
    analytics_cell_init(&cell, record, end);
    count_record(ctx, &cell, CX_STR("all"));
    const struct cx_routing *routing = record->routing;
    /* A rule may say that a record is nobody's work: then it is matched, and counts in `all` only. */
    if (!routing || (routing->functions.len == 0 && routing->rules.len == 0))
        count_record(ctx, &cell, CX_STR("unmatched"));
    for (size_t i = 0; routing && i < routing->functions.len; i++)
        if (!is_counted_already(routing, i))
            count_record(ctx, &cell, routing->functions.items[i]);
    return cx_pass();
}

/* ---- writing ---- */

static char *put_escaped(char *at, struct cx_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '|' || name.ptr[i] == '\\')
            *at++ = '\\';
        *at++ = name.ptr[i];
    }
    return at;
}

/* "acme|acme|x|en|care|2026-11-22T04:00Z"; '|' and '\' inside a name are escaped by '\'. */
static struct cx_str row_key(struct cx_arena *arena, const struct analytics_row *row)
{
    enum { to_minute = 16 };
    const struct cx_str names[] = { row->tenant, row->brand, row->channel, row->language, row->function };
    const size_t count = sizeof names / sizeof *names;
    size_t most = CX_TIME_TEXT;
    for (size_t i = 0; i < count; i++)
        most += 2 * names[i].len + 1;
    char *bytes = cx_arena_bytes(arena, most), *at = bytes;
    for (size_t i = 0; i < count; i++) {
        at = put_escaped(at, names[i]);
        *at++ = '|';
    }
    cx_time_format(row->end - ANALYTICS_MINUTE, at);
    at[to_minute] = 'Z';
    return cx_str_n(bytes, (size_t)(at - bytes) + to_minute + 1);
}

static void write_row(struct cx_ctx *ctx, const struct analytics_row *row)
{
    const struct analytics_counts *counts = row->counts;
    const struct cx_metric_minute out = {
        .tenant = row->tenant,
        .brand = row->brand,
        .channel = row->channel,
        .language = row->language,
        .function = row->function,
        .window_start = row->end - ANALYTICS_MINUTE,
        .window_end = row->end,
        .version = row->version,
        .final = row->final,
        .records = counts->records,
        .creates = counts->creates,
        .edits = counts->edits,
        .deletes = counts->deletes,
        .originals = counts->originals,
        .copies = counts->copies,
        .inbound = counts->inbound,
        .outbound = counts->outbound,
        .negative = counts->negative,
        .neutral = counts->neutral,
        .positive = counts->positive,
        .sentiment_unknown = counts->sentiment_unknown,
        .urgency_low = counts->urgency_low,
        .urgency_normal = counts->urgency_normal,
        .urgency_high = counts->urgency_high,
        .urgency_critical = counts->urgency_critical,
        .urgency_unknown = counts->urgency_unknown,
        .questions = counts->questions,
        .complaints = counts->complaints,
        .likes = counts->likes,
        .replies = counts->replies,
        .shares = counts->shares,
        .views = counts->views,
    };
    cx_emit(ctx, PORT_MINUTE, row_key(ctx->arena, row), &out);
    cx_count(ctx, METRIC_ROWS, row->final ? "final" : "update", 1);
}

static void analytics_tick(const void *self, struct cx_ctx *ctx, struct cx_str tenant)
{
    const struct analytics *analytics = self;
    analytics_windows_write(ctx, tenant, ctx->time_ms - analytics->lateness, write_row);
}

const struct cx_stage analytics_stage = {
    .name = "analytics",
    .summary = "Counts records per minute, brand, channel, language and function, and writes the counts as upserts.",
    .section = -1,
    .input = "cx.routed.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .tables = tables,
    .changelog = "cx.changelog.analytics.v1",
    .dead_letters = "cx.dlq.analytics.v1",
    .config_size = sizeof(struct analytics_config),
    .self_size = sizeof(struct analytics),
    .open = analytics_open,
    .process = analytics_process,
    .tick = analytics_tick,
};
