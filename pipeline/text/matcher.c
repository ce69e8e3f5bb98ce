/* matcher.c - phrases of whole words by their index, everything else in one Vectorscan database. */
#include "text/phrase.h"
#include <hs/hs.h>
#include <pthread.h>

/* What the database reports, by its index. */
struct expression {
    bool starts_at_word, ends_at_word;
    uint32_t id, length; /* length: of a literal; 0: the database tells where a match starts */
};
struct cx_matcher {
    struct phrase_index *index;
    struct phrase *phrases;
    hs_database_t *database; /* NULL: no expressions */
    struct expression *expressions;
    size_t phrase_count, expression_count;
    char *texts;     /* what the phrases point into */
    uint64_t serial; /* never used twice, so that a thread knows whether its scratch suits */
};

/* ---- scratch, one a thread ---- */

static _Thread_local struct {
    hs_scratch_t *scratch;
    uint64_t serial; /* of the matcher it was last made to suit */
} mine;
static pthread_key_t scratch_key;

static void free_scratch(void *scratch)
{
    hs_free_scratch(scratch);
}

static void make_key(void)
{
    cx_assert(pthread_key_create(&scratch_key, free_scratch) == 0);
}

static hs_scratch_t *scratch_for(const struct cx_matcher *m)
{
    if (mine.serial == m->serial)
        return mine.scratch;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    cx_assert(hs_alloc_scratch(m->database, &mine.scratch) == HS_SUCCESS);
    cx_assert(pthread_setspecific(scratch_key, mine.scratch) == 0);
    mine.serial = m->serial;
    return mine.scratch;
}

/* ---- compiling ---- */

/* What the compiler of the database is handed. */
struct sources {
    const char **texts;
    unsigned *flags, *ids;
    const struct cx_pattern **patterns;
    struct cx_arena *arena;
};

static const char *literal_expression(struct cx_arena *arena, struct cx_str literal)
{
    char *out = cx_arena_bytes(arena, literal.len * 4 + 1);
    out[0] = '\0';
    for (size_t i = 0; i < literal.len; i++)
        snprintf(out + i * 4, 5, "\\x%02x", (unsigned)(unsigned char)literal.ptr[i]);
    return out;
}

static void add_expression(struct cx_matcher *m, const struct cx_pattern *pattern, struct sources *sources)
{
    size_t i = m->expression_count++;
    bool is_word = pattern->whole_word || pattern->prefix;
    m->expressions[i] =
        (struct expression){ is_word, pattern->whole_word && !pattern->prefix, pattern->id, pattern->is_regex ? 0 : (uint32_t)pattern->text.len };
    sources->patterns[i] = pattern;
    sources->ids[i] = (unsigned)i;
    sources->flags[i] = pattern->is_regex ? HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST : 0;
    sources->texts[i] = pattern->is_regex ? cx_arena_format(sources->arena, "%.*s%c", CX_STR_ARG(pattern->text), '\0').ptr
                                          : literal_expression(sources->arena, pattern->text);
}

static int compile_expressions(struct cx_matcher *m, struct sources *sources, struct cx_error *err)
{
    hs_compile_error_t *fault = NULL;
    if (m->expression_count == 0 || hs_compile_multi(sources->texts, sources->flags, sources->ids, (unsigned)m->expression_count, HS_MODE_BLOCK, NULL,
                                                     &m->database, &fault) == HS_SUCCESS)
        return 0;
    if (fault->expression >= 0)
        cx_fail(err, CX_EXIT_CONFIG, "pattern \"%.*s\": %s", CX_STR_ARG(sources->patterns[fault->expression]->text), fault->message);
    else
        cx_fail(err, CX_EXIT_CONFIG, "the patterns do not compile: %s", fault->message);
    hs_free_compile_error(fault);
    return -1;
}

static int compile(struct cx_matcher *m, const struct cx_pattern *patterns, size_t n, struct sources *sources, struct cx_error *err)
{
    char *at = m->texts;
    for (size_t i = 0; i < n; i++) {
        const struct cx_pattern *pattern = &patterns[i];
        const char *why;
        if (pattern->is_regex || !(pattern->whole_word || pattern->prefix)) {
            if (pattern->text.len == 0)
                return cx_fail(err, CX_EXIT_CONFIG, "pattern \"\": the phrase is empty");
            add_expression(m, pattern, sources);
            continue;
        }
        struct cx_str text = cx_str_n(at, pattern->text.len);
        if (text.len > 0)
            memcpy(at, pattern->text.ptr, text.len);
        at += text.len;
        if (!phrase_read(&m->phrases[m->phrase_count++], pattern, text, &why))
            return cx_fail(err, CX_EXIT_CONFIG, "pattern \"%.*s\": %s", CX_STR_ARG(text), why);
    }
    m->index = phrase_index_new(m->phrases, m->phrase_count);
    return compile_expressions(m, sources, err);
}

struct cx_matcher *cx_matcher_new(const struct cx_pattern *patterns, size_t n, struct cx_error *err)
{
    static uint64_t last_serial;
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += patterns[i].text.len;
    struct cx_matcher *m = calloc(1, sizeof *m);
    cx_assert(m != NULL);
    m->serial = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
    m->phrases = calloc(n + 1, sizeof *m->phrases);
    m->expressions = calloc(n + 1, sizeof *m->expressions);
    m->texts = malloc(bytes + 1);
    cx_assert(m->phrases != NULL && m->expressions != NULL && m->texts != NULL);
    struct cx_arena *arena = cx_arena_new(256u << 20);
    struct sources sources = { CX_NEW_ARRAY(arena, const char *, n + 1), CX_NEW_ARRAY(arena, unsigned, n + 1), CX_NEW_ARRAY(arena, unsigned, n + 1),
                               CX_NEW_ARRAY(arena, const struct cx_pattern *, n + 1), arena };
    int failed = compile(m, patterns, n, &sources, err);
    cx_arena_free(arena);
    if (failed == 0)
        return m;
    cx_matcher_free(m);
    return NULL;
}

void cx_matcher_free(struct cx_matcher *m)
{
    if (m == NULL)
        return;
    phrase_index_free(m->index);
    hs_free_database(m->database);
    free(m->phrases);
    free(m->expressions);
    free(m->texts);
    free(m);
}

/* ---- scanning ---- */

struct scan {
    const struct cx_matcher *matcher;
    struct cx_arena *arena;
    struct cx_str text;
    struct cx_match *matches;
    size_t len, cap;
};

static void add_match(void *context, struct cx_match match)
{
    struct scan *scan = context;
    if (scan->len == scan->cap) {
        size_t cap = scan->cap * 2;
        struct cx_match *matches = cx_arena_alloc(scan->arena, cap * sizeof *matches);
        memcpy(matches, scan->matches, scan->len * sizeof *matches);
        scan->matches = matches;
        scan->cap = cap;
    }
    scan->matches[scan->len++] = match;
}

static int on_expression(unsigned i, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)flags;
    struct scan *scan = context;
    const struct expression *expression = &scan->matcher->expressions[i];
    size_t start = expression->length != 0 ? to - expression->length : from;
    if (expression->starts_at_word && phrase_is_word_before(scan->text, start) && phrase_is_word_at(scan->text, start))
        return 0;
    if (expression->ends_at_word && phrase_is_word_before(scan->text, to) && phrase_is_word_at(scan->text, to))
        return 0;
    add_match(scan, (struct cx_match){ expression->id, (uint32_t)start, (uint32_t)to });
    return 0;
}

static int compare_matches(const void *left, const void *right)
{
    const struct cx_match *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Matches come nearly sorted: insertion is quickest for the usual few, qsort bounds the worst case. */
static void sort_matches(struct cx_match *matches, size_t n)
{
    if (n > 64) {
        qsort(matches, n, sizeof *matches, compare_matches);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct cx_match match = matches[i];
        size_t at = i;
        for (; at > 0 && compare_matches(&matches[at - 1], &match) > 0; at--)
            matches[at] = matches[at - 1];
        matches[at] = match;
    }
}

size_t cx_matcher_scan(const struct cx_matcher *m, struct cx_arena *arena, const struct cx_folded *folded, struct cx_match **matches)
{
    struct scan scan = { m, arena, folded->text, NULL, 0, 32 };
    scan.matches = cx_arena_alloc(arena, scan.cap * sizeof *scan.matches);
    phrase_index_walk(m->index, folded, add_match, &scan);
    if (m->database != NULL && folded->text.len > 0)
        cx_assert(hs_scan(m->database, folded->text.ptr, (unsigned)folded->text.len, 0, scratch_for(m), on_expression, &scan) == HS_SUCCESS);
    sort_matches(scan.matches, scan.len);
    size_t kept = 0;
    for (size_t i = 0; i < scan.len; i++)
        if (kept == 0 || compare_matches(&scan.matches[kept - 1], &scan.matches[i]) != 0)
            scan.matches[kept++] = scan.matches[i];
    *matches = scan.matches;
    return kept;
}
