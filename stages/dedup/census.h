/* census.h - how many ids of a tenant are inside the window, by record time.
 *
 * Slots are counted by the hour they were last seen in; an hour that lies wholly outside the window is taken off the total at once. So the number
 * is a function of the records alone, whatever expired entries the tables still hold, and a cap may decide by it. It counts an expired id for up to
 * an hour longer than the window. */
#ifndef CX_DEDUP_CENSUS_H
#define CX_DEDUP_CENSUS_H
#include "stages/dedup/tables.h"

struct census {
    int64_t live;        /* ids seen in first_hour or later */
    int64_t in_hour;     /* of these, in `hour`; earlier hours have a row in DEDUP_HOURS */
    uint32_t hour;       /* the tenant's current one; hours are counted from 1970 */
    uint32_t first_hour; /* what was last seen before it is gone */
};
static inline uint32_t census_hour(uint32_t seen_s)
{
    return seen_s / 3600;
}
/* The tenant's row for writing, moved on to the hour of now_s. The pointer is valid until the next change of DEDUP_TENANTS. */
struct census *dedup_census_open(struct cx_state *state, const struct cx_id *tenant_key, uint32_t now_s, uint32_t window_s);
void dedup_census_add(struct census *census);
/* An id leaves the hour it was last seen in; nothing where that hour is gone already. */
void dedup_census_remove(struct census *census, struct cx_state *state, const struct cx_id *tenant_key, uint32_t seen_s);
/* A slot is dead when the hour it was last seen in is gone. */
bool dedup_census_is_slot_dead(const struct cx_state *state, const struct cx_id *slot_key, const void *slot);
#endif
