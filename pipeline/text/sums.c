/* sums.c - what costs is waiting for memory. So a table is read in steps, each of which asks for the memory that the next one needs, and the steps of
 * all tables take turns. */
#include "text/sums.h"
#include "text/rows.h"
#include "text/words.h"

struct reading {
    const struct sums_source *source;
    struct sums_wanted *wanted;
    void (*step)(struct reading *r); /* the next one; NULL: done */
    size_t token, word, feature;     /* where the text, or the list, goes on */
    size_t most, left;               /* words of a block, and of all blocks */
    uint64_t last;                   /* hash of the word before */
    struct gather neighbours;        /* of all words so far */
    size_t neighbours_taken;         /* so many of them are found or added */
    struct word_block block;         /* of a list: words start and end with their features */
    struct rows_found found;
    struct gather spelled; /* features of the block's words that have no row for their whole */
    uint32_t hashes[WORDS_AT_ONCE * WORD_FEATURES_MAX + GATHER_SLACK];
};

static bool is_of_letters(const struct reading *r)
{
    return r->wanted->table->features == CX_FEATURES_LETTERS;
}

/* Finds features, and adds what was found so far where there is no room for more. has[i]: the table holds feature i; NULL: nobody asks. */
static void take(struct reading *r, const uint32_t *features, size_t count, bool *has)
{
    bool unasked[ROWS_AT_ONCE];
    for (size_t at = 0, n; at < count; at += n) {
        size_t room = ROWS_AT_ONCE - r->found.asked;
        n = count - at < room ? count - at : room;
        rows_find(r->wanted->table, features + at, n, &r->found, has != NULL ? has + at : unasked);
        if (r->found.asked == ROWS_AT_ONCE)
            rows_add(r->wanted->table, &r->found, r->wanted->sums);
    }
}

/* ---- seeing: which words, and asking for the buckets of their wholes ---- */

static void see_neighbours(struct reading *r)
{
    const struct sums_source *s = r->source;
    size_t before = r->neighbours.count;
    uint64_t last = r->last;
    for (size_t i = 0; i < r->block.count; i++) {
        if (word_is_tag(s->folded, &r->block.words[i]))
            words_add_tag(&r->neighbours, s->folded, s->original, &r->block.words[i]);
        r->neighbours.hashes[r->neighbours.count++] = words_pair(last, r->block.hashes[i]);
        last = r->block.hashes[i];
    }
    r->last = last;
    rows_ask(r->wanted->table, r->neighbours.hashes + before, r->neighbours.count - before);
}

static void see_list(struct reading *r, size_t most)
{
    const struct cx_features *list = r->source->features;
    struct word_block *block = &r->block;
    size_t n = 0;
    for (; n < most && r->word < list->word_count; n++, r->feature = list->words[r->word++].end) {
        block->wholes[n] = list->words[r->word].whole;
        block->counts[n] = list->words[r->word].count;
        block->words[n] = (struct text_word){ .start = (uint32_t)r->feature, .end = list->words[r->word].end };
    }
    block->count = n;
    if (n < r->most) /* what follows the last word */
        r->neighbours = (struct gather){ .hashes = (uint32_t *)list->hashes + r->feature, .count = list->count - r->feature };
}

static void look(struct reading *r);

static void see(struct reading *r)
{
    const struct sums_source *s = r->source;
    size_t most = r->most < r->left ? r->most : r->left;
    if (s->features != NULL)
        see_list(r, most);
    else if (is_of_letters(r))
        letters_see(s->folded, s->original, &r->token, most, &r->block);
    else
        words_see(s->folded, &r->token, most, &r->block);
    rows_ask(r->wanted->table, r->block.wholes, r->block.count);
    if (s->features == NULL && !is_of_letters(r))
        see_neighbours(r);
    r->left -= r->block.count;
    r->step = look;
}

/* ---- looking: which have a row for their whole, and spelling the others ---- */

static void spell(struct reading *r, size_t i)
{
    const struct sums_source *s = r->source;
    if (s->features != NULL) {
        size_t count = r->block.words[i].end - r->block.words[i].start;
        cx_assert(count <= WORD_FEATURES_MAX);
        memcpy(r->spelled.hashes + r->spelled.count, s->features->hashes + r->block.words[i].start, count * sizeof *r->hashes);
        r->spelled.count += count;
    } else if (is_of_letters(r)) {
        letters_add(&r->spelled, s->folded, s->original, &r->block.words[i]);
    } else {
        words_add(&r->spelled, s->folded, &r->block.words[i]);
    }
}

static void take_neighbours(struct reading *r)
{
    size_t count = r->neighbours.count - r->neighbours_taken;
    take(r, r->neighbours.hashes + r->neighbours_taken, count, NULL);
    r->neighbours_taken += count;
    r->wanted->count += count;
}

static void find_spelled(struct reading *r);
static void add(struct reading *r);

static void look(struct reading *r)
{
    bool has[WORDS_AT_ONCE];
    take(r, r->block.wholes, r->block.count, has);
    r->spelled = (struct gather){ .hashes = r->hashes };
    for (size_t i = 0; i < r->block.count; i++) {
        if (!has[i])
            spell(r, i);
        r->wanted->count += r->block.counts[i];
    }
    rows_ask(r->wanted->table, r->hashes, r->spelled.count);
    take_neighbours(r);
    r->step = r->spelled.count > 0 ? find_spelled : add;
}

static void find_spelled(struct reading *r)
{
    take(r, r->hashes, r->spelled.count, NULL);
    r->step = add;
}

/* ---- adding ---- */

static void add(struct reading *r)
{
    struct sums_wanted *w = r->wanted;
    rows_add(w->table, &r->found, w->sums);
    bool is_over = r->block.count < r->most || (w->is_enough != NULL && w->is_enough(w->context, w->sums, w->count));
    r->step = is_over ? NULL : see;
}

static void begin(struct reading *r, const struct sums_source *source, struct sums_wanted *wanted)
{
    r->source = source;
    r->wanted = wanted;
    r->step = see;
    r->token = r->word = r->feature = r->neighbours_taken = 0;
    r->last = WORDS_NONE_BEFORE;
    r->most = is_of_letters(r) ? CX_MODEL_LETTERS_STEP : WORDS_AT_ONCE;
    r->left = is_of_letters(r) ? CX_FEATURES_LETTERS_MAX : CX_FEATURES_WORDS_MAX;
    r->neighbours = (struct gather){ 0 };
    rows_clear(&r->found);
    wanted->count = 0;
    if (source->features == NULL && !is_of_letters(r)) {
        r->neighbours.hashes = cx_arena_alloc(source->arena, (source->folded->token_count + source->folded->text.len + 1) * sizeof(uint32_t));
        words_add_script(&r->neighbours, source->folded);
        rows_ask(wanted->table, r->neighbours.hashes, r->neighbours.count);
    }
}

void sums_add(const struct sums_source *source, struct sums_wanted *wanted, size_t n)
{
    struct reading readings[CX_MODEL_TABLES];
    cx_assert(n <= CX_MODEL_TABLES);
    for (size_t i = 0; i < n; i++)
        begin(&readings[i], source, &wanted[i]);
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (size_t i = 0; i < n; i++) {
            if (readings[i].step != NULL)
                readings[i].step(&readings[i]);
            goes_on = goes_on || readings[i].step != NULL;
        }
    }
}
