#include "stages/normalize/mail_text.h"

/* Between rows of hyphens: what follows is another mail. */
static const char *const forward_phrases[] = {
    "Original Message",  "Original message",    "Forwarded message",   "Forwarded Message", "Orijinal İleti",     "Özgün İleti",
    "Orijinal Mesaj",    "Yönlendirilen mesaj", "İletilen mesaj",      "Mensaje original",  "Mensaje reenviado",  "Исходное сообщение",
    "Пересылаемое",      "Пересланное",         "Оригинальное",        "الرسالة الأصلية",   "رسالة معاد توجيهها", "Ursprüngliche Nachricht",
    "Message d'origine", "Message transféré",   "Messaggio originale",
};
/* First line of the header block above a quoted mail, and the line with its date, which stands close below. */
static const char *const from_words[] = { "From:", "*From:*", "Kimden:", "Gönderen:", "De:", "От:", "От кого:", "من:", "Von:" };
static const char *const sent_words[] = {
    "Sent:",       "*Sent:*", "Date:",       "*Date:*", "Gönderildi:",    "Gönderme Tarihi:", "Gönderim Tarihi:", "Tarih:",    "Enviado:",
    "Enviado el:", "Fecha:",  "Отправлено:", "Дата:",   "تاريخ الإرسال:", "تم الإرسال:",      "التاريخ:",         "Gesendet:", "Datum:"
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
enum { HEADER_LINES = 5, INTRODUCTION_MAX = 400 };

static bool starts_with_any(struct cx_str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (cx_str_starts(s, cx_str(words[i])))
            return true;
    return false;
}

static bool cut_line(struct cx_str *rest, struct cx_str *line)
{
    if (!cx_str_cut(rest, '\n', line))
        return false;
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

struct cx_str normalize_mail_unflow(struct cx_arena *arena, struct cx_str text, bool delete_space)
{
    char *out = cx_arena_bytes(arena, text.len + 1);
    size_t len = 0;
    bool is_first = true, is_soft = false; /* soft: the line before goes on */
    struct cx_str rest = text, line;
    while (cut_line(&rest, &line)) {
        bool is_quote = line.len > 0 && line.ptr[0] == '>';
        if (line.len > 0 && line.ptr[0] == ' ')
            line = cx_str_skip(line, 1);
        bool is_signature = cx_str_eq(line, CX_STR("-- "));
        if (!is_first && (!is_soft || is_quote || is_signature))
            out[len++] = '\n';
        is_first = false;
        is_soft = !is_quote && !is_signature && line.len > 0 && line.ptr[line.len - 1] == ' ';
        if (is_soft && delete_space)
            line.len--;
        memcpy(out + len, line.ptr, line.len);
        len += line.len;
    }
    return cx_str_n(out, len);
}

/* A time of day or a year of this century: what the line above a quote holds. */
static bool holds_date(struct cx_str s)
{
    for (size_t i = 0; i + 3 < s.len; i++) {
        const char *p = s.ptr + i;
        bool two_digits = p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9', last = p[3] >= '0' && p[3] <= '9';
        if (two_digits && (p[2] == ':' || p[2] == '.') && last)
            return true;
        if (two_digits && p[0] == '2' && p[1] == '0' && p[2] >= '0' && p[2] <= '9' && last)
            return true;
    }
    return false;
}

static bool is_forward_line(struct cx_str line)
{
    if (!cx_str_starts(line, CX_STR("---")))
        return false;
    for (size_t i = 0; i < COUNT(forward_phrases); i++)
        if (memmem(line.ptr, line.len, forward_phrases[i], strlen(forward_phrases[i])) != NULL)
            return true;
    return false;
}

static bool is_header_block(struct cx_str line, struct cx_str rest)
{
    if (!starts_with_any(line, from_words, COUNT(from_words)))
        return false;
    struct cx_str next;
    for (int i = 0; i < HEADER_LINES && cut_line(&rest, &next); i++)
        if (starts_with_any(cx_str_trim(next), sent_words, COUNT(sent_words)))
            return true;
    return false;
}

struct own {
    char *out;
    size_t len;
};

/* The last line written, blank ones behind it taken off. */
static struct cx_str last_line(struct own *own)
{
    while (own->len > 0 && (own->out[own->len - 1] == '\n' || own->out[own->len - 1] == ' ' || own->out[own->len - 1] == '\t'))
        own->len--;
    size_t begin = own->len;
    while (begin > 0 && own->out[begin - 1] != '\n')
        begin--;
    return cx_str_n(own->out + begin, own->len - begin);
}

/* Takes back "On 22 Nov 2026 at 10:00, Care <care@acme.com> wrote:", on one line or two, that a quote follows. */
static void drop_introduction(struct own *own)
{
    size_t before = own->len;
    struct cx_str last = last_line(own);
    if (last.len == 0 || last.len > INTRODUCTION_MAX || last.ptr[last.len - 1] != ':') {
        own->len = before;
        return;
    }
    bool has_date = holds_date(last), has_address = cx_str_find(last, '@') >= 0;
    size_t begin = (size_t)(last.ptr - own->out);
    if (!has_date && begin > 1 && own->out[begin - 2] != '\n') { /* broken by the line length: the date is above */
        struct own above = { own->out, begin - 1 };
        struct cx_str first = last_line(&above);
        if (first.len <= INTRODUCTION_MAX && holds_date(first)) {
            has_date = true;
            begin = (size_t)(first.ptr - own->out);
        }
    }
    own->len = has_date || has_address ? begin : before;
}

static bool is_end(struct cx_str line, struct cx_str rest)
{
    struct cx_str words = cx_str_trim(line);
    bool is_signature = cx_str_starts(line, CX_STR("--")) && words.len == 2; /* the blank behind it is often lost */
    return is_signature || is_forward_line(words) || is_header_block(words, rest);
}

/* A row of underscores, which Outlook puts above its header block. */
static bool is_rule(struct cx_str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.ptr[i] != '_')
            return false;
    return line.len >= 10;
}

struct cx_str normalize_mail_own_words(struct cx_arena *arena, struct cx_str text)
{
    struct own own = { .out = cx_arena_bytes(arena, text.len + 1) };
    struct cx_str rest = text, line;
    bool in_quote = false;
    while (cut_line(&rest, &line)) {
        bool is_quote = line.len > 0 && line.ptr[0] == '>';
        if (!is_quote && is_end(line, rest)) {
            if (is_rule(last_line(&own)))
                own.len -= last_line(&own).len;
            break;
        }
        if (is_quote && !in_quote)
            drop_introduction(&own);
        bool is_blank = cx_str_trim(line).len == 0;
        bool is_gap = in_quote && is_blank && (own.len < 2 || own.out[own.len - 2] == '\n'); /* one blank line is enough where a quote was */
        in_quote = is_quote || (in_quote && is_blank);
        if (is_quote || is_gap || (own.len == 0 && is_blank))
            continue;
        memcpy(own.out + own.len, line.ptr, line.len);
        own.len += line.len;
        own.out[own.len++] = '\n';
    }
    last_line(&own);
    return cx_str_n(own.out, own.len);
}
