/* gather.h - what features are gathered with: a list of hashes, and how runs of characters become such. */
#ifndef CX_TEXT_GATHER_H
#define CX_TEXT_GATHER_H
#include "text/features.h"
#include <endian.h>

/* Room that kernels of eight may use behind arrays. */
#define GATHER_SLACK 16
/* Characters of a word that are looked at; of longer ones the rest says no more. */
#define GATHER_WORD_MAX 40

struct gather {
    uint32_t *hashes;
    struct cx_span *spans; /* NULL: not asked for */
    size_t count;
};

static inline void gather_add(struct gather *to, enum cx_feature_unit unit, uint32_t hash, uint32_t start, uint32_t end)
{
    if (to->spans != NULL)
        to->spans[to->count] = (struct cx_span){ start, end, unit };
    to->hashes[to->count++] = hash;
}

/* A word between two blanks, and where each character starts in the folded text; one more start at the end. */
struct characters {
    uint32_t codes[GATHER_WORD_MAX + 2 + GATHER_SLACK], starts[GATHER_WORD_MAX + 3];
    size_t len;
};

static inline void characters_put(struct characters *to, uint32_t code, size_t start)
{
    to->starts[to->len] = (uint32_t)start;
    to->codes[to->len++] = code;
}

/* Runs of n characters and their factors. */
#define RUN_MAX 4
struct runs {
    size_t n;
    uint32_t factors[RUN_MAX];
};
static inline uint32_t runs_count(const struct runs *runs, size_t characters)
{
    return characters >= runs->n ? (uint32_t)(characters - runs->n + 1) : 0;
}
/* All runs of the characters. */
void gather_runs(struct gather *to, const struct runs *runs, const struct characters *characters);

/* Hashes of words: odd numbers without a pattern; a seed for every kind, so that equal letters of different kinds are different features. */
#define WORD_SEED 0x9e3779b97f4a7c15u

static inline uint32_t upper_half(uint64_t hash)
{
    hash ^= hash >> 29;
    return (uint32_t)(hash * 0xbf58476d1ce4e5b9u >> 32);
}

/* Eight more bytes, or fewer and zeros. */
static inline uint64_t word_step(uint64_t hash, uint64_t bytes)
{
    hash = (hash ^ bytes) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

/* The feature that stands for all of a word. */
static inline uint32_t whole_of(uint64_t hash)
{
    return upper_half(hash + 0x632be59bd9b4e019u);
}

enum { CODE_BLANK = ' ', CODE_DIGIT = '0', CODE_USER = 0x110000, CODE_LINK };

static inline bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static inline uint32_t next_code(const unsigned char *bytes, size_t *at)
{
    const unsigned char *b = bytes + *at;
    if (b[0] < 0x80) {
        *at += 1;
        return b[0];
    }
    if (b[0] < 0xe0) {
        *at += 2;
        return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    }
    size_t n = b[0] < 0xf0 ? 3 : 4;
    *at += n;
    uint32_t low = (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return n == 3 ? (b[0] & 0xfu) << 12 | low : (b[0] & 0x7u) << 18 | low << 6 | (b[3] & 0x3fu);
}

/* ---- eight bytes at once ---- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t load8(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* The upper bit of every byte that is in first..last, which are ASCII. */
static inline uint64_t bytes_between(uint64_t bytes, uint8_t first, uint8_t last)
{
    uint64_t low = bytes & EACH(0x7fu);
    return (low + EACH(0x80u - first)) & ~(low + EACH(0x7fu - last)) & ~bytes & EACH(0x80u);
}

/* How many of them go on with a character of UTF-8. */
static inline uint32_t continuing(uint64_t bytes)
{
    return (uint32_t)(((bytes & ~(bytes << 1) & EACH(0x80u)) >> 7) * EACH(1u) >> 56);
}

/* The first n of them, 1 to 8; others 0. */
static inline uint64_t first_bytes(uint64_t bytes, size_t n)
{
    return bytes & UINT64_MAX >> (64 - 8 * n);
}
#endif
