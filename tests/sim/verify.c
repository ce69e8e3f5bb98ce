/* verify.c - what must hold of every run.
 *
 * The model is one pass over the committed input, one partition after the other, in memory, with no transactions at all; time passes in it where the
 * ledger says that it was told (ticks). Then
 *   every output topic holds what the model puts out, in its order: nothing lost, nothing twice, nothing changed, dead letters included (C1-C3, C5)
 *   every changelog restores to the model's state, and so does the memory of the process that owns the partition (C4)
 *   the ledger covers the input without gaps or overlaps, and its sums are the model's (C10)
 *   nothing is left open (C6) */
#include "scenario.h"
#include "run/registry.h"

#include <inttypes.h>

enum { STAGES_MAX = 3, TICKS_MAX = 4096 };
struct expected {
    struct cx_str key, value;
    const struct cx_header *headers;
    size_t header_count;
    int64_t timestamp_ms;
    const struct cx_topic *topic;
};
struct tick {
    int64_t offset, time_ms;
};
struct sums {
    int64_t records, items, emitted, ended;
};
struct model {
    struct cx_chain *chain;
    struct cx_task *task;
    struct cx_sink sink;
    int32_t partition;
    int64_t timestamp_ms;
    struct expected *outputs; /* of the message at hand */
    size_t output_count;
    bool is_refused;
    int64_t cursor[SIM_TOPICS_MAX]; /* next row of each topic that has not been expected yet */
    struct tick ticks[TICKS_MAX];
    size_t tick_count;
    struct sums made, told; /* by the model, by the ledger */
};
static struct model model;
static struct cx_arena *arena;

static struct cx_chain *open_chain(void)
{
    static struct cx_chain *opened[2];
    static const struct sim_chain *of[2];
    struct cx_error err;
    size_t slot = of[0] == NULL || of[0] == sim_chain ? 0 : 1;
    if (opened[slot] == NULL) {
        const struct cx_stage *stages[STAGES_MAX];
        struct cx_chain_plan plan = { .stages = stages, .root = sim_settings.root, .max_message = sim_settings.kafka.max_message };
        for (; sim_chain->stages[plan.count]; plan.count++)
            stages[plan.count] = cx_stage_find(cx_str(sim_chain->stages[plan.count]));
        opened[slot] = cx_chain_open(&plan, &err);
        of[slot] = sim_chain;
        cx_assert(opened[slot] != NULL);
    }
    return opened[slot];
}

/* ---- the model's outputs against the topics ---- */

static bool is_same(struct cx_str a, struct cx_str b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && cx_str_eq(a, b);
}

static const struct sim_row *next_visible(const struct sim_log *log, int64_t *cursor)
{
    int64_t end, at = sim_log_next(log, *cursor, true, &end);
    *cursor = at < 0 ? end : at + 1;
    return at < 0 ? NULL : &log->rows[at];
}

static void meet_expectation(const struct expected *e, int64_t offset)
{
    struct sim_topic *topic = sim_topic(e->topic->name);
    cx_assert(topic != NULL);
    int64_t *cursor = &model.cursor[topic - cluster.topics];
    const struct sim_row *row = next_visible(&topic->logs[model.partition], cursor);
    const char *wrong = row == NULL                            ? "is not there"
                        : !is_same(row->key, e->key)           ? "has another key"
                        : !is_same(row->value, e->value)       ? "has another value"
                        : row->timestamp_ms != e->timestamp_ms ? "has another time"
                        : row->header_count != e->header_count ? "has other headers"
                                                               : NULL;
    for (size_t i = 0; !wrong && i < e->header_count; i++)
        if (!is_same(row->headers[i].name, e->headers[i].name) || !is_same(row->headers[i].value, e->headers[i].value))
            wrong = "has other headers";
    if (wrong)
        sim_fail("%s/%d: what input %lld became %s (at %lld)", topic->name, model.partition, (long long)offset, wrong, (long long)*cursor - 1);
}

static void nothing_more(void)
{
    for (int t = 0; t < cluster.topic_count; t++) {
        const char *name = cluster.topics[t].name;
        bool is_ours = strcmp(name, sim_chain->input) == 0 || strcmp(name, sim_chain->ledger) == 0 || strstr(name, ".changelog.");
        if (!is_ours && next_visible(&cluster.topics[t].logs[model.partition], &model.cursor[t]))
            sim_fail("%s/%d: the record at %lld comes from no input", name, model.partition, (long long)model.cursor[t] - 1);
    }
}

static int on_output(void *context, const struct cx_output *o)
{
    (void)context;
    if (!o->topic)
        return 0;
    struct cx_header *headers = CX_NEW_ARRAY(arena, struct cx_header, o->header_count + 1);
    for (size_t i = 0; i < o->header_count; i++)
        headers[i] = (struct cx_header){ cx_arena_copy(arena, o->headers[i].name), cx_arena_copy(arena, o->headers[i].value) };
    cx_assert(model.output_count < 256);
    model.outputs[model.output_count++] =
        (struct expected){ cx_arena_copy(arena, o->key), cx_arena_copy(arena, o->value), headers, o->header_count, model.timestamp_ms, o->topic };
    model.is_refused = model.is_refused || (cluster.refusing && strcmp(o->topic->name, cluster.refusing) == 0 && o->value.len > cluster.refused);
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    struct sums *sums = context;
    sums->items++;
    *(e->verdict == CX_EMIT ? &sums->emitted : &sums->ended) += 1;
}

static void settle(const struct sim_log *input, int64_t offset)
{
    const struct sim_row *row = &input->rows[offset];
    struct cx_message m = { .topic = cx_str(input->topic),
                            .partition = input->partition,
                            .offset = offset,
                            .timestamp_ms = row->timestamp_ms,
                            .key = row->key,
                            .value = row->value,
                            .headers = row->headers,
                            .header_count = row->header_count };
    struct sums before = model.made;
    int64_t items;
    model.output_count = 0;
    model.is_refused = false;
    model.timestamp_ms = row->timestamp_ms;
    cx_task_settle(model.task, &m, &model.sink, &items);
    if (model.is_refused) {
        cx_task_abort(model.task);
        model.output_count = 0;
        model.made = before;
        cx_task_refuse(model.task, &m, &model.sink, &items);
    }
    cx_task_commit(model.task);
    model.made.records++;
    for (size_t i = 0; i < model.output_count; i++)
        meet_expectation(&model.outputs[i], offset);
}

static void tick(const struct tick *t)
{
    model.output_count = 0;
    model.timestamp_ms = t->time_ms;
    cx_task_tick(model.task, t->time_ms, &model.sink);
    cx_task_commit(model.task);
    for (size_t i = 0; i < model.output_count; i++)
        meet_expectation(&model.outputs[i], t->offset);
}

static void pass_over(const struct sim_log *input)
{
    int64_t end, at = -1;
    size_t t = 0;
    do {
        at = sim_log_next(input, at + 1, true, &end);
        for (; t < model.tick_count && (at < 0 || model.ticks[t].offset <= at); t++)
            tick(&model.ticks[t]);
        if (at >= 0)
            settle(input, at);
    } while (at >= 0);
}

/* ---- the ledger ---- */

static int64_t sum_of(struct cx_i64_map map)
{
    int64_t sum = 0;
    for (size_t i = 0; i < map.len; i++)
        sum += map.items[i].value;
    return sum;
}

static void read_ledger_row(const struct sim_log *input, const struct sim_row *row, int64_t *covered)
{
    struct cx_ledger r;
    int64_t end;
    if (cx_wire_decode(arena, row->value, &cx_ledger_schema, &r) != CX_DECODE_OK || r.partition != model.partition)
        sim_fail("the ledger holds what is none of its records");
    int64_t skipped = sim_log_next(input, *covered, true, &end);
    if (r.first_offset < *covered || (skipped >= 0 && skipped < r.first_offset))
        sim_fail("ledger of partition %d: a transaction from %lld follows one to %lld", model.partition, (long long)r.first_offset,
                 (long long)*covered);
    int64_t ended = sum_of(r.absorbed) + sum_of(r.dropped) + sum_of(r.rejected);
    if (r.items != r.emitted + ended)
        sim_fail("ledger of partition %d: items do not add up", model.partition);
    *covered = r.next_offset;
    model.told.records += r.records;
    model.told.items += r.items;
    model.told.emitted += r.emitted;
    model.told.ended += ended;
    if (r.kind == CX_LEDGER_KIND_TICK) {
        cx_assert(model.tick_count < TICKS_MAX);
        model.ticks[model.tick_count++] = (struct tick){ r.next_offset, r.time };
    }
}

static void read_ledger(const struct sim_log *input)
{
    const struct sim_log *log = &sim_topic(sim_chain->ledger)->logs[model.partition];
    int64_t cursor = 0, covered = 0, end;
    const struct sim_row *row;
    while ((row = next_visible(log, &cursor)) != NULL)
        read_ledger_row(input, row, &covered);
    if (covered < sim_input_end(input) || sim_log_next(input, covered, true, &end) >= 0)
        sim_fail("ledger of partition %d ends at %lld, before its input does", model.partition, (long long)covered);
    if (sim_committed_now(model.partition) >= 0 && sim_committed_now(model.partition) != covered)
        sim_fail("partition %d: the group's offset is %lld, the ledger ends at %lld", model.partition, (long long)sim_committed_now(model.partition),
                 (long long)covered);
}

/* ---- state ---- */

static struct cx_id digest_of_changelog(const struct cx_stage *stage, int32_t partition)
{
    const struct sim_log *log = &sim_topic(stage->changelog)->logs[partition];
    struct cx_state *state = cx_state_new(stage->tables);
    struct cx_error err;
    int64_t cursor = 0;
    const struct sim_row *row;
    while ((row = next_visible(log, &cursor)) != NULL)
        if (!cx_str_eq(row->key, cx_generation_key()) && cx_state_restore(state, row->key, row->value, &err) != 0)
            sim_fail("%s", err.text);
    struct cx_id digest = cx_state_digest(state);
    cx_state_free(state);
    return digest;
}

static void verify_changelogs(void)
{
    for (size_t i = 0; i < cx_chain_length(model.chain); i++) {
        const struct cx_stage *stage = cx_chain_stage(model.chain, i);
        struct cx_id made = cx_state_digest(cx_task_state(model.task, i)), told = digest_of_changelog(stage, model.partition);
        if (memcmp(&made, &told, sizeof made) != 0)
            sim_fail("%s/%d does not restore to the state of a single pass", stage->changelog, model.partition);
    }
}

void sim_verify_memory(const struct sim_process *p)
{
    bool is_busy = !p->run->kafka || cx_kafka_in_transaction(p->run->kafka) || atomic_load(&p->run->is_restoring);
    for (size_t a = 0; a < p->run->assigned_count; a++)
        is_busy = is_busy || p->run->assigned[a]->is_touched; /* an abort that takes its time: memory follows when it is through */
    for (size_t a = 0; a < p->run->assigned_count && !is_busy; a++)
        for (size_t i = 0; i < cx_chain_length(p->run->chain); i++) {
            const struct cx_stage *stage = cx_chain_stage(p->run->chain, i);
            struct cx_id held = cx_state_digest(cx_task_state(p->run->assigned[a]->task, i));
            struct cx_id told = digest_of_changelog(stage, p->run->assigned[a]->partition);
            if (memcmp(&held, &told, sizeof held) != 0)
                sim_fail("%s: memory of %s is not what %s/%d restores to", p->name, stage->name, stage->changelog, p->run->assigned[a]->partition);
        }
}

/* ---- all of it ---- */

static void verify_partition(int32_t partition)
{
    static struct expected outputs[256];
    const struct sim_log *input = &sim_topic(sim_chain->input)->logs[partition];
    struct cx_chain *chain = open_chain();
    model = (struct model){ .chain = chain, .task = cx_task_new(chain, partition), .partition = partition, .outputs = outputs };
    model.sink = (struct cx_sink){ .context = &model.made, .output = on_output, .ending = on_ending };
    read_ledger(input);
    pass_over(input);
    nothing_more();
    if (memcmp(&model.made, &model.told, sizeof model.made) != 0)
        sim_fail("ledger of partition %d: %" PRId64 " records, %" PRId64 " items, %" PRId64 " emitted; a single pass: %" PRId64 ", %" PRId64
                 ", %" PRId64,
                 partition, model.told.records, model.told.items, model.told.emitted, model.made.records, model.made.items, model.made.emitted);
    verify_changelogs();
    cx_task_free(model.task);
}

void sim_verify_topics(void)
{
    if (arena == NULL)
        arena = cx_arena_new(1u << 30);
    cx_arena_reset(arena);
    for (int t = 0; t < cluster.topic_count; t++)
        for (int32_t p = 0; p < SIM_PARTITIONS; p++)
            if (sim_log_stable(&cluster.topics[t].logs[p]) != cluster.topics[t].logs[p].count)
                sim_fail("%s/%d: something is still open at %lld", cluster.topics[t].name, p, (long long)sim_log_stable(&cluster.topics[t].logs[p]));
    for (int32_t p = 0; p < SIM_PARTITIONS; p++)
        verify_partition(p);
}
