#include "run/sample/corpus.h"
#include "base/error.h"
#include "base/resource.h"

extern const struct cx_resource cx_sample_files[]; /* made by tools/dev/embed.py from deploy/sample */

#define ACCOUNT  CX_SAMPLE_SHOWS_ACCOUNT
#define HANDLE   CX_SAMPLE_SHOWS_HANDLE
#define NAME     CX_SAMPLE_SHOWS_NAME
#define EMAIL    CX_SAMPLE_SHOWS_EMAIL
#define PHONE    CX_SAMPLE_SHOWS_PHONE
#define CUSTOMER CX_SAMPLE_SHOWS_CUSTOMER
#define SOCIAL   CX_SAMPLE_SHOWS_SOCIAL
#define EDITS    CX_SAMPLE_EDITS
#define DELETES  CX_SAMPLE_DELETES
#define ANSWERS  CX_SAMPLE_ANSWERS
#define REACH    CX_SAMPLE_REACH
#define STARS    CX_SAMPLE_STARS
const struct cx_sample_channel_row cx_sample_channels[CX_SAMPLE_CHANNELS] = {
#define CX_SAMPLE_ROW(symbol, name, kind, adapter, share, also, always, sometimes, traits)                                                           \
    { name, kind, adapter, share, also, always, sometimes, traits },
    CX_SAMPLE_CHANNELS_TABLE(CX_SAMPLE_ROW)
};

const char *const cx_sample_languages[CX_SAMPLE_LANGUAGES] = { "tr", "es", "ar", "ru", "en" };

/* ---- lines ---- */

static struct cx_str file(const char *name)
{
    for (const struct cx_resource *r = cx_sample_files; r->path; r++)
        if (cx_str_is(cx_str(r->path), name))
            return cx_str_n(r->bytes, r->len);
    cx_assert(!"a file of deploy/sample is missing");
    return CX_STR_NULL;
}

/* "\n" in a file stands for a line end. */
static struct cx_str unescape(struct cx_arena *arena, struct cx_str text)
{
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const bool is_end = text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == 'n';
        out[len++] = is_end ? '\n' : text.ptr[i];
        i += is_end;
    }
    return cx_str_n(out, len);
}

enum { FIELDS = 4 };
struct line {
    struct cx_str fields[FIELDS];
};
struct lines {
    struct line *items;
    size_t len;
};
static struct lines read_lines(struct cx_arena *arena, struct cx_str content)
{
    size_t most = 0;
    for (size_t i = 0; i < content.len; i++)
        most += content.ptr[i] == '\n';
    struct lines lines = { CX_NEW_ARRAY(arena, struct line, most + 1), 0 };
    struct cx_str text;
    while (cx_str_cut(&content, '\n', &text)) {
        if (text.len == 0)
            continue;
        struct line *line = &lines.items[lines.len++];
        for (int i = 0; i < FIELDS && cx_str_cut(&text, '\t', &line->fields[i]); i++)
            line->fields[i] = unescape(arena, line->fields[i]);
        cx_assert(text.ptr == NULL && line->fields[1].ptr);
    }
    return lines;
}

/* ---- pools ---- */

/* Field `take` of the lines whose first fields are the given ones; a NULL matches anything, `also` is a second value for the first field. */
static struct cx_sample_pool select_field(struct cx_arena *arena, const struct lines *lines, int take, const char *first, const char *also,
                                          const char *second)
{
    struct cx_str *items = CX_NEW_ARRAY(arena, struct cx_str, lines->len);
    struct cx_sample_pool pool = { items, 0 };
    for (size_t i = 0; i < lines->len; i++) {
        const struct line *line = &lines->items[i];
        const bool is_first = cx_str_is(line->fields[0], first) || (also && cx_str_is(line->fields[0], also));
        if (is_first && (!second || cx_str_is(line->fields[1], second)))
            items[pool.len++] = line->fields[take];
    }
    cx_assert(pool.len > 0);
    return pool;
}

static void load_texts(struct cx_sample_corpus *corpus, struct cx_arena *arena, unsigned language)
{
    char name[40];
    snprintf(name, sizeof name, "deploy/sample/%s.tsv", cx_sample_languages[language]);
    const struct lines lines = read_lines(arena, file(name));
    for (int c = 0; c < CX_SAMPLE_CHANNELS; c++) {
        corpus->texts[language][c] = select_field(arena, &lines, 1, cx_sample_channels[c].name, cx_sample_channels[c].also, NULL);
        corpus->stars[language][c] = select_field(arena, &lines, 2, cx_sample_channels[c].name, cx_sample_channels[c].also, NULL);
    }
    corpus->templates[language] = select_field(arena, &lines, 1, "*", NULL, NULL);
    corpus->agent[language] = select_field(arena, &lines, 1, "agent", NULL, NULL);
    corpus->tails[language] = select_field(arena, &lines, 1, "tail", NULL, NULL);
    corpus->subjects[language] = select_field(arena, &lines, 1, "subject", NULL, NULL);
}

static void load_words(struct cx_sample_corpus *corpus, struct cx_arena *arena, const struct lines *words, unsigned language)
{
    const char *name = cx_sample_languages[language];
    corpus->products[language] = select_field(arena, words, 2, name, NULL, "product");
    corpus->cities[language] = select_field(arena, words, 2, name, NULL, "city");
    corpus->weekdays[language] = select_field(arena, words, 2, name, NULL, "weekday");
    corpus->first[language].names = select_field(arena, words, 2, name, NULL, "first");
    corpus->first[language].ascii = select_field(arena, words, 3, name, NULL, "first");
    corpus->last[language].names = select_field(arena, words, 2, name, NULL, "last");
    corpus->last[language].ascii = select_field(arena, words, 3, name, NULL, "last");
}

/* ---- journeys ---- */

static unsigned shown_by_letters(struct cx_str letters)
{
    static const struct {
        char letter;
        unsigned shown;
    } table[] = { { 'e', EMAIL }, { 'p', PHONE }, { 'c', CUSTOMER }, { 's', SOCIAL }, { '-', 0 } };
    unsigned shown = 0;
    for (size_t i = 0; i < letters.len; i++) {
        size_t t = 0;
        while (t < sizeof table / sizeof *table && table[t].letter != letters.ptr[i])
            t++;
        cx_assert(t < sizeof table / sizeof *table);
        shown |= table[t].shown;
    }
    return shown;
}

/* From one journey after the other to the first step of each, the second of each, ... */
static const struct cx_sample_step *interleave(struct cx_arena *arena, const struct cx_sample_step *steps, size_t count)
{
    struct cx_sample_step *out = CX_NEW_ARRAY(arena, struct cx_sample_step, count);
    size_t next[CX_SAMPLE_LANGUAGES] = { 0 }, len = 0;
    while (len < count)
        for (unsigned language = 0; language < CX_SAMPLE_LANGUAGES; language++) {
            size_t *i = &next[language];
            while (*i < count && steps[*i].language != language)
                ++*i;
            if (*i < count)
                out[len++] = steps[(*i)++];
        }
    return out;
}

static void load_steps(struct cx_sample_corpus *corpus, struct cx_arena *arena)
{
    const struct lines lines = read_lines(arena, file("deploy/sample/story.tsv"));
    struct cx_sample_step *steps = CX_NEW_ARRAY(arena, struct cx_sample_step, lines.len);
    for (size_t i = 0; i < lines.len; i++) {
        const struct cx_str *fields = lines.items[i].fields;
        struct cx_sample_step *step = &steps[i];
        while (step->language < CX_SAMPLE_LANGUAGES && !cx_str_is(fields[0], cx_sample_languages[step->language]))
            step->language++;
        while (step->channel < CX_SAMPLE_CHANNELS && !cx_str_is(fields[1], cx_sample_channels[step->channel].name))
            step->channel++;
        cx_assert(step->language < CX_SAMPLE_LANGUAGES && step->channel < CX_SAMPLE_CHANNELS && fields[3].ptr);
        step->is_agent = cx_str_is(fields[2], "agent");
        step->shown = step->is_agent ? 0 : shown_by_letters(fields[2]);
        step->text = fields[3];
    }
    corpus->steps = interleave(arena, steps, lines.len);
    corpus->step_count = lines.len;
}

void cx_sample_corpus_load(struct cx_sample_corpus *corpus, struct cx_arena *arena)
{
    const struct lines words = read_lines(arena, file("deploy/sample/words.tsv"));
    for (unsigned language = 0; language < CX_SAMPLE_LANGUAGES; language++) {
        load_texts(corpus, arena, language);
        load_words(corpus, arena, &words, language);
    }
    load_steps(corpus, arena);
}
