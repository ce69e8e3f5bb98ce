/* sketch.c - one walk over the letters: words, then runs and anchors of the words that count. */
#include "text/sketch.h"
#include "base/hash.h"
#include "text/chars.h"

#define RUN_LETTERS      4
#define ANCHOR_WORDS     2
#define ANCHOR_LETTERS   10
#define LETTERS_PER_WORD 16 /* in scripts without blanks */
#define BINS             64
#define BIN_VALUES       15 /* 1..15; 0: empty */
/* Chosen on what bench/neardup_eval.c measures. Runs that are granted to be shared, and how much of a text must be in another for a part of it, which
 * must be a good part of that. */
#define GRANTED        12
#define PART_CONTAINED 0.85
#define PART_ALIKE     0.35

struct word {
    uint64_t hash;
    uint32_t start, end; /* letters */
    bool is_tag;
};
struct reading {
    uint16_t *letters; /* code points, cut to 16 bits: those of the upper planes are rare enough to be taken for others */
    size_t letter_count;
    struct word *words;
    size_t word_count;
};

/* Two multiplications: letters are close together, and every bit of the outcome is used. */
static inline uint64_t mixed(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 29;
}

static inline uint64_t joined(uint64_t hash, uint64_t next)
{
    return (hash ^ next) * UINT64_C(0xff51afd7ed558ccd) + (hash >> 31);
}

/* ---- reading ---- */

/* Four letters at a time. */
static uint64_t hash_letters(const uint16_t *letters, size_t count)
{
    uint64_t hash = count, part;
    for (; count > 4; count -= 4, letters += 4) {
        memcpy(&part, letters, sizeof part);
        hash = joined(hash, part);
    }
    part = 0;
    memcpy(&part, letters, count * sizeof *letters);
    return joined(hash, part);
}

/* Copies the letters of the word at row i, and returns where it ends. As in folding, the third of equal letters takes the second back and what
 * follows is left out. The hot loop: its state is in locals. */
static size_t read_letters(struct reading *reading, const struct char_run *run, size_t i)
{
    const uint32_t *rows = run->rows;
    size_t end = i + (CX_SKETCH_LETTERS - reading->letter_count);
    end = end < run->len ? end : run->len;
    uint16_t *to = reading->letters + reading->letter_count;
    uint32_t last = 0, times = 1;
    for (; i < end && (rows[i] & CHAR_WORD); i++) {
        uint32_t row = rows[i];
        times = ((row ^ last) & CHAR_CODE) == 0 && (row & CHAR_LETTER) ? times + 1 : 1;
        if (times <= 2)
            *to++ = (uint16_t)(row & CHAR_CODE);
        to -= times == 3;
        last = row;
    }
    reading->letter_count = (size_t)(to - reading->letters);
    return i;
}

/* Reads the word at row i and returns where it ends. */
static size_t read_word(struct reading *reading, const struct char_run *run, size_t i)
{
    struct word word = { .start = (uint32_t)reading->letter_count, .is_tag = i > 0 && (run->rows[i - 1] & CHAR_CODE) == '#' };
    size_t end = read_letters(reading, run, i);
    word.end = (uint32_t)reading->letter_count;
    static const uint16_t rt[] = { 'r', 't' };
    if (reading->word_count == 0 && word.end - word.start == 2 && memcmp(reading->letters + word.start, rt, sizeof rt) == 0) {
        reading->letter_count = word.start;
        return end;
    }
    word.hash = hash_letters(reading->letters + word.start, word.end - word.start);
    reading->words[reading->word_count++] = word;
    return end;
}

static struct reading read_text(struct cx_arena *arena, struct cx_str text)
{
    struct char_run run = char_read(arena, text, CX_FOLD_SEARCH);
    size_t most = run.len < CX_SKETCH_LETTERS ? run.len : CX_SKETCH_LETTERS;
    struct reading reading = { .letters = cx_arena_alloc(arena, (most + 1) * sizeof *reading.letters),
                               .words = cx_arena_alloc(arena, (most / 2 + 1) * sizeof *reading.words) };
    bool is_after_word = false;
    for (size_t i = 0; i < run.len && reading.letter_count < CX_SKETCH_LETTERS;) {
        uint32_t row = run.rows[i];
        size_t end = (row & CHAR_MARKER) && !is_after_word ? char_skip_marked(&run, i) : i;
        is_after_word = end == i && (row & CHAR_WORD);
        i = end != i ? end : is_after_word ? read_word(&reading, &run, i) : i + 1;
    }
    return reading;
}

static size_t words_counted(const struct reading *reading)
{
    size_t count = 0;
    for (size_t i = 0; i < reading->word_count; i++)
        count += (reading->words[i].end - reading->words[i].start + LETTERS_PER_WORD - 1) / LETTERS_PER_WORD;
    return count;
}

/* Tags that end a text tell where it was posted rather than what it says. */
static void leave_out_tags(struct reading *reading)
{
    size_t kept = reading->word_count;
    while (kept > 0 && reading->words[kept - 1].is_tag)
        kept--;
    if (kept < CX_SKETCH_WORDS || kept == reading->word_count)
        return;
    reading->word_count = kept;
    reading->letter_count = reading->words[kept - 1].end;
}

/* ---- runs ---- */

/* 0 of an empty bin: UINT32_MAX is a multiple of fifteen, and the only rank with its highest bit. Whether a bin is empty is anybody's guess, so that
 * no branch is to depend on it. */
static inline uint32_t bin_value(uint32_t least)
{
    return 1 + least % BIN_VALUES - (least >> 31);
}

static void sketch_runs(struct cx_sketch *sketch, const struct reading *reading)
{
    uint32_t least[BINS];
    uint64_t run = 0;
    memset(least, 0xff, sizeof least);
    for (size_t i = 0; i < reading->letter_count; i++) {
        run = run << 16 | reading->letters[i];
        if (i + 1 < RUN_LETTERS)
            continue;
        uint64_t hash = mixed(run);
        uint32_t *bin = &least[hash >> 58], rank = (uint32_t)(hash >> 20) & 0x7fffffff;
        *bin = rank < *bin ? rank : *bin;
    }
    for (size_t b = 0; b < BINS; b += 2)
        sketch->bins[b / 2] = (uint8_t)(bin_value(least[b]) | bin_value(least[b + 1]) << 4);
    sketch->runs = (uint32_t)(reading->letter_count - RUN_LETTERS + 1);
}

/* ---- anchors ---- */

#define NO_ANCHOR UINT64_MAX

static void forget_all(uint64_t *kept, size_t most)
{
    for (size_t i = 0; i < most; i++)
        kept[i] = NO_ANCHOR;
}

/* Into the `most` smallest, ascending, each once; NO_ANCHOR fills them up. What is larger is handed on from place to place rather than a place
 * sought, since of hashes nobody can tell beforehand where that is. */
static inline void keep_smallest(uint64_t *kept, size_t most, uint64_t hash)
{
    if (hash >= kept[most - 1])
        return;
    for (size_t i = 0; i < most; i++) {
        uint64_t here = kept[i], larger = hash < here ? here : hash;
        kept[i] = hash < here ? hash : here;
        hash = hash == here ? NO_ANCHOR : larger;
    }
}

static size_t count_kept(const uint64_t *kept, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < most; i++)
        count += kept[i] != NO_ANCHOR;
    return count;
}

/* Hash of the words from `first` on that make an anchor; false: too few are left. */
static bool anchor_at(const struct reading *reading, size_t first, uint64_t *hash)
{
    size_t next = first;
    *hash = 0;
    while (next < reading->word_count && (next < first + ANCHOR_WORDS || reading->words[next - 1].end - reading->words[first].start < ANCHOR_LETTERS))
        *hash = joined(*hash, reading->words[next++].hash);
    *hash = mixed(*hash);
    return next >= first + ANCHOR_WORDS && reading->words[next - 1].end - reading->words[first].start >= ANCHOR_LETTERS;
}

static void find_anchors(struct cx_sketched *out, const struct reading *reading)
{
    size_t front = (2 * reading->word_count + 2) / 3, all = 0;
    if (front < CX_SKETCH_FILED + 1)
        front = CX_SKETCH_FILED + 1;
    uint64_t hash;
    forget_all(out->filed, CX_SKETCH_FILED);
    forget_all(out->lookups, CX_SKETCH_LOOKUPS);
    for (size_t i = 0; i < reading->word_count; i++) {
        all = joined(all, reading->words[i].hash);
        if (!anchor_at(reading, i, &hash))
            continue;
        keep_smallest(out->lookups, CX_SKETCH_LOOKUPS, hash);
        if (i < front)
            keep_smallest(out->filed, CX_SKETCH_FILED, hash);
    }
    out->lookup_count = count_kept(out->lookups, CX_SKETCH_LOOKUPS);
    out->filed_count = count_kept(out->filed, CX_SKETCH_FILED);
    if (out->filed_count == 0) { /* one long word, or five tiny ones */
        out->filed[out->filed_count++] = mixed(all);
        out->lookup_count = 0;
        out->lookups[out->lookup_count++] = mixed(all);
    }
}

struct cx_sketched cx_text_sketch(struct cx_arena *arena, struct cx_str text)
{
    struct cx_sketched out = { .filed_count = 0 };
    struct reading reading = read_text(arena, text);
    if (reading.word_count == 0)
        return out;
    if (words_counted(&reading) < CX_SKETCH_WORDS) {
        struct cx_folded folded = cx_text_fold(arena, text, CX_FOLD_SEARCH);
        uint64_t hash = cx_hash64(folded.text.ptr, folded.text.len);
        memcpy(out.sketch.bins, &hash, sizeof hash);
        out.filed[out.filed_count++] = out.lookups[out.lookup_count++] = hash;
        return out;
    }
    leave_out_tags(&reading);
    sketch_runs(&out.sketch, &reading);
    find_anchors(&out, &reading);
    return out;
}

/* ---- comparing ---- */

/* The lowest bit of every half byte that is not 0. */
static inline uint64_t filled(uint64_t bins)
{
    bins |= bins >> 2;
    return (bins | bins >> 1) & UINT64_C(0x1111111111111111);
}

/* Sum of the half bytes, each at most 4. */
static inline int sum(uint64_t counts)
{
    counts = (counts & UINT64_C(0x0f0f0f0f0f0f0f0f)) + (counts >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f));
    return (int)(counts * UINT64_C(0x0101010101010101) >> 56);
}

float cx_sketch_similarity(const struct cx_sketch *a, const struct cx_sketch *b)
{
    if (a->runs == 0 || b->runs == 0)
        return a->runs == b->runs && memcmp(a->bins, b->bins, sizeof a->bins) == 0;
    uint64_t equals = 0, boths = 0, eithers = 0;
    for (size_t i = 0; i < CX_SKETCH_BYTES; i += 8) {
        uint64_t x, y;
        memcpy(&x, a->bins + i, sizeof x);
        memcpy(&y, b->bins + i, sizeof y);
        uint64_t in_x = filled(x), in_y = filled(y);
        boths += in_x & in_y;
        eithers += in_x | in_y;
        equals += in_x & in_y & ~filled(x ^ y);
    }
    int equal = sum(equals), both = sum(boths), either = sum(eithers);
    /* One in fifteen bins is equal by chance: those that differ tell how many did so. */
    int score = BIN_VALUES * equal - both;
    double jaccard = score > 0 ? (double)score / ((BIN_VALUES - 1) * either) : 0;
    double all = ((double)a->runs + b->runs) / (1 + jaccard), shared = jaccard * all, shorter = a->runs < b->runs ? a->runs : b->runs;
    double granted = shorter < 2 * GRANTED ? shorter / 2 : GRANTED;
    double alike = (shared + granted) / (all + granted), part = (shared + granted / 2) / (shorter + granted / 2);
    if (alike >= PART_ALIKE && part >= PART_CONTAINED)
        return (float)(part < 1 ? part : 1);
    return (float)alike;
}
