/* normalize.c - channel payloads become one record. Tables first; the stage is at the end. */
#include "stages/normalize/normalize.h"
#include "stages/normalize/adapter.h"
#include "stages/normalize/canonical.h"
#include "stages/normalize/receipt.h"
#include "stages/normalize/split.h"

static const struct cx_port outputs[] = {
    { "cx.normalized.v1", "One record per item." },
    { 0 },
};

static const struct cx_option options[] = {
    CX_OPTION(struct normalize_config, max_payload, "1m", 1024, 64 << 20, "bytes", "Larger payloads are rejected."),
    CX_OPTION(struct normalize_config, max_items, "2000", 1, 100000, "",
              "Payloads that hold more items are rejected whole; platforms send up to 1000."),
    CX_OPTION(struct normalize_config, adapters, NULL, 0, 0, "", "Files of channel adapters, in place of the built-in ones of the same name."),
    { 0 },
};

enum { RECORDS_BY_ADAPTER, TIMES_UNKNOWN };
static const struct cx_metric metrics[] = {
    [RECORDS_BY_ADAPTER] = { "cx_normalize_records_total", CX_COUNTER, "adapter",
                             "Records made of platform payloads, by adapter; canonical records are not in it, those of aborted transactions are." },
    [TIMES_UNKNOWN] = { "cx_normalize_times_unknown_total", CX_COUNTER, "adapter",
                        "Records whose platform gives no time, so that they carry their receipt time." },
    { 0 },
};

static const struct cx_reason reasons[] = {
#define X(symbol, name, verdict, doc) [NORMALIZE_##symbol] = { name, verdict, doc },
    NORMALIZE_REASONS(X)
#undef X
        { 0 },
};

static int open_stage(void *self_, const void *config_, const struct cx_env *env, struct cx_error *err)
{
    struct normalize_self *self = self_;
    const struct normalize_config *config = config_;
    self->max_payload = config->max_payload;
    self->max_items = config->max_items;
    normalize_canonical_prepare(self->canonical_slots);
    CX_TRY(normalize_adapters_load(self, config, env, err));
    return normalize_inputs_load(self, env, err);
}

static size_t split(const void *self, struct cx_ctx *ctx, const struct cx_message *message, void ***parts)
{
    struct normalize_part **items;
    size_t count = normalize_split(self, ctx->arena, message, &items);
    *parts = (void **)items;
    return count;
}

static bool read_avro(struct cx_arena *arena, struct cx_str value, struct normalize_draft *draft, struct normalize_fault *fault)
{
    enum cx_decode_error error = cx_wire_decode(arena, value, &cx_interaction_schema, draft->record);
    if (error != CX_DECODE_OK)
        return normalize_fail(fault, NORMALIZE_BAD_AVRO, cx_str(cx_decode_error_text(error)));
    draft->has_occurred_at = true;
    return true;
}

static struct cx_settled process(const void *self_, struct cx_ctx *ctx)
{
    const struct normalize_self *self = self_;
    const struct normalize_part *part = ctx->item->part;
    if (part->fault.reason != CX_PASSED)
        return cx_settle_detail(part->fault.reason, part->fault.detail);
    struct normalize_draft draft = { .record = CX_NEW(ctx->arena, struct cx_interaction) };
    struct normalize_fault fault = normalize_no_fault();
    cx_interaction_init(draft.record);
    bool is_read = part->event != NULL  ? normalize_event_read(self, ctx->arena, part, &draft, &fault)
                   : part->item == NULL ? read_avro(ctx->arena, part->receipt->message->value, &draft, &fault)
                                        : normalize_canonical_read(self, ctx->arena, part->receipt, part->item, &draft, &fault);
    if (!is_read || !normalize_finish(self, ctx, part->receipt, &draft, &fault))
        return cx_settle_detail(fault.reason, fault.detail);
    ctx->item->record = draft.record;
    if (part->event != NULL) {
        const char *adapter = part->adapter->label;
        cx_count(ctx, RECORDS_BY_ADAPTER, adapter, 1);
        if (!draft.record->occurred_at_known)
            cx_count(ctx, TIMES_UNKNOWN, adapter, 1);
    }
    return cx_pass();
}

static void close_stage(void *self)
{
    (void)self; /* everything is the arena's */
}

const struct cx_stage normalize_stage = {
    .name = "normalize",
    .summary = "Turns what the channels send into one record; rejects what it cannot trust.",
    .section = -1,
    .reads_raw = true,
    .input = "cx.raw.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .dead_letters = "cx.dlq.normalize.v1",
    .config_size = sizeof(struct normalize_config),
    .self_size = sizeof(struct normalize_self),
    .open = open_stage,
    .split = split,
    .process = process,
    .close = close_stage,
};
