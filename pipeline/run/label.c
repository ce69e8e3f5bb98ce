/* label.c - cx label: a person says what records are, one key a label. */
#include "run/label.h"
#include "run/process.h"
#include "run/reading.h"
#include "run/render.h"
#include "run/verb.h"

#include <errno.h>
#include <unistd.h>

enum { HEAD = CX_FLAG_FIRST, OWN };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "head", 0, "NAME", "What is asked: intent (default), or another head of the record; a wrong name is answered with all of them." },
    { "own", 0, "NAME,…", "Labels of your own, asked besides; those that stand in FILE already are asked too." },
    { 0 },
};

/* A record that was shown or waits to be. */
struct asked {
    struct cx_label_row row;
    uint64_t proposed;           /* a bit a label */
    float score;                 /* of the first one */
    bool is_labelled, is_passed; /* passed: not asked, an equal text has its label */
    struct asked *before, *next;
};
struct session {
    const struct cx_judgement *judgement;
    struct cx_label_choices choices;
    struct cx_label_file *file;
    struct cx_reading *reading;
    struct cx_label_input input;
    int terminal;
    const char *bold, *dim, *plain;
    struct cx_arena *arena; /* everything asked, for undo */
    struct asked *first, *last;
    int64_t known, unfit, labelled, skipped;
};

/* ---- what is asked ---- */

static uint64_t proposal(const struct session *s, const struct cx_interaction *record, float *score)
{
    struct cx_label_list said = cx_reading_said(s->reading, s->judgement, s->arena, record);
    uint64_t bits = 0;
    *score = said.len > 0 ? said.items[0].score : 0;
    for (size_t i = 0; i < said.len && (i == 0 || s->judgement->is_set); i++)
        for (int k = 0; k < s->choices.count; k++)
            if (cx_str_is(said.items[i].name, s->choices.names[k]))
                bits |= UINT64_C(1) << k;
    return bits;
}

/* What customers wrote and nobody labelled yet. */
static void on_record(void *context, const struct cx_interaction *record)
{
    struct session *s = context;
    struct cx_buf text;
    if (record->direction != CX_DIRECTION_INBOUND || (record->text.len == 0 && record->title.len == 0)) {
        s->unfit++;
        return;
    }
    cx_buf_init(&text, (size_t)64 << 20);
    cx_render_line(&text, record->title);
    if (record->title.len > 0 && record->text.len > 0)
        cx_buf_byte(&text, ' ');
    cx_render_line(&text, record->text);
    struct cx_str line = cx_str_trim(cx_buf_view(&text));
    if (line.len == 0 || cx_label_file_has(s->file, record->event_id, line)) {
        s->known += line.len > 0;
        s->unfit += line.len == 0;
    } else {
        struct asked *asked = CX_NEW(s->arena, struct asked);
        asked->row = (struct cx_label_row){ .event_id = record->event_id,
                                            .channel = cx_arena_copy(s->arena, record->channel),
                                            .language = cx_arena_copy(s->arena, record->classification->language),
                                            .text = cx_arena_copy(s->arena, line) };
        asked->proposed = proposal(s, record, &asked->score);
        asked->before = s->last;
        *(s->last != NULL ? &s->last->next : &s->first) = asked;
        s->last = asked;
    }
    cx_buf_free(&text);
}

/* The record after `from`; NULL at the end of stdin. Lines are read only when nothing waits. */
static struct asked *next_asked(struct session *s, struct asked *from)
{
    struct cx_str line;
    const char *why;
    struct asked **next = from != NULL ? &from->next : &s->first;
    while (*next == NULL && !cx_stop_requested && cx_label_input_line(&s->input, &line)) {
        line = cx_str_trim(line);
        if (line.len == 0)
            continue;
        cx_reading_line(s->reading, line, on_record, s, &why);
        s->unfit += why != NULL;
    }
    return *next;
}

/* ---- the screen ---- */

static void add_labels(const struct session *s, struct cx_buf *out, uint64_t bits)
{
    size_t before = out->len;
    for (int i = 0; i < s->choices.count; i++)
        if (bits >> i & 1)
            cx_buf_format(out, "%s%s", out->len > before ? "," : "", s->choices.names[i]);
}

/* Labels with their keys in columns; chosen ones in bold. */
static void add_choices(const struct session *s, struct cx_buf *out, uint64_t chosen)
{
    for (int i = 0; i < s->choices.count; i++) {
        const char *label = s->choices.names[i], *bold = chosen >> i & 1 ? s->bold : "";
        int blanks = cx_utf8_field(cx_str(label), 24) - (int)strlen(label);
        cx_buf_format(out, "%s  %s%c %c%s%s%*s", i % 3 == 0 && i > 0 ? "\n" : "", bold, s->choices.keys[i], chosen >> i & 1 ? '*' : ' ', label,
                      *bold ? s->plain : "", blanks > 0 ? blanks : 1, "");
    }
    cx_buf_byte(out, '\n');
}

static void send(const struct session *s, struct cx_buf *out)
{
    for (size_t done = 0; done < out->len;) {
        ssize_t n = write(s->terminal, out->ptr + done, out->len - done);
        if (n <= 0 && errno != EINTR)
            break; /* the next key says that the terminal is gone */
        done += n > 0 ? (size_t)n : 0;
    }
    cx_buf_free(out);
}

static void show(const struct session *s, const struct asked *asked, uint64_t chosen)
{
    struct cx_buf out;
    cx_buf_init(&out, (size_t)64 << 20);
    cx_buf_format(&out, "\n%s%zu labelled in all, %lld now, %lld skipped  %.*s %.*s%s\n\n  %.*s\n\n", s->dim, cx_label_file_count(s->file),
                  (long long)s->labelled, (long long)s->skipped, CX_STR_ARG(asked->row.channel), CX_STR_ARG(asked->row.language), s->plain,
                  CX_STR_ARG(asked->row.text));
    add_choices(s, &out, chosen);
    cx_buf_format(&out, "%s? ", s->judgement->name);
    if (s->judgement->is_set || asked->proposed != 0) {
        cx_buf_str(&out, CX_STR("Enter: "));
        if (chosen != 0)
            add_labels(s, &out, chosen);
        else
            cx_buf_str(&out, CX_STR("none"));
        if (chosen == asked->proposed && asked->proposed != 0)
            cx_buf_format(&out, " (%.2f)", asked->score);
        cx_buf_str(&out, CX_STR("  "));
    }
    cx_buf_format(&out, "%sSpace: skip  Backspace: undo  Q: quit%s ", s->dim, s->plain);
    send(s, &out);
}

static void echo(const struct session *s, struct cx_str what)
{
    struct cx_buf out;
    cx_buf_init(&out, 65536);
    cx_buf_format(&out, "%s%.*s%s\n", s->bold, CX_STR_ARG(what), s->plain);
    send(s, &out);
}

/* ---- the session ---- */

static uint64_t bit_of(const struct session *s, int key)
{
    for (int i = 0; i < s->choices.count; i++)
        if (s->choices.keys[i] == key)
            return UINT64_C(1) << i;
    return 0;
}

/* Asks until there is an answer: labels in *chosen and CX_KEY_ACCEPT, or what else is wished. */
static int ask(const struct session *s, const struct asked *asked, uint64_t *chosen)
{
    *chosen = asked->proposed;
    show(s, asked, *chosen);
    for (;;) {
        int key = cx_terminal_key(s->terminal);
        if (key >= CX_KEY_ACCEPT && (key != CX_KEY_ACCEPT || *chosen != 0 || s->judgement->is_set))
            return key;
        uint64_t bit = bit_of(s, key);
        if (bit == 0)
            continue;
        *chosen = s->judgement->is_set ? *chosen ^ bit : bit;
        if (!s->judgement->is_set)
            return CX_KEY_ACCEPT;
        show(s, asked, *chosen);
    }
}

static int save(struct session *s, struct asked *asked, uint64_t chosen, struct cx_error *err)
{
    struct cx_buf labels;
    cx_buf_init(&labels, 65536);
    add_labels(s, &labels, chosen);
    asked->row.labels = cx_buf_view(&labels);
    echo(s, labels.len > 0 ? asked->row.labels : CX_STR("none"));
    int rc = cx_label_file_add(s->file, &asked->row, err);
    cx_buf_free(&labels);
    asked->is_labelled = rc == 0;
    s->labelled += rc == 0;
    return rc;
}

/* Goes back to the record before, whose label is taken back, or its skip. The first one stays. */
static int go_back(struct session *s, struct asked **at, struct cx_error *err)
{
    struct asked *before = (*at)->before;
    while (before != NULL && before->is_passed)
        before = before->before;
    if (before == NULL) {
        echo(s, CX_STR("this is the first one"));
        return 0;
    }
    echo(s, CX_STR("undo"));
    *at = before;
    s->labelled -= before->is_labelled;
    s->skipped -= !before->is_labelled;
    if (before->is_labelled)
        CX_TRY(cx_label_file_undo(s->file, err));
    before->is_labelled = false;
    return 0;
}

/* The next one to ask: not what came twice and got its label in between. */
static struct asked *go_on(struct session *s, struct asked *at)
{
    do {
        at = next_asked(s, at);
        if (at != NULL)
            at->is_passed = cx_label_file_has(s->file, at->row.event_id, at->row.text);
    } while (at != NULL && at->is_passed);
    return at;
}

static int run_session(struct session *s, struct cx_error *err)
{
    for (struct asked *at = go_on(s, NULL); at != NULL;) {
        uint64_t chosen;
        int key = ask(s, at, &chosen);
        if (key == CX_KEY_QUIT)
            break;
        if (key == CX_KEY_UNDO) {
            CX_TRY(go_back(s, &at, err));
            continue;
        }
        if (key == CX_KEY_ACCEPT) {
            CX_TRY(save(s, at, chosen, err));
        } else {
            echo(s, CX_STR("skipped"));
            s->skipped++;
        }
        at = go_on(s, at);
    }
    return 0;
}

static void on_signal(int signal)
{
    (void)signal;
    cx_stop_requested = 1;
}

static void set_colours(struct session *s)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    bool has_colour = (no_colour == NULL || *no_colour == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
    s->bold = has_colour ? "\x1b[1m" : "";
    s->dim = has_colour ? "\x1b[2m" : "";
    s->plain = has_colour ? "\x1b[0m" : "";
}

static int label(struct session *s, const char *path, struct cx_error *err)
{
    s->terminal = cx_terminal_open(err);
    if (s->terminal < 0)
        return -1;
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    struct cx_buf doc;
    cx_buf_init(&doc, 65536);
    cx_buf_format(&doc, "%s: %s\n", s->judgement->name, s->judgement->doc);
    send(s, &doc);
    cx_label_input_init(&s->input, s->terminal);
    int rc = run_session(s, err);
    cx_label_input_free(&s->input);
    cx_terminal_close(s->terminal);
    fprintf(stderr, "\n%s: %lld labelled now, %zu in all; %lld skipped, %lld known before, %lld without a customer's text\n", path,
            (long long)s->labelled, cx_label_file_count(s->file), (long long)s->skipped, (long long)s->known, (long long)s->unfit);
    return rc;
}

/* ---- the verb ---- */

static bool has_judgements(const struct cx_stage *stage)
{
    return stage->judgements != NULL;
}

static int find_judgement(struct session *s, const char *name, struct cx_error *err)
{
    struct cx_buf names;
    cx_buf_init(&names, 65536);
    for (const struct cx_judgement *j = cx_reading_stage(s->reading)->judgements; j->name != NULL; j++) {
        cx_buf_format(&names, "%s%s", names.len > 0 ? ", " : "", j->name);
        if (strcmp(j->name, name) == 0)
            s->judgement = j;
    }
    int rc = s->judgement != NULL ? 0 : cx_fail(err, CX_EXIT_USAGE, "--head %s: no such head; there are %.*s", name, (int)names.len, names.ptr);
    cx_buf_free(&names);
    return rc;
}

/* A name as records may carry it. */
static bool is_name(struct cx_str name)
{
    bool is_good = name.len > 0 && name.len <= 32;
    for (size_t i = 0; i < name.len; i++)
        is_good = is_good && ((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || (name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == '_');
    return is_good;
}

static int add_choice(struct session *s, const char *name, struct cx_error *err)
{
    return cx_label_choices_add(&s->choices, name) ? 0 : cx_fail(err, CX_EXIT_USAGE, "%s: there are keys for %d labels", name, CX_LABEL_MOST);
}

/* The head's labels, those of the file, and those asked for. */
static int add_choices_of(struct session *s, const char *own, struct cx_error *err)
{
    struct cx_str rest = cx_str(own), name;
    if (own != NULL && !s->judgement->is_open)
        return cx_fail(err, CX_EXIT_USAGE, "--own: %s has the labels it has; labels of your own are intents", s->judgement->name);
    for (int i = 0; s->judgement->label(i) != NULL; i++)
        CX_TRY(add_choice(s, s->judgement->label(i), err));
    for (size_t i = 0; s->judgement->is_open && cx_label_file_label(s->file, i) != NULL; i++)
        CX_TRY(add_choice(s, cx_label_file_label(s->file, i), err));
    while (own != NULL && cx_str_cut(&rest, ',', &name)) {
        if (!is_name(name))
            return cx_fail(err, CX_EXIT_USAGE, "--own %.*s: small letters, digits and _, at most 32, with commas between", CX_STR_ARG(name));
        CX_TRY(add_choice(s, cx_arena_format(s->arena, "%.*s%c", CX_STR_ARG(name), '\0').ptr, err));
    }
    return 0;
}

static int open_session(struct session *s, const struct cx_args *args, const struct cx_settings *settings, struct cx_error *err)
{
    s->reading = cx_reading_open(settings, has_judgements, err);
    if (s->reading == NULL || find_judgement(s, cx_args_has(args, HEAD) ? args->values[HEAD] : "intent", err) != 0)
        return -1;
    set_colours(s);
    s->file = cx_label_file_open(args->operands[0], s->judgement->name, err);
    return s->file != NULL ? add_choices_of(s, args->values[OWN], err) : -1;
}

static int run_label(const struct cx_args *args, struct cx_error *err)
{
    static struct session s;
    struct cx_settings settings;
    if (args->operand_count == 0)
        cx_fail(err, CX_EXIT_USAGE, "which file? for example: cx tap cx.routed.v1 --values | cx label labels.tsv");
    else if (isatty(STDIN_FILENO))
        cx_fail(err, CX_EXIT_USAGE, "stdin is the terminal, but records come from there: cx tap cx.routed.v1 --values | cx label %s",
                args->operands[0]);
    if (err->text[0] != '\0' || cx_args_settings(args, &settings, err))
        return (int)err->exit;
    s.arena = cx_arena_new((size_t)4 << 30);
    int rc = open_session(&s, args, &settings, err);
    if (rc == 0)
        rc = label(&s, args->operands[0], err);
    if (s.file != NULL)
        cx_label_file_close(s.file);
    cx_reading_close(s.reading);
    cx_arena_free(s.arena);
    cx_settings_free(&settings);
    return rc == 0 ? CX_EXIT_OK : (int)err->exit;
}

const struct cx_verb cx_verb_label = {
    .name = "label",
    .synopsis = "FILE [--head NAME] < lines",
    .doc = "Asks a person for labels of records from stdin, a key a label, and appends them to FILE (TSV); goes on where it was left.",
    .examples = "  cx tap cx.routed.v1 --values | cx label labels.tsv\n"
                "  cx tap cx.routed.v1 --values | cx label acme.tsv --own warranty_claim,missing_part\n"
                "  cx tap cx.route.care.v1 --from end --follow --values | cx label urgency.tsv --head urgency\n",
    .flags = flags,
    .operands = 1,
    .run = run_label,
};
