/* matcher.c - all patterns in one Vectorscan database: it finds triggers and expressions, phrase.c decides what is a match. */
#include "text/phrase.h"
#include <hs/hs.h>
#include <pthread.h>

struct pattern {
    struct phrase phrase;
    bool is_regex;
    uint32_t id;
};
struct cx_matcher {
    hs_database_t *database; /* NULL: no patterns */
    struct pattern *patterns;
    size_t n;
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

/* What the compiler is handed: expressions with their flags. */
struct sources {
    const char **expressions;
    unsigned *flags, *ids;
    struct cx_arena *arena;
};

static const char *literal_expression(struct cx_arena *arena, struct cx_str literal)
{
    static const char digits[] = "0123456789abcdef";
    char *out = cx_arena_bytes(arena, literal.len * 4 + 1), *p = out;
    for (size_t i = 0; i < literal.len; i++) {
        unsigned char byte = (unsigned char)literal.ptr[i];
        *p++ = '\\';
        *p++ = 'x';
        *p++ = digits[byte >> 4];
        *p++ = digits[byte & 0xf];
    }
    *p = '\0';
    return out;
}

static int read_pattern(struct cx_matcher *m, size_t i, const struct cx_pattern *given, struct cx_str text, struct sources *sources,
                        struct cx_error *err)
{
    struct pattern *pattern = &m->patterns[i];
    pattern->id = given->id;
    pattern->is_regex = given->is_regex;
    sources->ids[i] = (unsigned)i;
    if (given->is_regex) {
        bool is_word = given->whole_word || given->prefix;
        pattern->phrase = (struct phrase){
            .text = text, .starts_at_word = is_word, .ends_at_word = given->whole_word && !given->prefix, .clitics = given->clitics
        };
        sources->flags[i] = HS_FLAG_UTF8 | HS_FLAG_SOM_LEFTMOST;
        sources->expressions[i] = cx_arena_format(sources->arena, "%.*s%c", CX_STR_ARG(text), '\0').ptr;
        return 0;
    }
    const char *why;
    if (!phrase_read(&pattern->phrase, given, text, &why))
        return cx_fail(err, CX_EXIT_CONFIG, "pattern \"%.*s\": %s", CX_STR_ARG(text), why);
    sources->flags[i] = 0;
    sources->expressions[i] = literal_expression(sources->arena, cx_str_n(text.ptr, pattern->phrase.trigger_len));
    return 0;
}

static int compile(struct cx_matcher *m, const struct cx_pattern *patterns, struct sources *sources, struct cx_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < m->n; i++)
        bytes += patterns[i].text.len;
    m->texts = malloc(bytes + 1);
    cx_assert(m->texts != NULL);
    char *at = m->texts;
    for (size_t i = 0; i < m->n; i++) {
        struct cx_str text = cx_str_n(at, patterns[i].text.len);
        if (text.len > 0)
            memcpy(at, patterns[i].text.ptr, text.len);
        at += text.len;
        CX_TRY(read_pattern(m, i, &patterns[i], text, sources, err));
    }
    hs_compile_error_t *fault = NULL;
    if (hs_compile_multi(sources->expressions, sources->flags, sources->ids, (unsigned)m->n, HS_MODE_BLOCK, NULL, &m->database, &fault) == HS_SUCCESS)
        return 0;
    if (fault->expression >= 0)
        cx_fail(err, CX_EXIT_CONFIG, "pattern \"%.*s\": %s", CX_STR_ARG(patterns[fault->expression].text), fault->message);
    else
        cx_fail(err, CX_EXIT_CONFIG, "the patterns do not compile: %s", fault->message);
    hs_free_compile_error(fault);
    return -1;
}

struct cx_matcher *cx_matcher_new(const struct cx_pattern *patterns, size_t n, struct cx_error *err)
{
    static uint64_t last_serial;
    struct cx_matcher *m = calloc(1, sizeof *m);
    cx_assert(m != NULL);
    m->serial = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
    if (n == 0)
        return m;
    m->n = n;
    m->patterns = calloc(n, sizeof *m->patterns);
    cx_assert(m->patterns != NULL);
    struct cx_arena *arena = cx_arena_new(256u << 20);
    struct sources sources = { CX_NEW_ARRAY(arena, const char *, n), CX_NEW_ARRAY(arena, unsigned, n), CX_NEW_ARRAY(arena, unsigned, n), arena };
    int failed = compile(m, patterns, &sources, err);
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
    hs_free_database(m->database);
    free(m->patterns);
    free(m->texts);
    free(m);
}

/* ---- scanning ---- */

struct scan {
    const struct cx_matcher *matcher;
    struct cx_arena *arena;
    struct cx_str folded;
    struct cx_match *matches;
    size_t len, cap;
};

static void add_match(struct scan *scan, struct cx_match match)
{
    if (scan->len == scan->cap) {
        size_t cap = scan->cap * 2;
        struct cx_match *matches = cx_arena_alloc(scan->arena, cap * sizeof *matches);
        memcpy(matches, scan->matches, scan->len * sizeof *matches);
        scan->matches = matches;
        scan->cap = cap;
    }
    scan->matches[scan->len++] = match;
}

static int on_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
    (void)flags;
    struct scan *scan = context;
    const struct pattern *pattern = &scan->matcher->patterns[id];
    struct cx_match match = { pattern->id, (uint32_t)from, (uint32_t)to };
    const struct phrase *phrase = &pattern->phrase;
    bool is_match = pattern->is_regex ? phrase_is_word(scan->folded, from, to, phrase->starts_at_word, phrase->ends_at_word, phrase->clitics)
                                      : phrase_verify(phrase, scan->folded, to, &match);
    if (is_match)
        add_match(scan, match);
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

/* Matches come nearly sorted by end: insertion is quickest for the usual few, qsort bounds the worst case. */
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

size_t cx_matcher_scan(const struct cx_matcher *m, struct cx_arena *arena, struct cx_str folded, struct cx_match **matches)
{
    *matches = NULL;
    if (m->database == NULL || folded.len == 0)
        return 0;
    struct scan scan = { m, arena, folded, NULL, 0, 32 };
    scan.matches = cx_arena_alloc(arena, scan.cap * sizeof *scan.matches);
    cx_assert(hs_scan(m->database, folded.ptr, (unsigned)folded.len, 0, scratch_for(m), on_hit, &scan) == HS_SUCCESS);
    sort_matches(scan.matches, scan.len);
    size_t kept = 0;
    for (size_t i = 0; i < scan.len; i++)
        if (kept == 0 || compare_matches(&scan.matches[kept - 1], &scan.matches[i]) != 0)
            scan.matches[kept++] = scan.matches[i];
    *matches = scan.matches;
    return kept;
}
