/* cluster.h - texts that came before, so that copies of them are told: clusters, each known by the text that founded it.
 *
 * A tenant's clusters stand in a queue. A text that resembles none founds one at its end, filed under its anchors (text/sketch.h); a copy raises the
 * size of the one it resembles most, and moves it to the end when it was placed in an earlier hour or stands in the front half. What was placed
 * before the window or is too many for the cap leaves at the front. All of it follows from the records alone. */
#ifndef CX_DEDUP_CLUSTER_H
#define CX_DEDUP_CLUSTER_H
#include "stages/dedup/tables.h"
#include "text/sketch.h"

struct dedup_cluster {
    struct cx_id id; /* event_id of the version that founded it */
    struct cx_sketch sketch;
    uint32_t size;     /* things whose text was of it, ever */
    uint32_t placed_s; /* record time */
};
_Static_assert(sizeof(struct dedup_cluster) == 60, "what is remembered of a text");
struct dedup_queue {
    uint32_t first, next; /* places: they count up, and begin anew after 2^32 */
};

struct cluster_limits {
    uint32_t window_s;
    uint32_t most; /* clusters of a tenant */
    float similarity;
};
struct cluster_query {
    struct cx_str text;
    struct cx_id tenant_key;
    uint64_t tenant_hash;  /* of the tenant's name */
    struct cx_id event_id; /* names the cluster that the text founds */
    uint32_t now_s;
    bool counts; /* false for a later version of a thing: it is of the cluster already, or moves without being counted again */
};
struct cluster_found {
    bool is_any;  /* false: a text without words is of none */
    bool is_copy; /* resembles what came before; else it founded the cluster */
    struct cx_id id;
    int32_t size;       /* this one included */
    float similarity;   /* to the text that founded the cluster */
    uint32_t forgotten; /* clusters within the window that the cap pushed out */
};
/* Finds or founds the cluster of a text. */
struct cluster_found dedup_cluster_place(struct cx_state *state, struct cx_arena *arena, const struct cluster_limits *limits,
                                         const struct cluster_query *query);

/* Dead: its place has left the queue. */
bool dedup_cluster_is_dead(const struct cx_state *state, const struct cx_id *key, const void *cluster);
bool dedup_cluster_is_anchor_dead(const struct cx_state *state, const struct cx_id *key, const void *place);
#endif
