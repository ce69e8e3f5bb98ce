/* lexicon.c - drafts into numbered entries and one matcher. */
#include "stages/classify/draft.h"

#define ENTRIES_MAX 65535u

struct classify_reader *classify_reader_new(struct cx_arena *arena)
{
    struct classify_reader *reader = CX_NEW(arena, struct classify_reader);
    reader->arena = arena;
    reader->last = &reader->first;
    reader->added_versions = CX_STR("");
    return reader;
}

/* "refund" of the same lexicon, or "common/refund". */
static struct draft_entry *resolve(const struct classify_reader *reader, const struct draft_entry *from, struct cx_str name)
{
    ptrdiff_t slash = cx_str_find(name, '/');
    if (slash < 0)
        return classify_draft_find(reader, from->lexicon, name);
    return classify_draft_find(reader, cx_str_n(name.ptr, (size_t)slash), cx_str_skip(name, (size_t)slash + 1));
}

struct placing {
    const struct classify_reader *reader;
    struct draft_entry **placed;
    uint32_t count;
};
static int place(struct placing *placing, struct draft_entry *entry, struct cx_error *err);

/* Places what a list names before the entry itself, and keeps the numbers. Names of entries that are off are left out of `unless`. */
static int place_named(struct placing *placing, const struct draft_entry *entry, const struct cx_node *list, bool is_needed, const uint32_t **numbers,
                       size_t *count, struct cx_error *err)
{
    if (list == NULL)
        return 0;
    if (list->type != CX_NODE_LIST)
        return cx_node_fail(list, err, "expected a list of entries");
    uint32_t *out = CX_NEW_ARRAY(placing->reader->arena, uint32_t, list->count + 1);
    for (const struct cx_node *node = list->first; node != NULL; node = node->next) {
        struct cx_str name;
        CX_TRY(cx_node_str(node, &name, err));
        struct draft_entry *named = resolve(placing->reader, entry, name);
        if (named == NULL)
            return cx_node_fail(node, err, "there is no entry \"%.*s\"", CX_STR_ARG(name));
        if (named->is_off && !is_needed)
            continue;
        if (named->is_off)
            return cx_node_fail(node, err, "the entry \"%.*s\" is off", CX_STR_ARG(name));
        CX_TRY(place(placing, named, err));
        out[(*count)++] = named->number;
    }
    *numbers = out;
    return 0;
}

static int place(struct placing *placing, struct draft_entry *entry, struct cx_error *err)
{
    if (entry->mark == 2 || entry->is_off)
        return 0;
    if (entry->mark == 1)
        return cx_node_fail(entry->at, err, "the entry needs itself, by way of when or unless");
    entry->mark = 1;
    struct classify_entry *says = &entry->says;
    CX_TRY(place_named(placing, entry, entry->when, true, &says->when, &says->when_count, err));
    CX_TRY(place_named(placing, entry, entry->unless, false, &says->unless, &says->unless_count, err));
    if (placing->count == ENTRIES_MAX)
        return cx_node_fail(entry->at, err, "more than %u entries", ENTRIES_MAX);
    entry->mark = 2;
    entry->number = placing->count;
    placing->placed[placing->count++] = entry;
    return 0;
}

static size_t count_drafts(const struct classify_reader *reader, size_t *patterns)
{
    size_t entries = 0;
    *patterns = 0;
    for (const struct draft_entry *entry = reader->first; entry != NULL; entry = entry->next) {
        entries++;
        for (const struct draft_pattern *p = entry->patterns; p != NULL; p = p->next)
            (*patterns)++;
    }
    return entries;
}

/* Which pattern the matcher refused: each alone. Only on the way to an error. */
static int blame(struct cx_pattern *patterns, const struct cx_node *const *places, size_t n, struct cx_error *err)
{
    struct cx_error own;
    for (size_t i = 0; i < n; i++) {
        struct cx_matcher *m = cx_matcher_new(&patterns[i], 1, &own);
        if (m == NULL)
            return cx_node_fail(places[i], err, "%s", own.text);
        cx_matcher_free(m);
    }
    return -1;
}

static int compile(struct placing *placing, size_t most, struct classify_lexicons *lexicons, struct cx_error *err)
{
    struct cx_arena *arena = placing->reader->arena;
    struct cx_pattern *patterns = CX_NEW_ARRAY(arena, struct cx_pattern, most + 1);
    const struct cx_node **places = CX_NEW_ARRAY(arena, const struct cx_node *, most + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < placing->count; i++)
        for (const struct draft_pattern *p = placing->placed[i]->patterns; p != NULL; p = p->next) {
            patterns[n] = p->pattern;
            patterns[n].id = i;
            if (!p->pattern.is_regex)
                patterns[n].text = cx_text_fold(arena, p->pattern.text, CX_FOLD_SEARCH).text;
            places[n++] = p->at;
        }
    lexicons->matcher = cx_matcher_new(patterns, n, err);
    return lexicons->matcher != NULL ? 0 : blame(patterns, places, n, err);
}

int classify_reader_end(struct classify_reader *reader, struct classify_lexicons *lexicons, struct cx_error *err)
{
    size_t patterns, drafts = count_drafts(reader, &patterns);
    struct placing placing = { reader, CX_NEW_ARRAY(reader->arena, struct draft_entry *, drafts + 1), 0 };
    for (struct draft_entry *entry = reader->first; entry != NULL; entry = entry->next)
        CX_TRY(place(&placing, entry, err));
    lexicons->entries = CX_NEW_ARRAY(reader->arena, struct classify_entry, placing.count + 1);
    lexicons->count = placing.count;
    lexicons->unmatched = CX_NEW_ARRAY(reader->arena, uint64_t, placing.count / 64 + 1);
    for (uint32_t i = 0; i < placing.count; i++) {
        lexicons->entries[i] = placing.placed[i]->says;
        lexicons->entries[i].needs_match = placing.placed[i]->patterns != NULL;
        if (!lexicons->entries[i].needs_match) {
            lexicons->unmatched[i / 64] |= UINT64_C(1) << i % 64;
            lexicons->unmatched_count++;
        }
        if (lexicons->entries[i].topic_count > lexicons->most_topics)
            lexicons->most_topics = lexicons->entries[i].topic_count;
    }
    memcpy(lexicons->meanings, reader->meanings, sizeof lexicons->meanings);
    lexicons->version = cx_arena_format(reader->arena, "%.*s%.*s", CX_STR_ARG(reader->own_version), CX_STR_ARG(reader->added_versions));
    return compile(&placing, patterns, lexicons, err);
}

void classify_lexicons_close(struct classify_lexicons *lexicons)
{
    cx_matcher_free(lexicons->matcher);
    lexicons->matcher = NULL;
}
