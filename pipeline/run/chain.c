/* chain.c - one item through the stages: savepoints, verdicts, outputs held back until the item is settled. */
#include "run/chain_internal.h"

#include "base/failpoint.h"

#define TICK_MS 10000

/* Reasons that any stage may have; the runtime's own. */
static const struct cx_reason decode_reasons[CX_DECODE_ERRORS] = {
    [CX_DECODE_TRUNCATED] = { "decode_truncated", CX_REJECT, "The record's bytes end inside a field." },
    [CX_DECODE_VARINT] = { "decode_varint", CX_REJECT, "A number in the record is longer than its type allows." },
    [CX_DECODE_LENGTH] = { "decode_length", CX_REJECT, "A length in the record is negative or larger than what is left." },
    [CX_DECODE_COUNT] = { "decode_count", CX_REJECT, "A list in the record is longer than allowed." },
    [CX_DECODE_ENUM] = { "decode_enum", CX_REJECT, "The record holds an enum or union index that its schema lacks." },
    [CX_DECODE_UTF8] = { "decode_utf8", CX_REJECT, "A text in the record is not UTF-8." },
    [CX_DECODE_TRAILING] = { "decode_trailing", CX_REJECT, "Bytes are left over after the record's last field." },
    [CX_DECODE_MAGIC] = { "decode_magic", CX_REJECT, "The value does not begin with the wire header (0x00 and a schema id)." },
    [CX_DECODE_UNKNOWN_SCHEMA] = { "schema_unknown", CX_REJECT, "The record's schema id is not known here: upgrade this process or add the schema." },
    [CX_DECODE_DEPTH] = { "schema_depth", CX_REJECT, "The record's schema nests types deeper than allowed." },
    [CX_DECODE_INCOMPATIBLE] = { "schema_incompatible", CX_REJECT, "The record's schema cannot be resolved to ours." },
};
static const struct cx_reason null_value = { "null_value", CX_REJECT, "The record has no value." };
static const struct cx_reason refused = { "refused_by_cluster", CX_REJECT,
                                          "Brokers refused what this record became; compare max.message.bytes of the output topics with "
                                          "kafka.max_message, then replay." };
static const struct cx_reason no_scope = {
    "tenant_unusable", CX_REJECT,
    "The tenant is empty or longer than 255 bytes: there is nothing to keep state under. Repair the producer of the "
    "input topic."
};
static const struct cx_reason too_large = { "output_too_large", CX_REJECT,
                                            "What this item became is over kafka.max_message; raise it there and on the topic, then replay." };

const struct cx_reason *cx_chain_reason(size_t i)
{
    static const struct cx_reason *const others[] = { &null_value, &refused, &no_scope, &too_large, NULL };
    size_t decoding = CX_DECODE_ERRORS - 1; /* the first is none */
    return i < decoding ? &decode_reasons[i + 1] : others[i - decoding];
}

struct cx_task *cx_task_new(struct cx_chain *chain, int32_t partition)
{
    struct cx_task *task = calloc(1, sizeof *task);
    cx_assert(task != NULL);
    task->chain = chain;
    task->partition = partition;
    task->arena = cx_arena_new((size_t)256 << 20);
    cx_buf_init(&task->bytes, (size_t)256 << 20);
    cx_buf_byte(&task->bytes, 0); /* it has memory from the start: what is empty in it is never null */
    cx_buf_reset(&task->bytes);
    for (size_t i = 0; i < chain->count; i++)
        if (chain->links[i].stage->tables)
            task->states[i] = cx_state_new(chain->links[i].stage->tables);
    return task;
}

/* For tests: what the tables hold at the end, told only of committed state. */
static void say_digest(const struct cx_task *task, size_t i)
{
    char hex[32];
    if (!cx_failpoint_is_set("CX_STATE_DIGEST") || !task->states[i] || cx_state_is_changed(task->states[i]))
        return;
    cx_id_hex(cx_state_digest(task->states[i]), hex);
    fprintf(stderr, "state_digest %s %d %.32s\n", task->chain->links[i].stage->name, task->partition, hex);
}

void cx_task_free(struct cx_task *task)
{
    if (!task)
        return;
    for (size_t i = 0; i < task->chain->count; i++) {
        say_digest(task, i);
        cx_state_free(task->states[i]);
    }
    cx_arena_free(task->arena);
    cx_buf_free(&task->bytes);
    free(task->pending);
    free(task);
}

int32_t cx_task_partition(const struct cx_task *task)
{
    return task->partition;
}

struct cx_state *cx_task_state(struct cx_task *task, size_t stage)
{
    return task->states[stage + task->chain->first];
}

void cx_task_clear(struct cx_task *task, size_t stage)
{
    size_t i = stage + task->chain->first;
    cx_state_free(task->states[i]);
    task->states[i] = cx_state_new(task->chain->links[i].stage->tables);
}

void cx_task_commit(struct cx_task *task)
{
    for (size_t i = 0; i < task->chain->count; i++)
        if (task->states[i])
            cx_state_commit(task->states[i]);
}

void cx_task_abort(struct cx_task *task)
{
    for (size_t i = 0; i < task->chain->count; i++)
        if (task->states[i])
            cx_state_abort(task->states[i]);
}

/* ---- outputs ---- */

struct cx_pending *cx_task_add_pending(struct cx_task *task)
{
    if (task->pending_count == task->pending_cap) {
        task->pending_cap = task->pending_cap ? task->pending_cap * 2 : 64;
        task->pending = realloc(task->pending, task->pending_cap * sizeof *task->pending);
        cx_assert(task->pending != NULL);
    }
    struct cx_pending *p = &task->pending[task->pending_count++];
    *p = (struct cx_pending){ 0 };
    return p;
}

static struct cx_pending *add_pending(struct cx_task *task, const struct cx_topic *topic)
{
    struct cx_pending *p = cx_task_add_pending(task);
    p->topic = topic;
    p->stage = task->chain->links[task->at].stage->name;
    if (task->item.record)
        p->tenant = task->item.record->tenant;
    return p;
}

struct cx_str cx_task_add_bytes(struct cx_task *task, struct cx_str bytes, size_t *at)
{
    *at = task->bytes.len;
    cx_buf_str(&task->bytes, bytes);
    cx_assert(!task->bytes.overflow);
    return cx_str_n(task->bytes.ptr + *at, bytes.len);
}

void cx_task_key(struct cx_task *task, const struct cx_topic *topic, size_t *at, size_t *len)
{
    const struct cx_interaction *r = task->item.record;
    if (topic && cx_topic_key_is_ucid(topic) && r->identity && r->identity->ucid) {
        char hex[32];
        cx_id_hex(*r->identity->ucid, hex);
        *len = cx_task_add_bytes(task, cx_str_n(hex, sizeof hex), at).len;
    } else {
        *len = cx_task_add_bytes(task, r->tenant, at).len;
    }
}

void cx_task_encode(struct cx_task *task)
{
    if (task->encoded_len)
        return;
    const struct cx_chain *chain = task->chain;
    task->encoded_at = task->bytes.len;
    if (chain->first_section == CX_SECTIONS && task->splice.body.ptr)
        cx_buf_str(&task->bytes, task->message->value);
    else
        cx_interaction_splice(&task->bytes, task->item.record, &task->splice, (enum cx_section)(chain->first_section % CX_SECTIONS));
    cx_assert(!task->bytes.overflow);
    task->encoded_len = task->bytes.len - task->encoded_at;
}

/* The item's record to a port; also the main record, with topic NULL at the end of a chain whose last stage has no topic. */
static void output_item(struct cx_task *task, const struct cx_topic *topic, bool json, bool is_main, struct cx_str key)
{
    struct cx_pending *p = add_pending(task, topic);
    p->is_main = is_main;
    p->has_key = p->has_value = true;
    if (key.ptr)
        p->key_len = cx_task_add_bytes(task, key, &p->key_at).len;
    else
        cx_task_key(task, topic, &p->key_at, &p->key_len);
    if (json) {
        p->value_at = task->bytes.len;
        cx_interaction_schema.to_json(&task->bytes, task->item.record);
        p->value_len = task->bytes.len - p->value_at;
    } else {
        cx_task_encode(task);
        p->value_at = task->encoded_at;
        p->value_len = task->encoded_len;
    }
}

static void output_record(struct cx_task *task, const struct cx_topic *topic, bool json, struct cx_str key, const void *record)
{
    const struct cx_schema *schema = cx_schema_by_subject(cx_str(topic->schema));
    cx_assert(schema != NULL);
    struct cx_pending *p = add_pending(task, topic);
    p->has_key = p->has_value = true;
    p->key_len = cx_task_add_bytes(task, key, &p->key_at).len;
    p->value_at = task->bytes.len;
    if (json)
        schema->to_json(&task->bytes, record);
    else
        cx_wire_encode(&task->bytes, schema, record);
    cx_assert(!task->bytes.overflow);
    p->value_len = task->bytes.len - p->value_at;
}

/* Size is checked before produce, so that one large record cannot abort its batch for ever (invariant 10). */
static void check_size(struct cx_task *task)
{
    const struct cx_pending *p = &task->pending[task->pending_count - 1];
    if ((int64_t)(p->key_len + p->value_len) > task->chain->max_message)
        task->too_large = true;
}

/* For tests: records of a given name become too large here. */
static void pad(struct cx_task *task)
{
    const struct cx_interaction *record = task->item.record;
    if (!record || !cx_failpoint_pads(task->chain->links[task->at].stage->name, record->native_id.ptr, record->native_id.len))
        return;
    struct cx_pending *p = &task->pending[task->pending_count - 1];
    p->value_at = task->bytes.len; /* what is in it does not matter: nobody will take it */
    for (p->value_len = 0; (int64_t)p->value_len <= task->chain->max_message; p->value_len++)
        cx_buf_byte(&task->bytes, 0);
}

static void on_emit(struct cx_ctx *ctx, int port, struct cx_str key, const void *record)
{
    struct cx_task *task = ctx->runtime_;
    const struct cx_link *link = &task->chain->links[task->at];
    cx_assert(port > 0 && port < CX_PORTS_MAX && link->ports[port]);
    if (record) {
        output_record(task, link->ports[port], link->json[port], key, record);
    } else {
        cx_assert(ctx->item != NULL);
        output_item(task, link->ports[port], link->json[port], false, key);
    }
    pad(task);
    check_size(task);
}

static void on_count(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    struct cx_task *task = ctx->runtime_;
    if (task->sink->count && task->at >= task->chain->first)
        task->sink->count(task->sink->context, (int)(task->at - task->chain->first), metric, label, n);
}

static struct cx_ctx new_ctx(struct cx_task *task)
{
    return (struct cx_ctx){ .arena = task->arena, .state = task->states[task->at], .emit_ = on_emit, .count_ = on_count, .runtime_ = task };
}

static int flush(struct cx_task *task)
{
    int rc = 0;
    for (size_t i = 0; i < task->pending_count && rc == 0; i++) {
        const struct cx_pending *p = &task->pending[i];
        struct cx_output out = {
            .topic = p->topic, .stage = p->stage, .is_main = p->is_main, .tenant = p->tenant, .headers = p->headers, .header_count = p->header_count
        };
        if (p->has_key)
            out.key = cx_str_n(task->bytes.ptr + p->key_at, p->key_len);
        if (p->has_value)
            out.value = cx_str_n(task->bytes.ptr + p->value_at, p->value_len);
        rc = task->sink->output(task->sink->context, &out);
    }
    task->pending_count = 0;
    cx_buf_reset(&task->bytes);
    task->encoded_len = 0;
    return rc;
}

/* ---- record time ---- */

static int64_t load_be64(struct cx_str s)
{
    uint64_t v;
    memcpy(&v, s.ptr, sizeof v);
    return (int64_t)__builtin_bswap64(v);
}

/* Moves a tenant's record time to at least `time_ms`; calls tick() where it crosses a ten-second boundary. (invariant 13) */
static void advance(struct cx_task *task, struct cx_ctx *ctx, struct cx_str tenant, int64_t time_ms)
{
    const struct cx_link *link = &task->chain->links[task->at];
    struct cx_str old_bytes = cx_state_oget(ctx->state, 0, tenant);
    int64_t old = old_bytes.ptr ? load_be64(old_bytes) : INT64_MIN;
    ctx->time_ms = time_ms > old ? time_ms : old;
    if (ctx->time_ms == old)
        return;
    uint64_t be = __builtin_bswap64((uint64_t)ctx->time_ms);
    cx_state_oput(ctx->state, 0, tenant, cx_str_n(&be, sizeof be));
    if (link->stage->tick && old_bytes.ptr && old / TICK_MS != ctx->time_ms / TICK_MS) {
        struct cx_item *item = ctx->item;
        ctx->item = NULL;
        link->stage->tick(link->loaded.self, ctx, tenant);
        ctx->item = item;
    }
}

int cx_task_tick(struct cx_task *task, int64_t now_ms, const struct cx_sink *sink)
{
    task->sink = sink;
    task->message = NULL;
    task->item = (struct cx_item){ 0 };
    int rc = 0;
    for (task->at = task->chain->first; task->at < task->chain->count; task->at++) {
        /* A stage that does not tick keeps its records' time, as it would in a chain of its own that is told no ticks. */
        if (!task->states[task->at] || !task->chain->links[task->at].stage->tick)
            continue;
        cx_arena_reset(task->arena);
        struct cx_ctx ctx = new_ctx(task);
        struct cx_str key = CX_STR(""), value;
        while (cx_state_seek(ctx.state, 0, key, key.len > 0, &key, &value)) {
            key = cx_arena_copy(task->arena, key);
            advance(task, &ctx, key, now_ms);
        }
        if (flush(task) != 0)
            rc = -1;
    }
    return rc;
}

/* ---- one item ---- */

static void write_main(struct cx_task *task)
{
    const struct cx_link *link = &task->chain->links[task->at];
    if (!link->writes_main || (!link->ports[0] && !task->chain->prints))
        return;
    output_item(task, link->ports[0], link->json[0], task->at + 1 == task->chain->count, CX_STR_NULL);
    if (link->ports[0])
        check_size(task);
}

static void drop_section(struct cx_task *task, const struct cx_stage *stage)
{
    if (task->item.record && stage->section >= 0)
        cx_record_discard(task->item.record, stage->section);
}

/* Can time and state be kept under this tenant? */
static bool is_scope(struct cx_str tenant)
{
    return tenant.len > 0 && tenant.len <= UINT8_MAX;
}

static void process(struct cx_task *task, struct cx_ctx *ctx, struct cx_ending *ending)
{
    const struct cx_link *link = &task->chain->links[task->at];
    if (ctx->state)
        advance(task, ctx, task->item.record->tenant, task->item.record->ingested_at);
    struct cx_settled settled = link->stage->process(link->loaded.self, ctx);
    cx_failpoint_pass(CX_POINT_AFTER_STATE);
    ending->reason = settled.reason == CX_PASSED ? NULL : &link->stage->reasons[settled.reason];
    ending->detail = settled.detail;
    if (!ending->reason)
        write_main(task);
}

/* One stage on the item at hand. False: the item ended here. */
static bool run_link(struct cx_task *task, struct cx_ending *ending)
{
    const struct cx_link *link = &task->chain->links[task->at];
    struct cx_ctx ctx = new_ctx(task);
    ctx.item = &task->item;
    size_t pending = task->pending_count, bytes = task->bytes.len;
    struct cx_savepoint savepoint = { 0, 0 };
    task->encoded_len = 0;
    task->too_large = false;
    if (ctx.state)
        savepoint = cx_state_savepoint(ctx.state);
    if (ctx.state && !is_scope(task->item.record->tenant))
        ending->reason = &no_scope;
    else
        process(task, &ctx, ending);
    if (task->too_large)
        ending->reason = &too_large;
    if (!ending->reason)
        return true;
    ending->stage = link->stage->name;
    ending->verdict = ending->reason->verdict;
    if (ending->verdict == CX_REJECT) { /* as if the item had never come to this stage (invariant 3) */
        if (ctx.state && !cx_failpoint_bug(CX_BUG_KEEP_STATE_ON_REJECT))
            cx_state_rollback(ctx.state, savepoint);
        task->pending_count = pending;
        task->bytes.len = bytes;
        task->encoded_len = 0;
        drop_section(task, link->stage);
        cx_dead_letter(task, task->at, ending->reason, ending->detail);
    }
    return false;
}

static int settle_item(struct cx_task *task)
{
    struct cx_chain *chain = task->chain;
    struct cx_ending ending = { .message = task->message, .index = task->item.index, .verdict = CX_EMIT };
    for (task->at = 0; task->at < chain->count; task->at++) {
        if (!run_link(task, &ending))
            break;
        if (task->at < chain->first)
            cx_line_adopt_sections(task->arena, task->message->value, &task->item.record, chain->first_section);
    }
    if (ending.verdict == CX_EMIT)
        ending.stage = chain->links[chain->count - 1].stage->name;
    ending.record = task->item.record;
    int rc = flush(task);
    task->sink->ending(task->sink->context, &ending);
    return rc;
}

static int reject_unread(struct cx_task *task, const struct cx_reason *reason)
{
    struct cx_ending ending = {
        .message = task->message, .index = 0, .stage = task->chain->links[0].stage->name, .verdict = CX_REJECT, .reason = reason
    };
    task->at = 0;
    cx_dead_letter(task, 0, reason, CX_STR_NULL);
    int rc = flush(task);
    task->sink->ending(task->sink->context, &ending);
    return rc;
}

static int settle_record(struct cx_task *task)
{
    const struct cx_message *m = task->message;
    if (!m->value.ptr)
        return reject_unread(task, &null_value);
    struct cx_interaction *record = CX_NEW(task->arena, struct cx_interaction);
    enum cx_decode_error error = cx_interaction_open(task->arena, m->value, record, &task->splice);
    if (error != CX_DECODE_OK)
        return reject_unread(task, &decode_reasons[error]);
    cx_record_discard(record, task->chain->first_section);
    task->item = (struct cx_item){ .message = m, .record = record };
    return settle_item(task);
}

static void take_message(struct cx_task *task, const struct cx_message *message, const struct cx_sink *sink, int64_t *items)
{
    cx_arena_reset(task->arena);
    task->message = message;
    task->sink = sink;
    task->item = (struct cx_item){ .message = message };
    task->splice = (struct cx_spliceable){ .body = CX_STR_NULL };
    *items = 1;
}

int cx_task_refuse(struct cx_task *task, const struct cx_message *message, const struct cx_sink *sink, int64_t *items)
{
    take_message(task, message, sink, items);
    return reject_unread(task, &refused);
}

int cx_task_settle(struct cx_task *task, const struct cx_message *message, const struct cx_sink *sink, int64_t *items)
{
    const struct cx_link *first = &task->chain->links[0];
    take_message(task, message, sink, items);
    if (!first->stage->reads_raw)
        return settle_record(task);
    task->at = 0;
    struct cx_ctx ctx = new_ctx(task);
    void **parts = NULL;
    size_t n = first->stage->split(first->loaded.self, &ctx, message, &parts);
    cx_assert(n >= 1);
    *items = (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        task->item = (struct cx_item){ .message = message, .index = (int32_t)i, .part = parts[i] };
        if (settle_item(task) != 0)
            return -1;
    }
    return 0;
}
