/* explain.c - cx explain: why a text is taken for what it is taken for. */
#include "run/reading.h"
#include "run/render.h"
#include "run/verb.h"

#include <errno.h>
#include <math.h>

enum { TEXT = CX_FLAG_FIRST, EVENT, LANGUAGE, CHANNEL, TENANT, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "text", 't', "TEXT", "The text of a customer's message." },
    { "event", 'e', NULL, "Reads records from stdin instead, a JSON line each: canonical, envelopes, or what cx tap --values prints." },
    { "language", 'l', "XX", "As if the text were in this language (ISO 639-1); else as found." },
    { "channel", 0, "NAME", "Where --text was written (web_chat); some channels decide the C." },
    { "tenant", 0, "NAME", "Whose text --text is: of a tenant with labels of its own these count (classify.overlays)." },
    { "json", 0, NULL, "One JSON object a record." },
    { 0 },
};

struct explaining {
    const struct cx_reading *reading;
    struct cx_str language;
    bool as_json;
    struct cx_arena *arena;
    struct cx_buf out;
    int64_t records;
};

/* ---- for people ---- */

static struct cx_str text_at(const struct cx_json *object, const char *name)
{
    const struct cx_json *node = cx_json_get(object, cx_str(name));
    return node != NULL ? node->text : CX_STR_NULL;
}

/* To two places, as it is printed: what is nothing then has no sign. */
static double number_at(const struct cx_json *object, const char *name)
{
    double value = 0;
    cx_str_to_f64(text_at(object, name), &value);
    return fabs(value) < 0.005 ? 0 : value;
}

/* Words as they stand in a text, on one line. Where letters end columns do not: pads by characters. */
static void print_words(struct cx_str text, int columns)
{
    struct cx_buf shown;
    struct cx_str line;
    cx_buf_init(&shown, (size_t)64 << 20);
    while (cx_str_cut(&text, '\n', &line)) {
        cx_render_line(&shown, line);
        if (text.ptr != NULL)
            cx_buf_str(&shown, CX_STR("\\n"));
    }
    printf("%-*.*s", cx_utf8_field(cx_buf_view(&shown), columns), (int)shown.len, shown.ptr);
    cx_buf_free(&shown);
}

/* Words that the model weighed, on one line. */
static void print_features(const struct cx_json *features)
{
    for (const struct cx_json *f = features != NULL ? features->first : NULL; f != NULL; f = f->next) {
        printf("%s", f == features->first ? "          words: " : ", ");
        print_words(text_at(f, "text"), 0);
        printf(" %+.2f%s", number_at(f, "weight"), f->next == NULL ? "\n" : "");
    }
}

static void print_because(const struct cx_json *because)
{
    for (const struct cx_json *b = because->first; b != NULL; b = b->next) {
        struct cx_str text = text_at(b, "text");
        printf("  %+6.2f  ", number_at(b, "weight"));
        print_words(text.ptr != NULL ? text : CX_STR("-"), 28);
        printf(" %.*s\n", CX_STR_ARG(text_at(b, "what")));
    }
}

/* What stands in the record outright has the score 1 and the threshold 0; what no threshold decides has none. */
static void print_decision(const struct cx_json *h)
{
    bool has_threshold = cx_json_get(h, CX_STR("threshold"))->type == CX_JSON_NUMBER;
    const struct cx_json *said = cx_json_get(h, CX_STR("said"));
    printf("  %.*s", CX_STR_ARG(text_at(h, "label")));
    if (!has_threshold)
        printf("  %.2f", number_at(h, "score"));
    else if (!cx_str_is(text_at(h, "threshold"), "0") || !cx_str_is(text_at(h, "score"), "1"))
        printf("  %.2f, %s from %.2f", number_at(h, "score"), said == NULL || said->type == CX_JSON_TRUE ? "said" : "left out: said",
               number_at(h, "threshold"));
    printf("  (%.*s)\n", CX_STR_ARG(text_at(h, "by")));
}

static void print_heads(const struct cx_json *heads)
{
    struct cx_str last = CX_STR_NULL;
    bool has_reason = false;
    for (const struct cx_json *h = heads->first; h != NULL; h = h->next) {
        struct cx_str head = text_at(h, "head");
        if (!cx_str_eq(head, last))
            printf("\n%.*s\n", CX_STR_ARG(head));
        last = head;
        print_decision(h);
        print_because(cx_json_get(h, CX_STR("because")));
        print_features(cx_json_get(h, CX_STR("features")));
        has_reason = has_reason || cx_json_get(h, CX_STR("because"))->count > 0;
    }
    if (!has_reason)
        printf("\nnothing else is known of it: no entry of a lexicon is in the text\n");
}

static void print_text(struct cx_str text)
{
    struct cx_buf line;
    cx_buf_init(&line, (size_t)64 << 20);
    cx_render_line(&line, text);
    if (text.len > 0)
        printf("%.*s\n", (int)line.len, line.ptr);
    cx_buf_free(&line);
}

/* The text stands above: where its personal data are is enough. */
static void print_pii(const struct cx_json *pii)
{
    if (pii->first != NULL)
        printf("\npersonal data\n");
    for (const struct cx_json *span = pii->first; span != NULL; span = span->next)
        printf("  %.*s  %.*s bytes from byte %.*s of the text on\n", CX_STR_ARG(text_at(span, "kind")), CX_STR_ARG(text_at(span, "length")),
               CX_STR_ARG(text_at(span, "start")));
}

static void print_page(struct explaining *e, const struct cx_interaction *record)
{
    struct cx_json_fault fault;
    const struct cx_json *whole = cx_json_parse(e->arena, cx_buf_view(&e->out), &fault);
    cx_assert(whole != NULL);
    const struct cx_json *language = cx_json_get(whole, CX_STR("language"));
    printf("%s", e->records > 1 ? "\n" : "");
    print_text(record->title);
    print_text(record->text);
    printf("\nlanguage\n");
    print_decision(language);
    if (text_at(whole, "model").ptr != NULL)
        printf("\nmodel\n  %.*s\n", CX_STR_ARG(text_at(whole, "model")));
    print_pii(cx_json_get(whole, CX_STR("pii")));
    print_heads(cx_json_get(whole, CX_STR("heads")));
}

static void on_record(void *context, const struct cx_interaction *record)
{
    struct explaining *e = context;
    cx_arena_reset(e->arena);
    cx_buf_reset(&e->out);
    e->records++;
    cx_reading_explain(e->reading, e->arena, record, e->language, &e->out);
    if (e->as_json)
        printf("%.*s\n", (int)e->out.len, e->out.ptr);
    else
        print_page(e, record);
}

/* ---- where records come from ---- */

static int explain_text(struct explaining *e, struct cx_reading *reading, const struct cx_args *args, struct cx_error *err)
{
    struct cx_buf line;
    const char *why;
    cx_buf_init(&line, (size_t)64 << 20);
    cx_buf_str(&line, CX_STR("{\"native_id\":\"1\",\"occurred_at\":1700000000000,\"kind\":\"message\",\"author\":{\"name\":\"-\"},\"tenant\":"));
    cx_json_string(&line, cx_str(args->values[TENANT] != NULL ? args->values[TENANT] : "explain"));
    cx_buf_str(&line, CX_STR(",\"channel\":"));
    cx_json_string(&line, cx_str(args->values[CHANNEL] != NULL ? args->values[CHANNEL] : "web_chat"));
    cx_buf_str(&line, CX_STR(",\"text\":"));
    cx_json_string(&line, cx_str(args->values[TEXT]));
    cx_buf_byte(&line, '}');
    cx_reading_line(reading, cx_buf_view(&line), on_record, e, &why);
    cx_buf_free(&line);
    return why == NULL ? 0 : cx_fail(err, CX_EXIT_DATA, "this is no record: %s", why);
}

static int explain_lines(struct explaining *e, struct cx_reading *reading, struct cx_error *err)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t got;
    int64_t number = 0;
    int rc = 0;
    while (rc == 0 && (got = getline(&line, &cap, stdin)) >= 0) {
        const char *why = NULL;
        number++;
        struct cx_str text = cx_str_trim(cx_str_n(line, (size_t)got));
        if (text.len > 0)
            cx_reading_line(reading, text, on_record, e, &why);
        if (why != NULL)
            rc = cx_fail(err, CX_EXIT_DATA, "stdin:%lld: %s", (long long)number, why);
    }
    free(line);
    if (rc == 0 && ferror(stdin))
        rc = cx_fail(err, CX_EXIT_IO, "reading stdin failed: %s", strerror(errno));
    if (rc == 0 && e->records == 0)
        rc = cx_fail(err, CX_EXIT_DATA, "no record came on stdin");
    return rc;
}

static bool can_explain(const struct cx_stage *stage)
{
    return stage->explain != NULL;
}

static int check(const struct cx_args *args, struct cx_error *err)
{
    const char *text = args->values[TEXT], *language = args->values[LANGUAGE];
    if ((text != NULL) == cx_args_has(args, EVENT))
        return cx_fail(err, CX_EXIT_USAGE, "give --text TEXT or --event, one of them");
    if (text != NULL && !cx_utf8_valid(cx_str(text)))
        return cx_fail(err, CX_EXIT_USAGE, "--text is no UTF-8");
    if (language != NULL && (strlen(language) != 2 || strspn(language, "abcdefghijklmnopqrstuvwxyz") != 2))
        return cx_fail(err, CX_EXIT_USAGE, "--language %s: two small letters, as in tr", language);
    return 0;
}

static int run_explain(const struct cx_args *args, struct cx_error *err)
{
    struct cx_settings settings;
    if (check(args, err) || cx_args_settings(args, &settings, err))
        return (int)err->exit;
    struct cx_reading *reading = cx_reading_open(&settings, can_explain, err);
    if (reading == NULL) {
        cx_settings_free(&settings);
        return (int)err->exit;
    }
    struct explaining e = { .reading = reading, .as_json = cx_args_has(args, JSON), .arena = cx_arena_new((size_t)1 << 30) };
    if (cx_args_has(args, LANGUAGE))
        e.language = cx_str(args->values[LANGUAGE]);
    cx_buf_init(&e.out, (size_t)64 << 20);
    int rc = cx_args_has(args, TEXT) ? explain_text(&e, reading, args, err) : explain_lines(&e, reading, err);
    cx_buf_free(&e.out);
    cx_arena_free(e.arena);
    cx_reading_close(reading);
    cx_settings_free(&settings);
    return rc == 0 ? CX_EXIT_OK : (int)err->exit;
}

const struct cx_verb cx_verb_explain = {
    .name = "explain",
    .synopsis = "--text TEXT | --event < lines",
    .doc = "Says why a text is classified as it is: every label with its score, its threshold and what in the text spoke for it.",
    .examples = "  cx explain --text \"Kargom nerede, üç gündür bekliyorum\"\n"
                "  cx tap cx.route.legal.v1 -n 1 --values | cx explain --event\n",
    .flags = flags,
    .operands = 0,
    .run = run_explain,
};
