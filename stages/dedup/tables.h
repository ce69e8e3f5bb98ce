/* tables.h - what dedup remembers, by table number, and how an entry tells whose it is. */
#ifndef CX_DEDUP_TABLES_H
#define CX_DEDUP_TABLES_H
#include "stage/stage.h"

enum { DEDUP_TIME, DEDUP_SLOTS, DEDUP_TENANTS, DEDUP_HOURS, DEDUP_QUEUES, DEDUP_CLUSTERS, DEDUP_ANCHORS };

/* Keys begin with a tag of the tenant, so that an entry alone tells whose clock makes it expire. */
#define DEDUP_TAG 5 /* bytes: two of a thousand tenants share a tag once in two million deployments */

static inline struct cx_id dedup_tenant_key(struct cx_str tenant)
{
    struct cx_id key = { { 0 } }, hash = cx_hash128(tenant.ptr, tenant.len);
    memcpy(key.bytes, hash.bytes, DEDUP_TAG);
    return key;
}
#endif
