/* slot.h - what dedup keeps of one native_id: 16 bytes of key and 20 of value.
 *
 * The key begins with a tag of the tenant, so that an entry alone tells whose clock makes it expire; the rest is a hash of tenant, channel and
 * native_id. The value is the version last emitted, enough of it to derive its event_id. */
#ifndef CX_DEDUP_SLOT_H
#define CX_DEDUP_SLOT_H
#include "base/version.h"
#include "stages/dedup/tables.h"

struct dedup_slot {
    uint64_t content; /* cx_content_end of the version */
    uint64_t bits;    /* occurred_at 45, op 2, occurred_at_known 1, author 16 */
    uint32_t seen_s;  /* record time when any delivery of the id was last seen */
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct dedup_slot) == 20, "a slot is at most 48 bytes with its key and its share of the index");

static inline struct cx_id dedup_slot_key(const struct cx_id *tenant_key, struct cx_str tenant, struct cx_str channel, struct cx_str native_id)
{
    struct {
        uint64_t tenant, channel;
        struct cx_id native_id;
    } parts = { cx_hash64(tenant.ptr, tenant.len), cx_hash64(channel.ptr, channel.len), cx_hash128(native_id.ptr, native_id.len) };
    struct cx_id key = cx_hash128(&parts, sizeof parts);
    memcpy(key.bytes, tenant_key->bytes, DEDUP_TAG);
    return key;
}

/* 16 bits of a hash, 0 for none: a conflict of authors shows 65,534 times in 65,535, and never where there is none. */
static inline uint16_t dedup_author(struct cx_str native_id)
{
    if (native_id.len == 0)
        return 0;
    uint16_t hash = (uint16_t)cx_hash64(native_id.ptr, native_id.len);
    return hash ? hash : 1;
}

static inline struct dedup_slot dedup_slot_pack(struct cx_version version, uint16_t author, uint32_t seen_s)
{
    const int64_t last = (INT64_C(1) << 45) - 1;
    int64_t at = version.occurred_at < 0 ? 0 : version.occurred_at > last ? last : version.occurred_at;
    uint64_t bits = (uint64_t)at << 19 | (uint64_t)(version.op & 3) << 17 | (uint64_t)version.occurred_at_known << 16 | author;
    return (struct dedup_slot){ version.content, bits, seen_s };
}
static inline struct cx_version dedup_slot_version(const struct dedup_slot *slot)
{
    return (struct cx_version){ (int)(slot->bits >> 17 & 3), slot->bits >> 16 & 1, (int64_t)(slot->bits >> 19), slot->content };
}
static inline uint16_t dedup_slot_author(const struct dedup_slot *slot)
{
    return (uint16_t)slot->bits;
}
#endif
