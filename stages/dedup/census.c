#include "stages/dedup/census.h"
#include "stages/dedup/slot.h"

static struct cx_id hour_key(const struct cx_id *tenant_key, uint32_t hour)
{
    struct cx_id key = *tenant_key;
    memcpy(key.bytes + sizeof key.bytes - sizeof hour, &hour, sizeof hour);
    return key;
}

static int64_t hour_count(const struct cx_state *state, const struct cx_id *tenant_key, uint32_t hour)
{
    struct cx_id key = hour_key(tenant_key, hour);
    const int64_t *count = cx_state_get(state, DEDUP_HOURS, &key, NULL);
    return count ? *count : 0;
}

static void set_hour_count(struct cx_state *state, const struct cx_id *tenant_key, uint32_t hour, int64_t count)
{
    struct cx_id key = hour_key(tenant_key, hour);
    if (count > 0)
        cx_state_put(state, DEDUP_HOURS, &key, &count, sizeof count);
    else
        cx_state_del(state, DEDUP_HOURS, &key);
}

struct census *dedup_census_open(struct cx_state *state, const struct cx_id *tenant_key, uint32_t now_s, uint32_t window_s)
{
    bool is_new;
    struct census *census = cx_state_edit(state, DEDUP_TENANTS, tenant_key, &is_new);
    uint32_t hour = census_hour(now_s);
    uint32_t first_hour = census_hour(now_s > window_s ? now_s - window_s : 0);
    if (is_new)
        *census = (struct census){ .hour = hour, .first_hour = first_hour };
    if (hour > census->hour) {
        set_hour_count(state, tenant_key, census->hour, census->in_hour);
        census->hour = hour;
        census->in_hour = 0;
    }
    /* No hour after the one just closed has a row yet: a long silence is not walked through hour by hour. */
    for (; census->first_hour < first_hour; census->first_hour++) {
        int64_t gone = census->live > 0 ? hour_count(state, tenant_key, census->first_hour) : 0;
        if (gone > 0)
            set_hour_count(state, tenant_key, census->first_hour, 0);
        census->live -= gone;
        if (census->live <= 0)
            census->first_hour = first_hour - 1;
    }
    return census;
}

void dedup_census_add(struct census *census)
{
    census->live++;
    census->in_hour++;
}

/* A count may be missing where the changelog's retention took it and left the slot: then there is nothing to take off. */
void dedup_census_remove(struct census *census, struct cx_state *state, const struct cx_id *tenant_key, uint32_t seen_s)
{
    uint32_t hour = census_hour(seen_s);
    if (hour < census->first_hour)
        return;
    int64_t counted = hour == census->hour ? census->in_hour : hour_count(state, tenant_key, hour);
    if (counted <= 0)
        return;
    census->live--;
    if (hour == census->hour)
        census->in_hour--;
    else
        set_hour_count(state, tenant_key, hour, counted - 1);
}

bool dedup_census_is_slot_dead(const struct cx_state *state, const struct cx_id *slot_key, const void *slot)
{
    struct cx_id tenant_key = { { 0 } };
    memcpy(tenant_key.bytes, slot_key->bytes, DEDUP_TAG);
    const struct census *census = cx_state_get(state, DEDUP_TENANTS, &tenant_key, NULL);
    return census && census_hour(((const struct dedup_slot *)slot)->seen_s) < census->first_hour;
}
