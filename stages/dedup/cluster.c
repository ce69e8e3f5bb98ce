/* cluster.c - the queue, the anchors that lead into it, and the choice among what they lead to. */
#include "stages/dedup/cluster.h"

/* The front of the queue may have to be advanced over this many places by one text: more than the one it adds, so that it catches up. */
#define ADVANCE_AT_MOST 8

static struct cx_id cluster_key(const struct cx_id *tenant_key, uint32_t place)
{
    struct cx_id key = *tenant_key;
    memcpy(key.bytes + sizeof key.bytes - sizeof place, &place, sizeof place);
    return key;
}

static struct cx_id anchor_key(const struct cluster_query *query, uint64_t anchor)
{
    const uint64_t parts[] = { query->tenant_hash, anchor };
    struct cx_id key = cx_hash128(parts, sizeof parts);
    memcpy(key.bytes, query->tenant_key.bytes, DEDUP_TAG);
    return key;
}

/* Places begin anew after 2^32; a queue is never longer than half of that. */
static bool is_before(uint32_t place, uint32_t other)
{
    return (int32_t)(place - other) < 0;
}

static bool is_in_window(const struct dedup_cluster *cluster, const struct cluster_limits *limits, uint32_t now_s)
{
    return (uint64_t)cluster->placed_s + limits->window_s >= now_s;
}

static const struct dedup_cluster *cluster_at(const struct cx_state *state, const struct cluster_query *query, uint32_t place)
{
    struct cx_id key = cluster_key(&query->tenant_key, place);
    return cx_state_get(state, DEDUP_CLUSTERS, &key, NULL);
}

/* ---- looking ---- */

struct match {
    const struct dedup_cluster *cluster; /* valid until the table changes; NULL: none */
    uint32_t place;
    float similarity;
};

static void consider(struct match *best, const struct dedup_cluster *cluster, uint32_t place, const struct cx_sketch *sketch)
{
    float similarity = cx_sketch_similarity(&cluster->sketch, sketch);
    bool is_older = best->cluster != NULL && is_before(place, best->place);
    if (best->cluster == NULL || similarity > best->similarity || (similarity == best->similarity && is_older))
        *best = (struct match){ cluster, place, similarity };
}

/* The cluster a text resembles most; the older of two that it resembles as much. */
static struct match find(const struct cx_state *state, const struct cluster_limits *limits, const struct cluster_query *query,
                         const struct dedup_queue *queue, const struct cx_sketched *text)
{
    struct cx_id keys[CX_SKETCH_LOOKUPS];
    uint32_t places[CX_SKETCH_LOOKUPS];
    size_t count = 0;
    for (size_t i = 0; i < text->lookup_count; i++) { /* their memory arrives side by side */
        keys[i] = anchor_key(query, text->lookups[i]);
        cx_state_prefetch(state, DEDUP_ANCHORS, &keys[i]);
    }
    for (size_t i = 0; i < text->lookup_count; i++) {
        const uint32_t *place = cx_state_get(state, DEDUP_ANCHORS, &keys[i], NULL);
        bool is_known = place == NULL || is_before(*place, queue->first) || !is_before(*place, queue->next);
        for (size_t k = 0; k < count && !is_known; k++)
            is_known = places[k] == *place;
        if (!is_known)
            places[count++] = *place;
    }
    struct match best = { .cluster = NULL };
    for (size_t i = 0; i < count; i++) {
        const struct dedup_cluster *cluster = cluster_at(state, query, places[i]);
        if (cluster != NULL && is_in_window(cluster, limits, query->now_s))
            consider(&best, cluster, places[i], &text->sketch);
    }
    return best.cluster != NULL && best.similarity >= limits->similarity ? best : (struct match){ .cluster = NULL };
}

/* ---- changing ---- */

/* Takes what has left the window off the front, and what is too many. Returns how many of the latter there were. */
static uint32_t advance(struct cx_state *state, const struct cluster_limits *limits, const struct cluster_query *query, struct dedup_queue *queue)
{
    uint32_t forgotten = 0;
    for (int i = 0; i < ADVANCE_AT_MOST && queue->first != queue->next; i++, queue->first++) {
        const struct dedup_cluster *cluster = cluster_at(state, query, queue->first);
        bool is_live = cluster != NULL && is_in_window(cluster, limits, query->now_s);
        if (is_live && queue->next - queue->first < limits->most)
            break;
        forgotten += is_live;
    }
    /* A cap that was lowered holds at once. */
    if (queue->next - queue->first >= limits->most) {
        forgotten += queue->next - queue->first - (limits->most - 1);
        queue->first = queue->next - (limits->most - 1);
    }
    return forgotten;
}

/* Puts a cluster at the end of the queue and files it under the anchors of a text. */
static uint32_t append(struct cx_state *state, const struct cluster_limits *limits, const struct cluster_query *query, struct dedup_queue *queue,
                       const struct dedup_cluster *cluster, const struct cx_sketched *text)
{
    bool is_new;
    uint32_t forgotten = advance(state, limits, query, queue), place = queue->next++;
    memcpy(cx_state_edit(state, DEDUP_QUEUES, &query->tenant_key, &is_new), queue, sizeof *queue);
    struct cx_id key = cluster_key(&query->tenant_key, place);
    memcpy(cx_state_edit(state, DEDUP_CLUSTERS, &key, &is_new), cluster, sizeof *cluster);
    for (size_t i = 0; i < text->filed_count; i++) {
        key = anchor_key(query, text->filed[i]);
        memcpy(cx_state_edit(state, DEDUP_ANCHORS, &key, &is_new), &place, sizeof place);
    }
    return forgotten;
}

static bool is_to_move(const struct cluster_limits *limits, const struct cluster_query *query, const struct dedup_queue *queue,
                       const struct match *match)
{
    return match->cluster->placed_s / 3600 != query->now_s / 3600 || queue->next - match->place > limits->most / 2;
}

static struct cluster_found join(struct cx_state *state, const struct cluster_limits *limits, const struct cluster_query *query,
                                 struct dedup_queue *queue, const struct match *match, const struct cx_sketched *text)
{
    struct dedup_cluster cluster = *match->cluster;
    cluster.size += query->counts && cluster.size < INT32_MAX;
    struct cluster_found found = { true, true, cluster.id, (int32_t)cluster.size, match->similarity, 0 };
    struct cx_id key = cluster_key(&query->tenant_key, match->place);
    if (is_to_move(limits, query, queue, match)) {
        cx_state_del(state, DEDUP_CLUSTERS, &key);
        cluster.placed_s = query->now_s;
        found.forgotten = append(state, limits, query, queue, &cluster, text);
    } else if (query->counts) {
        bool is_new;
        struct dedup_cluster *row = cx_state_edit(state, DEDUP_CLUSTERS, &key, &is_new);
        row->size = cluster.size;
    }
    return found;
}

struct cluster_found dedup_cluster_place(struct cx_state *state, struct cx_arena *arena, const struct cluster_limits *limits,
                                         const struct cluster_query *query)
{
    struct cx_sketched text = cx_text_sketch(arena, query->text);
    if (text.filed_count == 0)
        return (struct cluster_found){ .is_any = false, .size = 1 };
    const struct dedup_queue *row = cx_state_get(state, DEDUP_QUEUES, &query->tenant_key, NULL);
    struct dedup_queue queue = row ? *row : (struct dedup_queue){ 0, 0 };
    struct match match = find(state, limits, query, &queue, &text);
    if (match.cluster != NULL)
        return join(state, limits, query, &queue, &match, &text);
    struct dedup_cluster founded = { query->event_id, text.sketch, 1, query->now_s };
    uint32_t forgotten = append(state, limits, query, &queue, &founded, &text);
    return (struct cluster_found){ true, false, query->event_id, 1, 0, forgotten };
}

/* ---- leaving ---- */

static bool has_left(const struct cx_state *state, const struct cx_id *key, uint32_t place)
{
    struct cx_id tenant_key = { { 0 } };
    memcpy(tenant_key.bytes, key->bytes, DEDUP_TAG);
    const struct dedup_queue *queue = cx_state_get(state, DEDUP_QUEUES, &tenant_key, NULL);
    return queue != NULL && is_before(place, queue->first);
}

bool dedup_cluster_is_dead(const struct cx_state *state, const struct cx_id *key, const void *cluster)
{
    (void)cluster;
    uint32_t place;
    memcpy(&place, key->bytes + sizeof key->bytes - sizeof place, sizeof place);
    return has_left(state, key, place);
}

bool dedup_cluster_is_anchor_dead(const struct cx_state *state, const struct cx_id *key, const void *place)
{
    return has_left(state, key, *(const uint32_t *)place);
}
