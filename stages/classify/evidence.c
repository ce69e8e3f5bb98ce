/* evidence.c - matches to entries, entries to heads. */
#include "stages/classify/evidence.h"

/* How far a negation reaches, in words between. */
enum { REACH_TO_GOOD = 1, REACH_TO_BAD = 0 };

struct search {
    const struct classify_lexicons *lexicons;
    struct cx_arena *arena;
    struct cx_str folded;
    struct cx_match *matches;
    size_t match_count;
    bool has_negation;
    uint64_t *present, *negated; /* bit by entry; a present entry may have negated matches too */
};

static bool has_bit(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* Whether at most `most` words stand in the gap, and nothing that ends a thought. */
static bool is_within_reach(struct cx_str folded, uint32_t from, uint32_t to, int most)
{
    int blanks = 0;
    for (uint32_t i = from; i < to; i++) {
        if (strchr(".,;:!?", folded.ptr[i]) != NULL)
            return false;
        blanks += folded.ptr[i] == ' ';
    }
    return blanks <= most + 1;
}

static bool is_negated(const struct search *search, const struct cx_match *match)
{
    int reach = search->lexicons->entries[match->id].sentiment > 0 ? REACH_TO_GOOD : REACH_TO_BAD;
    for (size_t i = 0; i < search->match_count; i++) {
        const struct cx_match *other = &search->matches[i];
        enum classify_kind kind = search->lexicons->entries[other->id].kind;
        if (kind == CLASSIFY_NEGATES_BEFORE && other->end <= match->start && is_within_reach(search->folded, other->end, match->start, reach))
            return true;
        if (kind == CLASSIFY_NEGATES_AFTER && other->start >= match->end && is_within_reach(search->folded, match->end, other->start, reach))
            return true;
    }
    return false;
}

/* Sorts matches into present and negated entries, leaving out lexicons of other languages. */
static void take_matches(struct search *search, struct cx_str language)
{
    size_t kept = 0;
    for (size_t i = 0; i < search->match_count; i++) {
        const struct classify_entry *entry = &search->lexicons->entries[search->matches[i].id];
        if (entry->language.ptr != NULL && language.ptr != NULL && !cx_str_eq(entry->language, language))
            continue;
        search->has_negation = search->has_negation || entry->kind != CLASSIFY_EVIDENCE;
        search->matches[kept++] = search->matches[i];
    }
    search->match_count = kept;
    for (size_t i = 0; i < kept; i++) {
        const struct cx_match *match = &search->matches[i];
        const struct classify_entry *entry = &search->lexicons->entries[match->id];
        bool may_be_negated = search->has_negation && entry->has_sentiment && entry->sentiment != 0;
        set_bit(may_be_negated && is_negated(search, match) ? search->negated : search->present, match->id);
    }
}

/* Whether the entry stands, its conditions considered; entries it names were settled before it. */
static bool stands(const struct search *search, const struct classify_entry *entry, uint32_t number)
{
    if (entry->kind != CLASSIFY_EVIDENCE || (entry->needs_match && !has_bit(search->present, number)))
        return false;
    for (size_t i = 0; i < entry->when_count; i++)
        if (!has_bit(search->present, entry->when[i]))
            return false;
    for (size_t i = 0; i < entry->unless_count; i++)
        if (has_bit(search->present, entry->unless[i]))
            return false;
    return true;
}

void classify_join_sentiment(struct classify_heads *heads, float sentiment)
{
    heads->has_sentiment = true;
    if (sentiment > 0)
        classify_join(&heads->positive, sentiment);
    else
        classify_join(&heads->negative, -sentiment);
}

/* ---- lists ---- */

static void add_sorted(struct cx_str *list, size_t *n, struct cx_str value)
{
    size_t at = *n;
    while (at > 0 && cx_str_cmp(list[at - 1], value) > 0)
        at--;
    if (at > 0 && cx_str_eq(list[at - 1], value))
        return;
    memmove(&list[at + 1], &list[at], (*n - at) * sizeof *list);
    list[at] = value;
    (*n)++;
}

struct lists {
    struct cx_str *topics, *hits;
    size_t topic_count, hit_count;
    float reason_weight;
};

static void list_entry(const struct classify_entry *entry, struct lists *lists, struct classify_findings *findings)
{
    if (!entry->is_silent)
        add_sorted(lists->hits, &lists->hit_count, entry->name);
    for (size_t i = 0; i < entry->topic_count; i++)
        add_sorted(lists->topics, &lists->topic_count, entry->topics[i]);
    float weight = entry->sentiment < 0 ? -entry->sentiment : 0;
    for (size_t i = 0; i < entry->intents.len; i++)
        weight = entry->intents.items[i].score > weight ? entry->intents.items[i].score : weight;
    if (entry->reason.ptr != NULL && weight > lists->reason_weight) {
        lists->reason_weight = weight;
        findings->reason = entry->reason;
    }
}

static void weigh_entry(const struct classify_entry *entry, struct classify_heads *heads)
{
    for (size_t i = 0; i < entry->intents.len; i++)
        classify_join(&heads->intents[entry->intents.items[i].label], entry->intents.items[i].score);
    for (size_t i = 0; i < entry->functions.len; i++)
        classify_join(&heads->functions[entry->functions.items[i].label], entry->functions.items[i].score);
    if (entry->has_sentiment)
        classify_join_sentiment(heads, entry->sentiment);
    classify_join(&heads->urgency, entry->urgency);
    classify_join(&heads->toxicity, entry->toxicity);
}

/* What the intents mean for functions and sentiment, by their scores; urgency is the best intent's. */
static void weigh_meanings(const struct classify_lexicons *lexicons, struct classify_heads *heads)
{
    int best = -1;
    for (int intent = 0; intent < CLASSIFY_INTENT_COUNT; intent++) {
        float score = heads->intents[intent];
        if (score == 0)
            continue;
        const struct classify_meaning *meaning = &lexicons->meanings[intent];
        for (size_t i = 0; i < meaning->functions.len; i++)
            classify_join(&heads->functions[meaning->functions.items[i].label], score * meaning->functions.items[i].score);
        if (meaning->has_sentiment)
            classify_join_sentiment(heads, score * meaning->sentiment);
        if (best < 0 || score > heads->intents[best])
            best = intent;
    }
    if (best >= 0)
        classify_join(&heads->urgency, lexicons->meanings[best].urgency);
}

static void weigh(struct search *search, struct classify_findings *findings)
{
    const struct classify_lexicons *lexicons = search->lexicons;
    size_t words = lexicons->count / 64 + 1, most = search->match_count + lexicons->unmatched_count;
    struct lists lists = { CX_NEW_ARRAY(search->arena, struct cx_str, most * lexicons->most_topics + 1),
                           CX_NEW_ARRAY(search->arena, struct cx_str, most + 1), 0, 0, 0 };
    for (size_t word = 0; word < words; word++)
        for (uint64_t bits = search->present[word] | search->negated[word] | lexicons->unmatched[word]; bits != 0; bits &= bits - 1) {
            uint32_t number = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
            const struct classify_entry *entry = &lexicons->entries[number];
            bool is_standing = stands(search, entry, number);
            if (!is_standing && has_bit(search->negated, number) && !has_bit(search->present, number))
                classify_join_sentiment(&findings->heads, entry->sentiment * -0.5f);
            search->present[word] &= ~(UINT64_C(1) << number % 64);
            if (!is_standing)
                continue;
            set_bit(search->present, number);
            weigh_entry(entry, &findings->heads);
            list_entry(entry, &lists, findings);
        }
    weigh_meanings(lexicons, &findings->heads);
    findings->topics = (struct cx_str_list){ lists.topics, lists.topic_count };
    findings->hits = (struct cx_str_list){ lists.hits, lists.hit_count };
}

/* Sets up the search and takes the matches; false where there is none. */
static bool begin_search(struct search *search, const struct classify_lexicons *lexicons, struct cx_arena *arena, const struct cx_folded *folded,
                         struct cx_str language)
{
    *search = (struct search){ .lexicons = lexicons, .arena = arena, .folded = folded->text };
    search->match_count = cx_matcher_scan(lexicons->matcher, arena, folded, &search->matches);
    if (search->match_count == 0)
        return false;
    search->present = CX_NEW_ARRAY(arena, uint64_t, lexicons->count / 64 + 1);
    search->negated = CX_NEW_ARRAY(arena, uint64_t, lexicons->count / 64 + 1);
    take_matches(search, language);
    return true;
}

void classify_find(const struct classify_lexicons *lexicons, struct cx_arena *arena, const struct cx_folded *folded, struct cx_str language,
                   struct classify_findings *findings)
{
    struct search search;
    *findings = (struct classify_findings){ .reason = CX_STR_NULL };
    if (begin_search(&search, lexicons, arena, folded, language))
        weigh(&search, findings);
}

size_t classify_witnesses(const struct classify_lexicons *lexicons, struct cx_arena *arena, const struct cx_folded *folded, struct cx_str language,
                          struct classify_witness **witnesses)
{
    struct search search;
    struct classify_findings findings = { .reason = CX_STR_NULL };
    if (!begin_search(&search, lexicons, arena, folded, language))
        return 0;
    weigh(&search, &findings); /* leaves in `present` the entries that stand */
    size_t n = 0;
    *witnesses = CX_NEW_ARRAY(arena, struct classify_witness, search.match_count + lexicons->unmatched_count);
    for (size_t i = 0; i < search.match_count; i++) {
        const struct cx_match *match = &search.matches[i];
        const struct classify_entry *entry = &lexicons->entries[match->id];
        bool counts = has_bit(search.present, match->id);
        if (entry->kind == CLASSIFY_EVIDENCE && !entry->is_silent && (counts || has_bit(search.negated, match->id)))
            (*witnesses)[n++] = (struct classify_witness){ entry, match->start, match->end, !counts };
    }
    for (uint32_t i = 0; i < lexicons->count; i++)
        if (has_bit(lexicons->unmatched, i) && has_bit(search.present, i))
            (*witnesses)[n++] = (struct classify_witness){ &lexicons->entries[i], 0, 0, false };
    return n;
}
