#include "stages/classify/lexicon.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static struct classify_lexicons lexicons;
static struct cx_error err;
static void start(void)
{
    arena = cx_arena_new(64u << 20);
}
static void end(void)
{
    classify_lexicons_close(&lexicons);
    cx_arena_free(arena);
}
TestSuite(lexicon, .init = start, .fini = end);

/* Reads files a.yaml, b.yaml, ... in order; 0 or -1. */
static int read_all(const char *const *files)
{
    struct classify_reader *reader = classify_reader_new(arena);
    for (int i = 0; files[i] != NULL; i++)
        CX_TRY(classify_reader_add(reader, cx_arena_format(arena, "%c.yaml%c", 'a' + i, '\0').ptr, cx_str(files[i]), i == 0, &err));
    return classify_reader_end(reader, &lexicons, &err);
}

static void expect_fault(const char *yaml, const char *place, const char *words)
{
    cr_assert_eq(read_all((const char *[]){ yaml, NULL }), -1, "no fault in: %s", yaml);
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert(strncmp(err.text, place, strlen(place)) == 0 && strstr(err.text, words) != NULL, "%s", err.text);
}

#define HEAD "lexicon: x\nversion: '1'\nentries:\n"

Test(lexicon, says_where_a_fault_stands)
{
    expect_fault("lexicon: x\nentries: {}\n", "a.yaml:1:", "version");
    expect_fault("version: '1'\nlexicon: model\n", "a.yaml:2:", "cannot be named");
    expect_fault(HEAD "  a: { phrases: [b], intent: { refund: 1 } }\n", "a.yaml:4:", "intents");
    expect_fault(HEAD "  a: { phrases: [b], intents: { refund_reqest: 1 } }\n", "a.yaml:4:", "refund_request");
    expect_fault(HEAD "  a: { phrases: [b], functions: { care: 2 } }\n", "a.yaml:4:", "");
    expect_fault(HEAD "  a: { sentiment: 1 }\n", "a.yaml:4:", "phrases, regexes or when");
    expect_fault(HEAD "  a:\n    phrases: [fine, 'pa*ra']\n", "a.yaml:5:", "pa*ra");
    expect_fault(HEAD "  a:\n    phrases: [fine, 'b*']\n", "a.yaml:5:", "nearly everything");
    expect_fault(HEAD "  a:\n    phrases: ['  ']\n", "a.yaml:5:", "empty");
    expect_fault(HEAD "  a:\n    regexes: ['[0-9]', '(open']\n", "a.yaml:5:", "(open");
    expect_fault(HEAD "  a: { when: [b], sentiment: 1 }\n", "a.yaml:4:", "there is no entry \"b\"");
    expect_fault(HEAD "  a: { when: [b], sentiment: 1 }\n  b: { unless: [a], phrases: [c] }\n", "a.yaml:", "needs itself");
}

static const struct classify_entry *find(const char *name)
{
    for (size_t i = 0; i < lexicons.count; i++)
        if (cx_str_is(lexicons.entries[i].name, name))
            return &lexicons.entries[i];
    return NULL;
}

Test(lexicon, a_later_file_adds_replaces_and_switches_off)
{
    int failed = read_all((const char *[]){
        HEAD "  a: { phrases: [b], urgency: 0.5 }\n  b: { phrases: [c], urgency: 0.5 }\n  d: { phrases: [e], unless: [b], urgency: 0.1 }\n",
        "lexicon: x\nversion: '7'\nentries:\n  a: { phrases: [b], urgency: 0.9 }\n  b: { off: true }\n  c: { phrases: [d] }\n", NULL });

    cr_assert_eq(failed, 0, "%s", err.text);
    cr_assert_float_eq(find("x/a")->urgency, 0.9f, 1e-6);
    cr_assert_null(find("x/b"));
    cr_assert(find("x/c")->is_silent);
    cr_assert_eq(find("x/d")->unless_count, 0);
    cr_assert(cx_str_is(lexicons.version, "1+x@7"), "%.*s", CX_STR_ARG(lexicons.version));
}

Test(lexicon, places_what_an_entry_needs_before_it)
{
    int failed =
        read_all((const char *[]){ HEAD "  a: { when: [b, c], sentiment: 1 }\n  b: { phrases: [b], unless: [c] }\n  c: { phrases: [c] }\n", NULL });

    cr_assert_eq(failed, 0, "%s", err.text);
    cr_assert(find("x/c") < find("x/b") && find("x/b") < find("x/a"));
    cr_assert(&lexicons.entries[find("x/a")->when[0]] == find("x/b"));
}
