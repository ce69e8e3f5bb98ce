/* mail.c - e-mails as they were sent (RFC 5322, MIME): plain, base64, quoted-printable, with an HTML twin, with quotes and signatures. */
#include "base/time.h"
#include "run/sample/payload.h"
#include "run/sample/random.h"
#include "run/sample/text.h"

enum about { ABOUT_FORM = 500, ABOUT_QUOTE };
enum form { PLAIN, BASE64, QUOTED_PRINTABLE, ALTERNATIVE };

static const char crlf[] = "\r\n";

/* ---- codings ---- */

static void put_base64(struct cx_buf *out, struct cx_str in, size_t line)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t column = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        const size_t left = in.len - i;
        const unsigned char *b = (const unsigned char *)in.ptr + i;
        const uint32_t bits = (uint32_t)b[0] << 16 | (left > 1 ? (uint32_t)b[1] << 8 : 0) | (left > 2 ? b[2] : 0);
        const char four[4] = { alphabet[bits >> 18], alphabet[bits >> 12 & 63], left > 1 ? alphabet[bits >> 6 & 63] : '=',
                               left > 2 ? alphabet[bits & 63] : '=' };
        cx_buf_add(out, four, sizeof four);
        column += sizeof four;
        if (line > 0 && column >= line && left > 3) {
            cx_sample_put(out, crlf);
            column = 0;
        }
    }
}

static bool is_ascii(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 128)
            return false;
    return true;
}

/* A header's words: encoded (RFC 2047) where they are not ASCII, in pieces that fit a line and split no code point. */
static void put_words(struct cx_buf *out, struct cx_str text)
{
    enum { piece_bytes = 42 };
    if (is_ascii(text)) {
        cx_buf_str(out, text);
        return;
    }
    while (text.len > 0) {
        const struct cx_str piece = cx_utf8_prefix(text, piece_bytes);
        cx_sample_put(out, "=?UTF-8?B?");
        put_base64(out, piece, 0);
        cx_sample_put(out, "?=");
        text = cx_str_skip(text, piece.len);
        if (text.len > 0)
            cx_sample_put(out, "\r\n ");
    }
}

static void put_quoted_printable(struct cx_buf *out, struct cx_str text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c == '\n') {
            cx_sample_put(out, crlf);
            column = 0;
            continue;
        }
        if (column > 70) {
            cx_sample_put(out, "=\r\n");
            column = 0;
        }
        if (c < 32 || c > 126 || c == '=' || (c == ' ' && i + 1 < text.len && text.ptr[i + 1] == '\n')) {
            const char coded[3] = { '=', hex[c >> 4], hex[c & 15] };
            cx_buf_add(out, coded, sizeof coded);
            column += sizeof coded;
        } else {
            cx_buf_byte(out, (char)c);
            column++;
        }
    }
}

static void put_lines(struct cx_buf *out, struct cx_str text)
{
    struct cx_str line;
    while (cx_str_cut(&text, '\n', &line)) {
        cx_buf_str(out, line);
        cx_sample_put(out, crlf);
    }
}

static void put_html(struct cx_buf *out, struct cx_str text)
{
    cx_sample_put(out, "<html><body><p>");
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '\n':
            cx_sample_put(out, "<br>\r\n");
            break;
        case '<':
            cx_sample_put(out, "&lt;");
            break;
        case '>':
            cx_sample_put(out, "&gt;");
            break;
        case '&':
            cx_sample_put(out, "&amp;");
            break;
        default:
            cx_buf_byte(out, text.ptr[i]);
            break;
        }
    }
    cx_sample_put(out, "</p></body></html>\r\n");
}

/* ---- the message ---- */

/* "Wed, 19 Nov 2026 14:01:46 +0000" */
static void put_date(struct cx_buf *out, int64_t ms)
{
    static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* 1970 began on a Thursday */
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    char text[CX_TIME_TEXT]; /* 2026-11-19T14:01:46.000Z */
    cx_time_format(ms, text);
    const int month = (text[5] - '0') * 10 + text[6] - '0';
    cx_sample_put(out, days[ms / 86400000 % 7]);
    cx_sample_put(out, ", ");
    cx_buf_add(out, text + 8, 2);
    cx_buf_byte(out, ' ');
    cx_sample_put(out, months[month - 1]);
    cx_buf_byte(out, ' ');
    cx_buf_add(out, text, 4);
    cx_buf_byte(out, ' ');
    cx_buf_add(out, text + 11, 8);
    cx_sample_put(out, " +0000\r\n");
}

static void put_party(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, bool is_customer, struct cx_buf *out)
{
    if (is_customer) {
        cx_buf_reset(&pen->scratch);
        cx_sample_person_name(&thing->person, &pen->scratch);
        put_words(out, cx_buf_view(&pen->scratch));
        cx_sample_put(out, " <");
        cx_sample_person_email(&thing->person, out);
    } else {
        put_words(out, thing->tenant->titles[thing->brand]);
        cx_sample_put(out, " <");
        cx_sample_own_address(thing, out);
    }
    cx_sample_put(out, ">\r\n");
}

static void put_headers(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event, struct cx_buf *out)
{
    const bool is_answer = event->kind == CX_SAMPLE_ANSWER;
    cx_sample_put(out, "From: ");
    put_party(pen, thing, !is_answer, out);
    cx_sample_put(out, "To: ");
    put_party(pen, thing, is_answer, out);
    cx_sample_put(out, is_answer ? "Subject: Re: " : "Subject: ");
    cx_buf_reset(&pen->scratch);
    cx_sample_subject(pen->plan, thing, &pen->scratch);
    put_words(out, cx_buf_view(&pen->scratch));
    cx_sample_put(out, "\r\nDate: ");
    put_date(out, event->occurred_at);
    cx_sample_put(out, "Message-ID: <");
    cx_sample_native_id(thing, event->hash, out);
    if (is_answer && event->hash != thing->hash) {
        cx_sample_put(out, ">\r\nIn-Reply-To: <");
        cx_sample_native_id(thing, thing->hash, out);
    }
    cx_sample_put(out, ">\r\nMIME-Version: 1.0\r\n");
}

static void put_part(struct cx_buf *out, const char *type, const char *coding)
{
    cx_sample_put(out, "Content-Type: ");
    cx_sample_put(out, type);
    cx_sample_put(out, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
    cx_sample_put(out, coding);
    cx_sample_put(out, "\r\n\r\n");
}

static void put_body(const struct cx_sample_thing *thing, struct cx_str words, struct cx_buf *out)
{
    static const enum form forms[] = { PLAIN, PLAIN, PLAIN, PLAIN, BASE64, BASE64, BASE64, QUOTED_PRINTABLE, ALTERNATIVE, ALTERNATIVE };
    switch (forms[cx_sample_about(thing, ABOUT_FORM) % (sizeof forms / sizeof *forms)]) {
    case PLAIN:
        put_part(out, "text/plain", "8bit");
        put_lines(out, words);
        break;
    case BASE64:
        put_part(out, "text/plain", "base64");
        put_base64(out, words, 76);
        cx_sample_put(out, crlf);
        break;
    case QUOTED_PRINTABLE:
        put_part(out, "text/plain", "quoted-printable");
        put_quoted_printable(out, words);
        cx_sample_put(out, crlf);
        break;
    case ALTERNATIVE:
        cx_sample_put(out, "Content-Type: multipart/alternative; boundary=\"part-7f3a\"\r\n\r\n--part-7f3a\r\n");
        put_part(out, "text/plain", "8bit");
        put_lines(out, words);
        cx_sample_put(out, "--part-7f3a\r\n");
        put_part(out, "text/html", "8bit");
        put_html(out, words);
        cx_sample_put(out, "--part-7f3a--\r\n");
        break;
    }
}

/* What a normaliser must cut off again: the answer below which the old mail stands, and a signature. */
static void put_trailer(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    const uint64_t roll = cx_sample_about(thing, ABOUT_QUOTE) % 10;
    if (event->kind == CX_SAMPLE_ANSWER && event->hash != thing->hash) {
        unsigned stars;
        cx_sample_put(&pen->text, "\n\n> ");
        const size_t at = pen->text.len;
        cx_sample_text(pen->plan, thing, false, &pen->text, &stars);
        for (size_t i = at; i < pen->text.len; i++) /* one quoted line */
            if (pen->text.ptr[i] == '\n')
                pen->text.ptr[i] = ' ';
    } else if (roll < 3) {
        cx_sample_put(&pen->text, "\n\n-- \n");
        cx_sample_person_name(&thing->person, &pen->text);
    }
}

void cx_sample_write_mail(struct cx_sample_pen *pen, const struct cx_sample_thing *thing, const struct cx_sample_event *event)
{
    unsigned stars;
    cx_buf_reset(&pen->scratch);
    cx_sample_own_address(thing, &pen->scratch);
    cx_sample_open_envelope(pen, thing, event, cx_buf_view(&pen->scratch));
    cx_sample_words(pen, thing, event, &stars);
    put_trailer(pen, thing, event);
    cx_buf_reset(&pen->mail);
    put_headers(pen, thing, event, &pen->mail);
    put_body(thing, cx_buf_view(&pen->text), &pen->mail);
    cx_sample_put(&pen->out, "\"content_type\":\"message/rfc822\",\"body\":");
    cx_json_string(&pen->out, cx_buf_view(&pen->mail));
    cx_buf_byte(&pen->out, '}');
}
