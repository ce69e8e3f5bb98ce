/* Snapshot files. What is tried comes twice: as it is, and with all its hashes made right, for otherwise hardly an input would get beyond the first.
 */
#include "state/snapshot_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cx_table tables[] = {
    { "fixed", CX_TABLE_HASH, 12, "Twelve bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};

static void mend(char *bytes, size_t size)
{
    if (size < CX_SNAPSHOT_PREFIX)
        return;
    size_t at = CX_SNAPSHOT_PREFIX + (size_t)cx_get_u32(bytes + 12);
    if (at + 8 > size)
        return;
    uint64_t hash = cx_hash64(bytes, at), joined = cx_snapshot_join(0, hash);
    cx_put_u64(bytes + at, hash);
    for (at += 8; at + CX_SNAPSHOT_FRAME <= size;) {
        char *block = bytes + at;
        size_t len = cx_get_u32(block + 12);
        if (at + CX_SNAPSHOT_FRAME + len > size)
            return;
        if (cx_get_u32(block + 16) == CX_SNAPSHOT_END && len == 16)
            cx_put_u64(block + CX_SNAPSHOT_FRAME + 8, joined);
        hash = cx_hash64(block + 8, CX_SNAPSHOT_FRAME - 8 + len);
        cx_put_u64(block, hash);
        joined = cx_snapshot_join(joined, hash);
        at += CX_SNAPSHOT_FRAME + len;
    }
}

static void try_bytes(const char *bytes, size_t size)
{
    struct cx_snapshot_head wanted = { 0 };
    struct cx_snapshot found;
    struct cx_error err;
    struct cx_state *state = cx_state_new(tables);
    if (cx_snapshot_parse(cx_str_n(bytes, size), &wanted, state, &found, &err) == 0) {
        cx_assert(found.entries >= cx_state_count(state, 0) + cx_state_count(state, 1) + cx_state_count(state, 2));
        cx_assert(found.bytes == size);
    }
    cx_state_free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1);
    memcpy(copy, data, size);
    try_bytes((const char *)data, size);
    mend(copy, size);
    try_bytes(copy, size);
    free(copy);
    return 0;
}
