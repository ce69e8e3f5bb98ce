#include "state/hash_table.h"
#include "state/block.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BUCKET_ENTRIES  12
#define FULL_ENTRIES    10 /* per bucket, on average: beyond it a segment splits */
#define FIRST_BUCKETS   8
#define SEGMENT_BUCKETS 1024
#define MAX_DEPTH       32

struct bucket {
    uint8_t tags[BUCKET_ENTRIES]; /* 0: free */
    uint16_t passed;              /* entries of earlier buckets that stand in later ones */
    uint16_t unused;
    uint32_t entries[BUCKET_ENTRIES];
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

struct cx_segment {
    uint32_t count;
    unsigned depth; /* bits of the hash that all its entries share */
    struct cx_segment *next_free;
    _Alignas(64) struct bucket buckets[];
};

/* Keys are hashes already; this only makes sure that all their bytes count, so that a key made of two small numbers does no harm. */
static inline uint64_t hash_of(const uint8_t *key)
{
    uint64_t a, b;
    memcpy(&a, key, 8);
    memcpy(&b, key + 8, 8);
    uint64_t h = (a ^ (b << 32 | b >> 32)) * UINT64_C(0x9e3779b97f4a7c15) ^ b;
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

/* The directory takes the first bits, the bucket the last ten, the tag those in between. */
static inline uint8_t tag_of(uint64_t h)
{
    return (uint8_t)(h >> 16) | 1;
}
static inline size_t row_of(const struct cx_hash_table *table, uint64_t h)
{
    return (size_t)(h >> 1 >> (63 - table->depth));
}

static inline unsigned matching(const struct bucket *bucket, uint8_t tag)
{
#ifdef __SSE2__
    __m128i tags = _mm_load_si128((const __m128i *)bucket);
    unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag)));
    return mask & ((1u << BUCKET_ENTRIES) - 1);
#else
    unsigned mask = 0;
    for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
        mask |= (unsigned)(bucket->tags[i] == tag) << i;
    return mask;
#endif
}

static size_t segment_bytes(uint32_t buckets)
{
    return sizeof(struct cx_segment) + buckets * sizeof(struct bucket);
}

/* Many segments in one piece of memory with huge pages: a look-up goes to a random place, and with small pages it would wait for the page tables
 * longer than for the data. Small tables have neither slabs nor huge pages. */
struct cx_slab {
    struct cx_slab *next;
    size_t used;
    _Alignas(64) char bytes[];
};
#define SLAB_BYTES ((size_t)2 << 20)

static struct cx_segment *full_segment(struct cx_hash_table *table)
{
    struct cx_segment *segment = table->free_segments;
    if (segment) {
        table->free_segments = segment->next_free;
        return segment;
    }
    size_t bytes = segment_bytes(SEGMENT_BUCKETS);
    if (table->slabs == NULL || sizeof *table->slabs + table->slabs->used + bytes > SLAB_BYTES) {
        struct cx_slab *slab = cx_state_alloc_huge(SLAB_BYTES);
        *slab = (struct cx_slab){ .next = table->slabs };
        table->slabs = slab;
    }
    segment = (struct cx_segment *)(table->slabs->bytes + table->slabs->used);
    table->slabs->used += bytes;
    return segment;
}

static struct cx_segment *segment_new(struct cx_hash_table *table, unsigned depth)
{
    size_t bytes = segment_bytes(table->bucket_mask + 1);
    struct cx_segment *segment = depth ? full_segment(table) : aligned_alloc(64, bytes);
    cx_assert(segment != NULL);
    memset(segment, 0, bytes);
    segment->depth = depth;
    table->index_bytes += bytes;
    return segment;
}

/* A segment of depth 0 is the table's only one and stands alone. */
static void segment_free(struct cx_hash_table *table, struct cx_segment *segment, uint32_t buckets)
{
    table->index_bytes -= segment_bytes(buckets);
    if (segment->depth == 0) {
        free(segment);
        return;
    }
    segment->next_free = table->free_segments;
    table->free_segments = segment;
}

void cx_hash_table_init(struct cx_hash_table *table, size_t value_size)
{
    *table = (struct cx_hash_table){ .value_size = value_size, .stride = sizeof(struct cx_id) + value_size, .bucket_mask = FIRST_BUCKETS - 1 };
    table->directory = cx_state_alloc(sizeof *table->directory);
    table->directory[0] = segment_new(table, 0);
}

void cx_hash_table_free(struct cx_hash_table *table)
{
    if (table->directory[0]->depth == 0)
        free(table->directory[0]);
    for (struct cx_slab *slab = table->slabs, *next; slab; slab = next) {
        next = slab->next;
        free(slab);
    }
    free(table->directory);
    for (size_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
}

size_t cx_hash_table_bytes(const struct cx_hash_table *table)
{
    return table->count * table->stride + table->index_bytes + (sizeof(void *) << table->depth);
}

/* Where a key stands. */
struct place {
    struct cx_segment *segment;
    struct bucket *bucket; /* NULL: nowhere */
    unsigned slot;
    uint32_t number;
};

static inline struct place find(const struct cx_hash_table *table, const uint8_t *key, uint64_t h)
{
    struct place at = { .segment = table->directory[row_of(table, h)], .number = CX_NO_ENTRY };
    uint8_t tag = tag_of(h);
    for (uint32_t b = (uint32_t)h & table->bucket_mask;; b = (b + 1) & table->bucket_mask) {
        struct bucket *bucket = &at.segment->buckets[b];
        for (unsigned mask = matching(bucket, tag); mask; mask &= mask - 1) {
            unsigned slot = (unsigned)__builtin_ctz(mask);
            if (memcmp(cx_hash_table_entry(table, bucket->entries[slot]), key, sizeof(struct cx_id)) == 0) {
                at.bucket = bucket;
                at.slot = slot;
                at.number = bucket->entries[slot];
                return at;
            }
        }
        if (bucket->passed == 0)
            return at;
    }
}

uint32_t cx_hash_table_find(const struct cx_hash_table *table, const struct cx_id *key)
{
    return find(table, key->bytes, hash_of(key->bytes)).number;
}

void cx_hash_table_prefetch(const struct cx_hash_table *table, const struct cx_id *key)
{
    uint64_t h = hash_of(key->bytes);
    __builtin_prefetch(&table->directory[row_of(table, h)]->buckets[(uint32_t)h & table->bucket_mask]);
}

/* Writes an entry's number into the index. The segment has room. */
static void index_add(struct cx_hash_table *table, struct cx_segment *segment, uint64_t h, uint32_t number)
{
    segment->count++;
    for (uint32_t b = (uint32_t)h & table->bucket_mask;; b = (b + 1) & table->bucket_mask) {
        struct bucket *bucket = &segment->buckets[b];
        unsigned empty = matching(bucket, 0);
        if (empty) {
            unsigned slot = (unsigned)__builtin_ctz(empty);
            bucket->tags[slot] = tag_of(h);
            bucket->entries[slot] = number;
            return;
        }
        bucket->passed++;
    }
}

static inline unsigned taken(const struct bucket *bucket)
{
    return ~matching(bucket, 0) & ((1u << BUCKET_ENTRIES) - 1);
}

static void prefetch_entries(const struct cx_hash_table *table, const struct bucket *bucket)
{
    for (unsigned mask = taken(bucket); mask; mask &= mask - 1)
        __builtin_prefetch(cx_hash_table_entry(table, bucket->entries[__builtin_ctz(mask)]));
}

/* Puts the entries of one segment into two by the next bit of their hash; low and high may be the same. */
static void distribute(struct cx_hash_table *table, const struct cx_segment *from, uint32_t from_buckets, struct cx_segment *low,
                       struct cx_segment *high)
{
    for (uint32_t b = 0; b < from_buckets; b++) /* all at once: measured faster than a few buckets ahead */
        prefetch_entries(table, &from->buckets[b]);
    for (uint32_t b = 0; b < from_buckets; b++) {
        const struct bucket *bucket = &from->buckets[b];
        for (unsigned mask = taken(bucket); mask; mask &= mask - 1) {
            uint32_t number = bucket->entries[__builtin_ctz(mask)];
            uint64_t h = hash_of(cx_hash_table_entry(table, number));
            index_add(table, h >> (63 - from->depth) & 1 ? high : low, h, number);
        }
    }
}

static void enlarge_only_segment(struct cx_hash_table *table)
{
    struct cx_segment *old = table->directory[0];
    uint32_t buckets = table->bucket_mask + 1;
    table->bucket_mask = 2 * buckets - 1;
    struct cx_segment *segment = segment_new(table, 0);
    distribute(table, old, buckets, segment, segment);
    table->directory[0] = segment;
    segment_free(table, old, buckets);
}

static void double_directory(struct cx_hash_table *table)
{
    cx_assert(table->depth < MAX_DEPTH); /* keys that are no hashes */
    size_t rows = (size_t)1 << table->depth;
    struct cx_segment **wider = cx_state_alloc(2 * rows * sizeof *wider);
    for (size_t row = 0; row < rows; row++)
        wider[2 * row] = wider[2 * row + 1] = table->directory[row];
    free(table->directory);
    table->directory = wider;
    table->depth++;
}

static void split(struct cx_hash_table *table, uint64_t h)
{
    struct cx_segment *old = table->directory[row_of(table, h)];
    if (old->depth == table->depth)
        double_directory(table);
    struct cx_segment *low = segment_new(table, old->depth + 1);
    struct cx_segment *high = segment_new(table, old->depth + 1);
    distribute(table, old, table->bucket_mask + 1, low, high);
    size_t half = (size_t)1 << (table->depth - low->depth);
    size_t first = row_of(table, h) & ~(2 * half - 1);
    for (size_t i = 0; i < half; i++) {
        table->directory[first + i] = low;
        table->directory[first + half + i] = high;
    }
    segment_free(table, old, table->bucket_mask + 1);
}

/* A segment gets its share of the keys give or take a percent or two; of those few that are dealt more than they hold, each splits. */
void cx_hash_table_reserve(struct cx_hash_table *table, uint64_t keys)
{
    const uint64_t share = (uint64_t)SEGMENT_BUCKETS * FULL_ENTRIES * 15 / 16;
    cx_assert(table->count == 0 && table->depth == 0);
    unsigned depth = 0;
    while (depth < MAX_DEPTH && share << depth < keys)
        depth++;
    if (depth == 0)
        return;
    segment_free(table, table->directory[0], table->bucket_mask + 1);
    free(table->directory);
    table->bucket_mask = SEGMENT_BUCKETS - 1;
    table->depth = depth;
    table->directory = cx_state_alloc(sizeof *table->directory << depth);
    for (size_t row = 0; row < (size_t)1 << depth; row++)
        table->directory[row] = segment_new(table, depth);
}

static uint8_t *append_entry(struct cx_hash_table *table)
{
    cx_assert(table->count < UINT32_MAX);
    if (table->count >> CX_CHUNK_BITS == table->chunk_count) {
        table->chunks = realloc(table->chunks, (table->chunk_count + 1) * sizeof *table->chunks);
        cx_assert(table->chunks != NULL);
        /* Of the first chunk just what is written to takes memory. */
        size_t bytes = table->stride << CX_CHUNK_BITS;
        table->chunks[table->chunk_count] = table->chunk_count ? cx_state_alloc_huge(bytes) : cx_state_alloc(bytes);
        table->chunk_count++;
    }
    return cx_hash_table_entry(table, table->count++);
}

uint32_t cx_hash_table_insert(struct cx_hash_table *table, const struct cx_id *key)
{
    uint64_t h = hash_of(key->bytes);
    while (table->directory[row_of(table, h)]->count >= (table->bucket_mask + 1) * FULL_ENTRIES) {
        if (table->bucket_mask + 1 < SEGMENT_BUCKETS)
            enlarge_only_segment(table);
        else
            split(table, h);
    }
    uint32_t number = table->count;
    uint8_t *entry = append_entry(table);
    memcpy(entry, key->bytes, sizeof *key);
    memset(entry + sizeof *key, 0, table->value_size);
    index_add(table, table->directory[row_of(table, h)], h, number);
    return number;
}

void cx_hash_table_remove(struct cx_hash_table *table, const struct cx_id *key)
{
    uint64_t h = hash_of(key->bytes);
    struct place at = find(table, key->bytes, h);
    cx_assert(at.bucket != NULL);
    at.bucket->tags[at.slot] = 0;
    at.segment->count--;
    for (uint32_t b = (uint32_t)h & table->bucket_mask; &at.segment->buckets[b] != at.bucket; b = (b + 1) & table->bucket_mask)
        at.segment->buckets[b].passed--;

    if (at.number != --table->count) {
        const uint8_t *last = cx_hash_table_entry(table, table->count);
        struct place moved = find(table, last, hash_of(last));
        moved.bucket->entries[moved.slot] = at.number;
        memcpy(cx_hash_table_entry(table, at.number), last, table->stride);
    }
    while (table->chunk_count > 1 && table->count >> CX_CHUNK_BITS < table->chunk_count - 2)
        free(table->chunks[--table->chunk_count]);
}
