/* sums.c - words are taken in blocks and each block in steps, so that memory is asked for before it is needed. */
#include "text/sums.h"
#include "text/rows.h"
#include "text/words.h"

enum { BLOCK = 64 };

struct reading {
    const struct cx_model_table *table;
    const struct sums_source *source;
    size_t token, word, feature; /* where the text or the list goes on */
    uint64_t last;               /* hash of the word before */
    struct gather neighbours;    /* of a folded text */
};
struct block {
    struct text_word words[BLOCK];
    uint32_t wholes[BLOCK], counts[BLOCK];
    bool has[BLOCK];
    size_t count;
};

static struct word_sight see(const struct reading *r, const struct text_word *word)
{
    const struct sums_source *s = r->source;
    return s->kind == CX_FEATURES_LETTERS ? letters_see(s->folded, s->original, word) : words_see(s->folded, word);
}

static void add_neighbours(struct reading *r, const struct text_word *word, uint64_t hash)
{
    size_t before = r->neighbours.count;
    words_add_tag(&r->neighbours, r->source->folded, r->source->original, word);
    gather_add(&r->neighbours, CX_UNIT_PAIR, words_pair(r->last, hash), 0, 0);
    rows_ask(r->table, r->neighbours.hashes + before, r->neighbours.count - before);
    r->last = hash;
}

static void see_text(struct reading *r, size_t most, struct block *block)
{
    const struct sums_source *s = r->source;
    bool is_letters = s->kind == CX_FEATURES_LETTERS;
    size_t limit = is_letters ? CX_FEATURES_LETTERS_MAX : CX_FEATURES_WORDS_MAX, n = 0;
    for (; n < most && r->word < limit; n++, r->word++) {
        if (!(is_letters ? letters_next : words_next)(s->folded, &r->token, &block->words[n]))
            break;
        struct word_sight sight = see(r, &block->words[n]);
        block->wholes[n] = sight.whole;
        block->counts[n] = sight.count;
        rows_ask(r->table, &sight.whole, 1);
        if (!is_letters)
            add_neighbours(r, &block->words[n], sight.hash);
    }
    block->count = n;
}

static void see_list(struct reading *r, size_t most, struct block *block)
{
    const struct cx_features *list = r->source->features;
    size_t n = 0;
    for (; n < most && r->word < list->word_count; n++, r->word++) {
        block->wholes[n] = list->words[r->word].whole;
        block->counts[n] = list->words[r->word].end - (r->word > 0 ? list->words[r->word - 1].end : 0);
        cx_assert(block->counts[n] <= WORD_FEATURES_MAX);
    }
    block->count = n;
}

static void spell(struct reading *r, const struct block *block, size_t i, struct gather *to)
{
    const struct sums_source *s = r->source;
    if (s->features != NULL) {
        memcpy(to->hashes + to->count, s->features->hashes + r->feature, block->counts[i] * sizeof *to->hashes);
        to->count += block->counts[i];
    } else if (s->kind == CX_FEATURES_LETTERS) {
        letters_add(to, s->folded, s->original, &block->words[i]);
    } else {
        words_add(to, s->folded, &block->words[i]);
    }
}

/* Adds the words of a block; how many features they are. */
static size_t add_block(struct reading *r, struct block *block, int32_t *sums)
{
    uint32_t hashes[BLOCK * WORD_FEATURES_MAX + GATHER_SLACK];
    struct gather to = { .hashes = hashes };
    size_t count = 0;
    rows_have(r->table, block->wholes, block->count, block->has);
    for (size_t i = 0; i < block->count; i++) {
        size_t before = to.count;
        if (block->has[i])
            gather_add(&to, CX_UNIT_WORD, block->wholes[i], 0, 0);
        else
            spell(r, block, i, &to);
        if (!block->has[i])
            rows_ask(r->table, hashes + before, to.count - before);
        r->feature += block->counts[i];
        count += block->counts[i];
    }
    rows_add(r->table, hashes, to.count, sums);
    return count;
}

size_t sums_add(const struct cx_model_table *table, const struct sums_source *source, sums_enough *is_enough, void *context, int32_t *sums)
{
    struct reading r = { .table = table, .source = source, .last = WORDS_NONE_BEFORE };
    struct block block;
    size_t most = source->kind == CX_FEATURES_LETTERS ? CX_MODEL_LETTERS_STEP : BLOCK, count = 0;
    if (source->features == NULL && source->kind == CX_FEATURES_WORDS) {
        r.neighbours.hashes = cx_arena_alloc(source->arena, (source->folded->token_count + source->folded->text.len + 1) * sizeof(uint32_t));
        words_add_script(&r.neighbours, source->folded);
        rows_ask(table, r.neighbours.hashes, r.neighbours.count);
    }
    do {
        (source->features != NULL ? see_list : see_text)(&r, most, &block);
        count += add_block(&r, &block, sums);
        if (is_enough != NULL && is_enough(context, sums, count))
            return count;
    } while (block.count == most);
    if (source->features != NULL)
        r.neighbours = (struct gather){ .hashes = (uint32_t *)source->features->hashes + r.feature, .count = source->features->count - r.feature };
    rows_add(table, r.neighbours.hashes, r.neighbours.count, sums);
    return count + r.neighbours.count;
}
