/* fold.c - folding in three steps: letters by the table; references decoded, decomposed letters and scripts joined (rare); then runs, blanks, links
 * and mentions. */
#include "text/blocks.h"
#include "text/chars.h"

/* ---- step 1: bytes to rows ---- */

static inline uint32_t next_row(const struct char_table *table, const unsigned char *bytes, size_t *at)
{
    const unsigned char *b = bytes + *at;
    if (b[0] < 0x80) {
        *at += 1;
        return table->low[b[0]];
    }
    if (b[0] < 0xe0) {
        *at += 2;
        return table->low[(b[0] & 0x1fu) << 6 | (b[1] & 0x3fu)];
    }
    if (b[0] < 0xf0) {
        *at += 3;
        return char_row(table, (b[0] & 0xfu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu));
    }
    *at += 4;
    return char_row(table, (b[0] & 0x7u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu));
}

/* Room for a sequence and for what is left; sequences are rare and short texts hold few, so growing once nearly always suffices. */
static void grow_rows(struct cx_arena *arena, struct char_run *run, size_t *cap, size_t needed)
{
    if (needed <= *cap)
        return;
    *cap = needed * 2;
    uint32_t *rows = cx_arena_alloc(arena, *cap * sizeof *rows), *origin = cx_arena_alloc(arena, *cap * sizeof *origin);
    memcpy(rows, run->rows, run->len * sizeof *rows);
    memcpy(origin, run->origin, run->len * sizeof *origin);
    run->rows = rows;
    run->origin = origin;
}

/* *seen is all rows or-ed. State of the loop is in locals, so that it stays in registers. */
static struct char_run read_rows(struct cx_arena *arena, const struct char_table *table, struct cx_str text, uint32_t *seen_out, bool *has_ampersand)
{
    size_t cap = text.len + 1, len = 0;
    struct char_run run = { cx_arena_alloc(arena, cap * sizeof *run.rows), cx_arena_alloc(arena, cap * sizeof *run.origin), 0 };
    uint32_t *rows = run.rows, *origin = run.origin, seen = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t from = (uint32_t)at, row = next_row(table, (const unsigned char *)text.ptr, &at);
        if (row & CHAR_SPECIAL) {
            size_t n = CHAR_SEQUENCE_LENGTH(row);
            run.len = len;
            *has_ampersand |= n == 1;
            grow_rows(arena, &run, &cap, len + n + text.len - at);
            rows = run.rows;
            origin = run.origin;
            for (size_t i = 0; i < n; i++) {
                rows[len] = table->pool[CHAR_SEQUENCE_AT(row) + i];
                seen |= rows[len];
                origin[len++] = from;
            }
            continue;
        }
        seen |= row;
        rows[len] = row;
        origin[len++] = from;
    }
    run.len = len;
    *seen_out = seen;
    return run;
}

struct char_run char_read(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language)
{
    const struct char_table *table = char_table(language);
    uint32_t seen;
    bool has_ampersand = false, strips_marks = language == CX_FOLD_SEARCH;
    struct char_run run = read_rows(arena, table, text, &seen, &has_ampersand);
    if (seen & CHAR_COMBINES)
        run = char_compose(arena, table, run, strips_marks);
    return has_ampersand ? char_decode(arena, table, run, strips_marks) : run;
}

/* ---- step 2: links and mentions ---- */

static inline uint32_t code_at(const struct char_run *run, size_t i)
{
    return i < run->len ? run->rows[i] & CHAR_CODE : 0;
}

static size_t skip_run(const struct char_run *run, size_t i, uint32_t code)
{
    while (code_at(run, i) == code)
        i++;
    return i;
}

/* Whether a link starts at i. Runs do not count, so that cutting them never makes a link of what was none. */
static bool is_link(const struct char_run *run, size_t i)
{
    if (code_at(run, i) == 'w')
        return code_at(run, i + 1) == 'w' && code_at(run, i + 2) == 'w' && code_at(run, i + 3) == '.';
    size_t t = skip_run(run, i, 'h'), p = skip_run(run, t, 't'), s = skip_run(run, p, 'p');
    if (t == i || p == t || s == p)
        return false;
    size_t end = skip_run(run, s, 's');
    return code_at(run, end) == ':' && code_at(run, end + 1) == '/' && code_at(run, end + 2) == '/';
}

static size_t skip_link(const struct char_run *run, size_t i)
{
    for (; i < run->len && !(run->rows[i] & CHAR_BLANK); i++) {
        uint32_t code = run->rows[i] & CHAR_CODE;
        if (code == '<' || code == '>' || code == '"')
            break;
    }
    return i;
}

static bool is_word_row(const struct char_run *run, size_t i)
{
    return i < run->len && (run->rows[i] & CHAR_WORD);
}

/* Past a mention's name that starts at i, or i itself. A dot counts inside a name. */
static size_t skip_name(const struct char_run *run, size_t i)
{
    while (is_word_row(run, i) || (code_at(run, i) == '.' && is_word_row(run, i + 1)))
        i++;
    return i;
}

size_t char_skip_marked(const struct char_run *run, size_t i)
{
    if (code_at(run, i) == '@')
        return skip_name(run, i + 1) == i + 1 ? i : skip_name(run, i + 1);
    return is_link(run, i) ? skip_link(run, i) : i;
}

/* ---- step 3: rows to text ---- */

struct writer {
    struct char_run in;
    char *out;
    uint32_t *origin;
    size_t len;
    struct cx_token *tokens;
    size_t token_count;
    bool is_after_word; /* what was written last is a word, so that no marker counts */
    bool cuts_to_one;
    uint32_t *classes; /* letters outside of tags, by class */
};

/* Copies a row's letter out; at most four bytes. */
static inline size_t put_code(char *out, uint32_t *origin, uint32_t row, uint32_t from)
{
    uint32_t code = row & CHAR_CODE;
    if (code < 0x80) {
        out[0] = (char)code;
        origin[0] = from;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        origin[0] = origin[1] = from;
        return 2;
    }
    size_t n = cx_utf8_put(code, out);
    for (size_t i = 0; i < n; i++)
        origin[i] = from;
    return n;
}

/* Starts a token; ends are set when all starts are known. */
static inline void note_token(struct writer *w)
{
    w->tokens[w->token_count++].start = (uint32_t)w->len;
}

static void put_blank(struct writer *w, uint32_t from)
{
    w->out[w->len] = ' ';
    w->origin[w->len] = from;
    w->len += w->len > 0 && w->out[w->len - 1] != ' ';
    w->is_after_word = false;
}

static void put_other(struct writer *w, uint32_t row, uint32_t from)
{
    note_token(w);
    w->len += put_code(w->out + w->len, w->origin + w->len, row, from);
    w->is_after_word = false;
}

/* A link or a mention: <, a word, > between blanks. */
static void put_special(struct writer *w, struct cx_str special, uint32_t from, uint32_t after)
{
    put_blank(w, from);
    for (size_t i = 0; i < special.len; i++) {
        if (i < 2 || i + 1 == special.len)
            note_token(w);
        w->out[w->len] = special.ptr[i];
        w->origin[w->len++] = from;
    }
    put_blank(w, after);
}

static inline bool is_same_letter(uint32_t row, uint32_t last)
{
    return ((row ^ last) & CHAR_CODE) == 0 && (row & CHAR_LETTER);
}

/* The letter at i, like the one before. The third and later ones are left out; where runs are cut to one, the third takes the second back. */
static void put_run(struct writer *w, size_t i)
{
    uint32_t row = w->in.rows[i];
    size_t before = 1;
    while (before < 3 && before < i && is_same_letter(w->in.rows[i - before - 1], row))
        before++;
    size_t n = put_code(w->out + w->len, w->origin + w->len, row, w->in.origin[i]);
    if (before == 1)
        w->len += n;
    else if (before == 2 && w->cuts_to_one)
        w->len -= n;
}

/* Writes the word that starts at i, counts its letters and returns where it ends. The hot loop: its state is in locals, since every byte written
 * might be any of it as far as the compiler knows. */
static size_t put_word(struct writer *w, size_t i, uint32_t classes[LETTER_CLASSES])
{
    const uint32_t *rows = w->in.rows, *from = w->in.origin;
    const size_t n = w->in.len;
    char *out = w->out;
    uint32_t *origin = w->origin, last = 0, row = rows[i];
    note_token(w);
    size_t len = w->len;
    do {
        if (is_same_letter(row, last)) {
            w->len = len;
            put_run(w, i);
            len = w->len;
        } else {
            len += put_code(out + len, origin + len, row, from[i]);
            classes[CHAR_CLASS(row)]++;
        }
        last = row;
        i++;
    } while (i < n && ((row = rows[i]) & CHAR_WORD));
    w->len = len;
    w->is_after_word = true;
    return i;
}

/* Writes the tag at i as it is; its letters are not counted. */
static size_t put_tag(struct writer *w, size_t i)
{
    uint32_t uncounted[LETTER_CLASSES] = { 0 };
    put_other(w, w->in.rows[i], w->in.origin[i]);
    return put_word(w, i + 1, uncounted);
}

/* Writes the link, mention or tag that starts at i and returns where it ends; i where there is none. */
static size_t put_marked(struct writer *w, size_t i)
{
    uint32_t code = code_at(&w->in, i);
    if (code == '#')
        return is_word_row(&w->in, i + 1) ? put_tag(w, i) : i;
    size_t end = char_skip_marked(&w->in, i);
    if (end != i)
        put_special(w, code == '@' ? CX_STR("<user>") : CX_STR("<url>"), w->in.origin[i], w->in.origin[end < w->in.len ? end : end - 1]);
    return end;
}

static void write_text(struct writer *w)
{
    for (size_t i = 0; i < w->in.len;) {
        uint32_t row = w->in.rows[i];
        size_t end = (row & CHAR_MARKER) && !w->is_after_word ? put_marked(w, i) : i;
        if (end != i) {
            i = end;
        } else if (row & CHAR_WORD) {
            i = put_word(w, i, w->classes);
        } else {
            if (row & CHAR_BLANK)
                put_blank(w, w->in.origin[i]);
            else
                put_other(w, row, w->in.origin[i]);
            i++;
        }
    }
    w->len -= w->len > 0 && w->out[w->len - 1] == ' ';
}

/* A token ends where the next starts, less the blank between. */
static void end_tokens(struct writer *w)
{
    for (size_t i = 0; i < w->token_count; i++) {
        size_t next = i + 1 < w->token_count ? w->tokens[i + 1].start : w->len;
        w->tokens[i].end = (uint32_t)(next - (next > 0 && next > w->tokens[i].start + 1u && w->out[next - 1] == ' '));
    }
}

/* Words whose letters only look like those of one script are rare: they are looked for where not all letters are of one of these scripts, and written
 * again; true where there were any. */
static bool join_scripts(struct writer *w, const struct char_table *table, uint32_t letters)
{
    uint32_t latin = char_count(w->classes, LETTER_LATIN, LETTER_LATIN_FOREIGN);
    if (latin == letters)
        return false;
    uint32_t cyrillic = char_count(w->classes, LETTER_CYRILLIC, LETTER_CYRILLIC_UKRAINIAN);
    if (cyrillic == letters || !char_join_scripts(table, &w->in, cyrillic > latin ? LETTER_CYRILLIC : LETTER_LATIN))
        return false;
    memset(w->classes, 0, LETTER_CLASSES * sizeof *w->classes);
    w->len = w->token_count = 0;
    w->is_after_word = false;
    write_text(w);
    return true;
}

static struct cx_folded fold_rows(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language)
{
    struct char_run rows = char_read(arena, text, language);

    /* A row gives at most four bytes, and so does a token for each row it stands for. */
    size_t cap = rows.len * 4 + 8 + CHAR_PAD;
    struct writer w = { .in = rows, .cuts_to_one = language == CX_FOLD_SEARCH };
    w.out = cx_arena_bytes(arena, cap);
    w.origin = cx_arena_alloc(arena, (cap + 1) * sizeof *w.origin);
    w.tokens = cx_arena_alloc(arena, (rows.len * 3 / 2 + 4) * sizeof *w.tokens);
    w.classes = CX_NEW_ARRAY(arena, uint32_t, LETTER_CLASSES);
    write_text(&w);
    uint32_t letters = char_count(w.classes, LETTER_LATIN, LETTER_CLASSES - 1);
    if (join_scripts(&w, char_table(language), letters))
        letters = char_count(w.classes, LETTER_LATIN, LETTER_CLASSES - 1);
    w.classes[LETTER_NONE] = 0; /* digits and marks */
    end_tokens(&w);
    memset(w.out + w.len, 0, CHAR_PAD);
    w.origin[w.len] = (uint32_t)text.len;
    return (struct cx_folded){ cx_str_n(w.out, w.len), w.origin, w.tokens, w.token_count, letters, w.classes };
}

struct cx_folded cx_text_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language)
{
    struct cx_folded folded;
    return blocks_fold(arena, text, language, &folded) ? folded : fold_rows(arena, text, language);
}
