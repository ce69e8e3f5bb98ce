/* lexicon_read.c - a lexicon's YAML into drafts. */
#include "stages/classify/draft.h"

static const char *const file_members[] = { "lexicon", "version", "language", "doc", "negation", "intents", "entries", NULL };
static const char *const entry_members[] = { "doc",    "phrases", "regexes",   "when",    "unless",   "intents", "functions",
                                             "topics", "reason",  "sentiment", "urgency", "toxicity", "off",     NULL };
static const char *const source_members[] = { "phrases", "regexes", "when", NULL };

static int expect_type(const struct cx_node *node, enum cx_node_type type, struct cx_error *err)
{
    static const char *const names[] = { "nothing", "a single value", "a list", "a map" };
    if (node->type == type)
        return 0;
    return cx_node_fail(node, err, "expected %s, not %s", names[type], names[node->type]);
}

struct draft_entry *classify_draft_find(const struct classify_reader *reader, struct cx_str lexicon, struct cx_str id)
{
    for (struct draft_entry *entry = reader->first; entry != NULL; entry = entry->next)
        if (cx_str_eq(entry->id, id) && cx_str_eq(entry->lexicon, lexicon))
            return entry;
    return NULL;
}

/* { label: score, ... } */
static int read_says(struct cx_arena *arena, const struct cx_node *map, const char *const *labels, const char *what, struct classify_says_list *says,
                     struct cx_error *err)
{
    CX_TRY(expect_type(map, CX_NODE_MAP, err));
    says->items = CX_NEW_ARRAY(arena, struct classify_says, map->count + 1);
    says->len = 0;
    for (const struct cx_node *node = map->first; node != NULL; node = node->next) {
        int label = classify_label(labels, node->key);
        if (label < 0) {
            size_t n = 0;
            while (labels[n] != NULL)
                n++;
            const char *meant = cx_did_you_mean(node->key, labels, n);
            return cx_node_fail(node, err, "\"%.*s\" is no %s%s%s%s", CX_STR_ARG(node->key), what, meant ? "; did you mean " : "", meant ? meant : "",
                                meant ? "?" : "");
        }
        double score;
        CX_TRY(cx_node_f64(node, 0, 1, &score, err));
        says->items[says->len++] = (struct classify_says){ (uint8_t)label, (float)score };
    }
    return 0;
}

static int read_score(const struct cx_node *entry, const char *member, double min, float *score, bool *is_there, struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(entry, member);
    double value = 0;
    if (node != NULL)
        CX_TRY(cx_node_f64(node, min, 1, &value, err));
    *score = (float)value;
    if (is_there != NULL)
        *is_there = node != NULL;
    return 0;
}

static int read_topics(struct cx_arena *arena, const struct cx_node *entry, struct classify_entry *says, struct cx_error *err)
{
    const struct cx_node *list = cx_node_get(entry, "topics");
    if (list == NULL)
        return 0;
    CX_TRY(expect_type(list, CX_NODE_LIST, err));
    struct cx_str *topics = CX_NEW_ARRAY(arena, struct cx_str, list->count + 1);
    for (const struct cx_node *node = list->first; node != NULL; node = node->next)
        CX_TRY(cx_node_str(node, &topics[says->topic_count++], err));
    says->topics = topics;
    return 0;
}

/* Adds a list of phrases or expressions to an entry. */
static int read_patterns(struct cx_arena *arena, const struct cx_node *list, bool is_regex, struct draft_entry *entry, struct cx_error *err)
{
    if (list == NULL)
        return 0;
    CX_TRY(expect_type(list, CX_NODE_LIST, err));
    for (const struct cx_node *node = list->first; node != NULL; node = node->next) {
        struct draft_pattern *pattern = CX_NEW(arena, struct draft_pattern);
        pattern->at = node;
        pattern->pattern = (struct cx_pattern){ .is_regex = is_regex, .whole_word = true, .clitics = entry->is_arabic };
        CX_TRY(cx_node_str(node, &pattern->pattern.text, err));
        pattern->next = entry->patterns;
        entry->patterns = pattern;
    }
    return 0;
}

static int read_entry_says(struct classify_reader *reader, const struct cx_node *node, struct classify_entry *says, struct cx_error *err)
{
    const struct cx_node *intents = cx_node_get(node, "intents"), *functions = cx_node_get(node, "functions"), *reason = cx_node_get(node, "reason");
    if (intents != NULL)
        CX_TRY(read_says(reader->arena, intents, classify_intents, "intent", &says->intents, err));
    if (functions != NULL)
        CX_TRY(read_says(reader->arena, functions, classify_functions, "function", &says->functions, err));
    if (reason != NULL)
        CX_TRY(cx_node_str(reason, &says->reason, err));
    CX_TRY(read_topics(reader->arena, node, says, err));
    CX_TRY(read_score(node, "sentiment", -1, &says->sentiment, &says->has_sentiment, err));
    CX_TRY(read_score(node, "urgency", 0, &says->urgency, NULL, err));
    CX_TRY(read_score(node, "toxicity", 0, &says->toxicity, NULL, err));
    says->is_silent = says->intents.len + says->functions.len + says->topic_count == 0 && says->reason.ptr == NULL && !says->has_sentiment &&
                      says->urgency == 0 && says->toxicity == 0;
    return 0;
}

/* The draft of that name, empty; a new one at the end, or the old one to be filled anew. */
static struct draft_entry *start_entry(struct classify_reader *reader, struct cx_str lexicon, struct cx_str language, const struct cx_node *node)
{
    struct draft_entry *entry = classify_draft_find(reader, lexicon, node->key), *next = NULL;
    if (entry == NULL) {
        entry = CX_NEW(reader->arena, struct draft_entry);
        *reader->last = entry;
        reader->last = &entry->next;
    } else {
        next = entry->next;
    }
    *entry = (struct draft_entry){ .lexicon = lexicon, .id = node->key, .at = node, .is_arabic = cx_str_is(language, "ar"), .next = next };
    entry->says.language = language;
    entry->says.name = cx_arena_format(reader->arena, "%.*s/%.*s", CX_STR_ARG(lexicon), CX_STR_ARG(node->key));
    return entry;
}

static int read_entry(struct classify_reader *reader, struct cx_str lexicon, struct cx_str language, const struct cx_node *node, struct cx_error *err)
{
    CX_TRY(expect_type(node, CX_NODE_MAP, err));
    CX_TRY(cx_node_only(node, entry_members, err));
    struct draft_entry *entry = start_entry(reader, lexicon, language, node);
    const struct cx_node *off = cx_node_get(node, "off");
    if (off != NULL)
        CX_TRY(cx_node_bool(off, &entry->is_off, err));
    bool has_patterns = false;
    for (int i = 0; source_members[i] != NULL; i++)
        has_patterns = has_patterns || cx_node_get(node, source_members[i]) != NULL;
    if (!has_patterns && !entry->is_off)
        return cx_node_fail(node, err, "the entry needs phrases, regexes or when");
    CX_TRY(read_entry_says(reader, node, &entry->says, err));
    CX_TRY(read_patterns(reader->arena, cx_node_get(node, "phrases"), false, entry, err));
    CX_TRY(read_patterns(reader->arena, cx_node_get(node, "regexes"), true, entry, err));
    entry->when = cx_node_get(node, "when");
    entry->unless = cx_node_get(node, "unless");
    return 0;
}

/* negation: { before: [...], after: [...] } */
static int read_negation(struct classify_reader *reader, struct cx_str lexicon, struct cx_str language, const struct cx_node *map,
                         struct cx_error *err)
{
    static const char *const members[] = { "before", "after", NULL };
    CX_TRY(expect_type(map, CX_NODE_MAP, err));
    CX_TRY(cx_node_only(map, members, err));
    for (const struct cx_node *list = map->first; list != NULL; list = list->next) {
        struct cx_node named = *list;
        named.key = cx_arena_format(reader->arena, "negation_%.*s", CX_STR_ARG(list->key));
        struct draft_entry *entry = start_entry(reader, lexicon, language, &named);
        entry->at = list;
        entry->says.kind = cx_str_is(list->key, "before") ? CLASSIFY_NEGATES_BEFORE : CLASSIFY_NEGATES_AFTER;
        entry->says.is_silent = true;
        CX_TRY(read_patterns(reader->arena, list, false, entry, err));
    }
    return 0;
}

/* intents: what each intent says beside its name. */
static int read_meanings(struct classify_reader *reader, const struct cx_node *map, struct cx_error *err)
{
    static const char *const members[] = { "functions", "sentiment", "urgency", NULL };
    CX_TRY(expect_type(map, CX_NODE_MAP, err));
    CX_TRY(cx_node_only(map, classify_intents, err));
    for (const struct cx_node *node = map->first; node != NULL; node = node->next) {
        CX_TRY(expect_type(node, CX_NODE_MAP, err));
        CX_TRY(cx_node_only(node, members, err));
        struct classify_meaning *meaning = &reader->meanings[classify_label(classify_intents, node->key)];
        *meaning = (struct classify_meaning){ 0 };
        const struct cx_node *functions = cx_node_get(node, "functions");
        if (functions != NULL)
            CX_TRY(read_says(reader->arena, functions, classify_functions, "function", &meaning->functions, err));
        CX_TRY(read_score(node, "sentiment", -1, &meaning->sentiment, &meaning->has_sentiment, err));
        CX_TRY(read_score(node, "urgency", 0, &meaning->urgency, NULL, err));
    }
    return 0;
}

static int need_str(const struct cx_node *root, const char *member, struct cx_str *out, struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(root, member);
    return node != NULL ? cx_node_str(node, out, err) : cx_node_fail(root, err, "a lexicon needs \"%s\"", member);
}

/* Versions of what is compiled in are one where they agree; the operator's are added as name@version. */
static void note_version(struct classify_reader *reader, struct cx_str lexicon, struct cx_str version, bool is_own)
{
    if (is_own && (reader->own_version.ptr == NULL || cx_str_eq(reader->own_version, version)))
        reader->own_version = version;
    else
        reader->added_versions =
            cx_arena_format(reader->arena, "%.*s+%.*s@%.*s", CX_STR_ARG(reader->added_versions), CX_STR_ARG(lexicon), CX_STR_ARG(version));
}

int classify_reader_add(struct classify_reader *reader, const char *file, struct cx_str yaml, bool is_own, struct cx_error *err)
{
    const struct cx_node *root = cx_config_parse(reader->arena, file, yaml, err);
    if (root == NULL)
        return -1;
    CX_TRY(expect_type(root, CX_NODE_MAP, err));
    CX_TRY(cx_node_only(root, file_members, err));
    struct cx_str lexicon, version, language = CX_STR_NULL;
    CX_TRY(need_str(root, "lexicon", &lexicon, err));
    if (cx_str_is(lexicon, "model"))
        return cx_node_fail(cx_node_get(root, "lexicon"), err,
                            "a lexicon cannot be named \"model\": records name what the model said so; choose another name");
    CX_TRY(need_str(root, "version", &version, err));
    note_version(reader, lexicon, version, is_own);
    const struct cx_node *node = cx_node_get(root, "language"), *negation = cx_node_get(root, "negation"), *intents = cx_node_get(root, "intents"),
                         *entries = cx_node_get(root, "entries");
    if (node != NULL)
        CX_TRY(cx_node_str(node, &language, err));
    if (negation != NULL)
        CX_TRY(read_negation(reader, lexicon, language, negation, err));
    if (intents != NULL)
        CX_TRY(read_meanings(reader, intents, err));
    if (entries == NULL)
        return 0;
    CX_TRY(expect_type(entries, CX_NODE_MAP, err));
    for (node = entries->first; node != NULL; node = node->next)
        CX_TRY(read_entry(reader, lexicon, language, node, err));
    return 0;
}
