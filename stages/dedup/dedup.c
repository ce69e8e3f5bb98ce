/* dedup.c - lets each version of a thing through once, and nothing older than what went before. Semantics: README.md. */
#include "stages/dedup/census.h"
#include "stages/dedup/cluster.h"
#include "stages/dedup/slot.h"

struct dedup_config {
    int64_t window;
    int64_t max_slots;
    bool near_duplicates;
    double near_similarity;
    int64_t near_window;
    int64_t near_texts;
};
static const struct cx_option options[] = {
    CX_OPTION(struct dedup_config, window, "7d", 1000, 31622400000.0, "ms",
              "How long an id is remembered after it was last seen, by record time; a repeat that comes later passes as new."),
    CX_OPTION(struct dedup_config, max_slots, "50000000", 1, 4000000000.0, "records",
              "Ids remembered per tenant, at up to 49 bytes each; beyond it new ids are rejected as too_many_ids."),
    CX_OPTION(struct dedup_config, near_duplicates, "true", 0, 0, "",
              "Whether records whose text resembles an earlier one's are labelled with its cluster; they pass in any case."),
    CX_OPTION(struct dedup_config, near_similarity, "0.62", 0.4, 1, "",
              "From which similarity on two texts are of one cluster, 0..1; copies and cut texts are found well above it, paraphrases below."),
    CX_OPTION(struct dedup_config, near_window, "24h", 1000, 31622400000.0, "ms",
              "How long a text is remembered after it was last seen, by record time and to the hour."),
    CX_OPTION(struct dedup_config, near_texts, "500000", 1, 1000000000, "records",
              "Texts remembered per tenant, at about 265 bytes each; beyond it the one seen longest ago is forgotten."),
    { 0 },
};

enum { METRIC_NEW, METRIC_VERSIONS, METRIC_COPIES, METRIC_FORGOTTEN };
static const struct cx_metric metrics[] = {
    { "cx_dedup_new_ids_total", CX_COUNTER, NULL, "Records let through whose id was not remembered; includes ids that come back after the window." },
    { "cx_dedup_versions_total", CX_COUNTER, "op", "Records let through as a later version of a remembered id, by what they did to it." },
    { "cx_dedup_copies_total", CX_COUNTER, NULL, "Records let through whose text resembles that of an earlier thing." },
    { "cx_dedup_texts_forgotten_total", CX_COUNTER, NULL,
      "Texts forgotten within near_window because the tenant had near_texts of them; if it rises, copies of older texts pass as originals." },
    { 0 },
};

enum { REPEAT, STALE, ID_CONFLICT, TOO_MANY_IDS, NO_NATIVE_ID };
static const struct cx_reason reasons[] = {
    { "repeat", CX_DROP, "The version last let through came again: same operation, same content. Nothing to do." },
    { "stale", CX_DROP, "Older than the version last let through: it came late and would undo it. Nothing to do." },
    { "id_conflict", CX_REJECT,
      "Another author than the one remembered for this native_id. Two things share an id: see whether the channel's ids need their container." },
    { "too_many_ids", CX_REJECT, "The tenant has max_slots ids within the window. Raise dedup.max_slots or shorten dedup.window, then replay." },
    { "no_native_id", CX_REJECT, "native_id is empty, so that repeats cannot be told. Repair the producer of the input topic." },
    { 0 },
};

static const struct cx_port outputs[] = {
    { "cx.deduplicated.v1", "Each version once, with the section `duplicate`." },
    { 0 },
};

static const struct cx_table tables[] = {
    [DEDUP_TIME] = CX_TIME_TABLE,
    [DEDUP_SLOTS] = { "slots", CX_TABLE_HASH, sizeof(struct dedup_slot), "Id to the version last let through.", dedup_census_is_slot_dead },
    [DEDUP_TENANTS] = { "tenants", CX_TABLE_HASH, sizeof(struct census), "Tenant to its number of ids within the window." },
    [DEDUP_HOURS] = { "hours", CX_TABLE_HASH, sizeof(int64_t), "Tenant and hour to the ids last seen in it." },
    [DEDUP_QUEUES] = { "queues", CX_TABLE_HASH, sizeof(struct dedup_queue), "Tenant to the ends of its queue of clusters." },
    [DEDUP_CLUSTERS] = { "clusters", CX_TABLE_HASH, sizeof(struct dedup_cluster), "Tenant and place in the queue to a cluster.",
                         dedup_cluster_is_dead },
    [DEDUP_ANCHORS] = { "anchors", CX_TABLE_HASH, sizeof(uint32_t), "Anchor of a text to the place of its cluster.", dedup_cluster_is_anchor_dead },
    { 0 },
};

struct dedup {
    uint32_t window_s;
    int64_t max_slots;
    bool near_duplicates;
    struct cluster_limits near;
};

static uint32_t seconds(int64_t ms)
{
    return (uint32_t)((ms + 999) / 1000);
}

static int open(void *self, const void *config, const struct cx_env *env, struct cx_error *err)
{
    (void)env, (void)err;
    const struct dedup_config *given = config;
    *(struct dedup *)self = (struct dedup){
        .window_s = seconds(given->window),
        .max_slots = given->max_slots,
        .near_duplicates = given->near_duplicates,
        .near = { seconds(given->near_window), (uint32_t)given->near_texts, (float)given->near_similarity },
    };
    return 0;
}

static struct cx_version version_of(const struct cx_interaction *record)
{
    struct cx_content content;
    cx_content_begin(&content, record->text, record->title);
    if (record->rating)
        cx_content_rating(&content, record->rating->value, record->rating->scale);
    for (size_t i = 0; i < record->media.len; i++)
        cx_content_media(&content, record->media.items[i].type, record->media.items[i].url, record->media.items[i].native_id);
    return (struct cx_version){ (int)record->op, record->occurred_at_known, record->occurred_at, cx_content_end(&content) };
}

/* One delivery on its way: what it is, and whom it belongs to. */
struct delivery {
    const struct cx_interaction *record;
    struct cx_version version;
    uint16_t author;
    uint32_t now_s;
    struct cx_id tenant_key, slot_key;
};

static bool is_live(const struct dedup *dedup, const struct dedup_slot *slot, uint32_t now_s)
{
    return slot && (uint64_t)slot->seen_s + dedup->window_s >= now_s;
}

/* A version without a time came when it came. A delete without one happened by its receipt at the latest, so it still stops what is known
 * to be earlier: ids do not come back to life. */
static bool is_older(struct cx_version version, struct cx_version than)
{
    bool comparable = version.occurred_at_known && (than.occurred_at_known || than.op == CX_OP_DELETE);
    return comparable && version.occurred_at < than.occurred_at;
}

/* Writes the slot and moves its count to the hour of now. */
static void write_slot(const struct dedup *dedup, struct cx_state *state, const struct delivery *delivery, struct dedup_slot slot, uint32_t seen_s)
{
    bool is_new;
    memcpy(cx_state_edit(state, DEDUP_SLOTS, &delivery->slot_key, &is_new), &slot, sizeof slot);
    if (census_hour(seen_s) == census_hour(delivery->now_s))
        return;
    struct census *census = dedup_census_open(state, &delivery->tenant_key, delivery->now_s, dedup->window_s);
    dedup_census_remove(census, state, &delivery->tenant_key, seen_s);
    dedup_census_add(census);
}

/* Says which cluster the text is of. `counts`: the thing is new, and no later version of one that was counted. */
static void label(const struct dedup *dedup, struct cx_ctx *ctx, const struct delivery *delivery, struct cx_duplicate *section, bool counts)
{
    const struct cx_interaction *record = delivery->record;
    if (record->op != CX_OP_CREATE && record->op != CX_OP_EDIT)
        return;
    const struct cluster_query query = { .tenant_hash = cx_hash64(record->tenant.ptr, record->tenant.len),
                                         .text = record->text.len > 0 ? record->text : record->title,
                                         .tenant_key = delivery->tenant_key,
                                         .event_id = record->event_id,
                                         .now_s = delivery->now_s,
                                         .counts = counts };
    struct cluster_found found = dedup_cluster_place(ctx->state, ctx->arena, &dedup->near, &query);
    if (found.forgotten)
        cx_count(ctx, METRIC_FORGOTTEN, NULL, found.forgotten);
    if (!found.is_any)
        return;
    struct cx_id *id = CX_NEW(ctx->arena, struct cx_id);
    *id = found.id;
    section->cluster_id = id;
    section->cluster_size = found.size;
    if (!found.is_copy)
        return;
    section->similarity = (struct cx_opt_f64){ true, found.similarity };
    if (counts)
        cx_count(ctx, METRIC_COPIES, NULL, 1);
}

static void emit(const struct dedup *dedup, struct cx_ctx *ctx, const struct delivery *delivery, const struct cx_id *edit_of, bool is_later)
{
    struct cx_duplicate *section = CX_NEW(ctx->arena, struct cx_duplicate);
    cx_duplicate_init(section);
    section->edit_of = edit_of;
    if (dedup->near_duplicates)
        label(dedup, ctx, delivery, section, !is_later);
    ctx->item->record->duplicate = section;
}

/* event_id of the version in the slot, where the content is another now. */
static const struct cx_id *edit_of(struct cx_ctx *ctx, const struct delivery *delivery, struct cx_str native_id, struct cx_version before)
{
    if (before.content == delivery->version.content)
        return NULL;
    struct cx_id *id = CX_NEW(ctx->arena, struct cx_id);
    *id = cx_event_id(delivery->record->tenant, delivery->record->channel, native_id, before);
    return id;
}

static struct cx_settled settle_known(const struct dedup *dedup, struct cx_ctx *ctx, const struct delivery *delivery, struct dedup_slot slot)
{
    struct cx_version before = dedup_slot_version(&slot);
    uint16_t author = dedup_slot_author(&slot);
    if (author && delivery->author && author != delivery->author)
        return cx_settle(ID_CONFLICT);

    bool is_repeat = delivery->version.op == before.op && delivery->version.content == before.content;
    if (is_repeat || is_older(delivery->version, before)) {
        struct dedup_slot touched = dedup_slot_pack(before, author ? author : delivery->author, delivery->now_s);
        if (memcmp(&touched, &slot, sizeof slot) != 0)
            write_slot(dedup, ctx->state, delivery, touched, slot.seen_s);
        return cx_settle(is_repeat ? REPEAT : STALE);
    }
    struct dedup_slot newer = dedup_slot_pack(delivery->version, delivery->author ? delivery->author : author, delivery->now_s);
    write_slot(dedup, ctx->state, delivery, newer, slot.seen_s);
    emit(dedup, ctx, delivery, edit_of(ctx, delivery, delivery->record->native_id, before), true);
    cx_count(ctx, METRIC_VERSIONS, cx_op_name(delivery->record->op), 1);
    return cx_pass();
}

/* An edit that has an id of its own names the one before. */
static const struct cx_id *edit_of_superseded(const struct dedup *dedup, struct cx_ctx *ctx, const struct delivery *delivery)
{
    const struct cx_interaction *record = delivery->record;
    if (record->supersedes.len == 0)
        return NULL;
    struct cx_id key = dedup_slot_key(&delivery->tenant_key, record->tenant, record->channel, record->supersedes);
    const struct dedup_slot *slot = cx_state_get(ctx->state, DEDUP_SLOTS, &key, NULL);
    return is_live(dedup, slot, delivery->now_s) ? edit_of(ctx, delivery, record->supersedes, dedup_slot_version(slot)) : NULL;
}

/* `expired`: what the table still holds of the id from before the window, or NULL. */
static struct cx_settled settle_new(const struct dedup *dedup, struct cx_ctx *ctx, const struct delivery *delivery, const struct dedup_slot *expired)
{
    struct census *census = dedup_census_open(ctx->state, &delivery->tenant_key, delivery->now_s, dedup->window_s);
    if (expired)
        dedup_census_remove(census, ctx->state, &delivery->tenant_key, expired->seen_s);
    if (census->live >= dedup->max_slots)
        return cx_settle_detail(TOO_MANY_IDS, cx_arena_format(ctx->arena, "%lld ids within the window", (long long)census->live));
    dedup_census_add(census);
    const struct cx_id *earlier = edit_of_superseded(dedup, ctx, delivery);
    write_slot(dedup, ctx->state, delivery, dedup_slot_pack(delivery->version, delivery->author, delivery->now_s), delivery->now_s);
    emit(dedup, ctx, delivery, earlier, earlier != NULL);
    cx_count(ctx, METRIC_NEW, NULL, 1);
    return cx_pass();
}

static struct cx_settled process(const void *self, struct cx_ctx *ctx)
{
    const struct dedup *dedup = self;
    const struct cx_interaction *record = ctx->item->record;
    if (record->native_id.len == 0)
        return cx_settle(NO_NATIVE_ID);
    struct delivery delivery = { .record = record, .tenant_key = dedup_tenant_key(record->tenant) };
    delivery.slot_key = dedup_slot_key(&delivery.tenant_key, record->tenant, record->channel, record->native_id);
    cx_state_prefetch(ctx->state, DEDUP_SLOTS, &delivery.slot_key); /* arrives while the content is hashed */
    delivery.version = version_of(record);
    delivery.author = record->author ? dedup_author(record->author->native_id) : 0;
    delivery.now_s = ctx->time_ms > 0 ? (uint32_t)(ctx->time_ms / 1000) : 0;
    const struct dedup_slot *slot = cx_state_get(ctx->state, DEDUP_SLOTS, &delivery.slot_key, NULL);
    if (is_live(dedup, slot, delivery.now_s))
        return settle_known(dedup, ctx, &delivery, *slot);
    return settle_new(dedup, ctx, &delivery, slot);
}

const struct cx_stage dedup_stage = {
    .name = "dedup",
    .summary = "Drops repeats and what comes late, marks edits, deletes and copies.",
    .section = CX_SECTION_DUPLICATE,
    .input = "cx.events.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .tables = tables,
    .changelog = "cx.changelog.dedup.v1",
    .dead_letters = "cx.dlq.dedup.v1",
    .config_size = sizeof(struct dedup_config),
    .self_size = sizeof(struct dedup),
    .open = open,
    .process = process,
};
