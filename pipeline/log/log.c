#include "log/log.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include <stdarg.h>
#include <unistd.h>

enum { LONGEST_CONTEXT = 256, LONGEST_PAIRS = 2048, LONGEST_LINE = 32 * 1024 };
static const int64_t QUIET_NS = 10 * INT64_C(1000000000);

static enum cx_level log_threshold = CX_INFO;
static enum cx_log_format log_format = CX_LOG_TEXT;
static char log_context[LONGEST_CONTEXT];
static _Thread_local unsigned held_back; /* from cx_log_admit to the cx_log after it */

void cx_log_setup(enum cx_level threshold, enum cx_log_format format)
{
    log_threshold = threshold;
    log_format = format;
}

void cx_log_context(const char *key_values)
{
    snprintf(log_context, sizeof log_context, "%s", key_values);
}

bool cx_log_admit(struct cx_log_site *site)
{
    int64_t now = cx_monotonic_ns(), last = __atomic_load_n(&site->last_ns, __ATOMIC_RELAXED);
    bool due = last == 0 || now - last >= QUIET_NS;
    if (!due || !__atomic_compare_exchange_n(&site->last_ns, &last, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        __atomic_fetch_add(&site->held, 1, __ATOMIC_RELAXED);
        return false;
    }
    held_back = __atomic_exchange_n(&site->held, 0, __ATOMIC_RELAXED);
    return true;
}

/* Bytes that would break the line or the terminal become \xhh; valid UTF-8 stays. */
static void put_clean(struct cx_buf *out, struct cx_str s)
{
    while (s.len) {
        uint8_t lead = (uint8_t)s.ptr[0];
        size_t length = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        bool control = lead < 0x20 || lead == 0x7f;
        if (control || length > s.len || !cx_utf8_valid(cx_str_n(s.ptr, length))) {
            cx_buf_format(out, "\\x%02x", lead);
            length = 1;
        } else {
            cx_buf_add(out, s.ptr, length);
        }
        s = cx_str_skip(s, length);
    }
}

/* Cuts `key=value` or `key="value"` off *rest; false at a word without '='. A closing quote is followed by a blank or the end. */
static bool cut_pair(struct cx_str *rest, struct cx_str *key, struct cx_str *value)
{
    ptrdiff_t equals = cx_str_find(*rest, '='), blank = cx_str_find(*rest, ' ');
    if (equals <= 0 || (blank >= 0 && blank < equals))
        return false;
    *key = cx_str_n(rest->ptr, (size_t)equals);
    struct cx_str from = cx_str_skip(*rest, (size_t)equals + 1);
    size_t end = 0;
    if (from.len && from.ptr[0] == '"') {
        from = cx_str_skip(from, 1);
        while (end < from.len && !(from.ptr[end] == '"' && (end + 1 == from.len || from.ptr[end + 1] == ' ')))
            end++;
        *rest = cx_str_trim(cx_str_skip(from, end + 1));
    } else {
        while (end < from.len && from.ptr[end] != ' ')
            end++;
        *rest = cx_str_trim(cx_str_skip(from, end));
    }
    *value = cx_str_n(from.ptr, end);
    return true;
}

static void put_member(struct cx_buf *out, struct cx_str key, struct cx_str value)
{
    cx_buf_byte(out, ',');
    cx_json_string(out, key);
    cx_buf_byte(out, ':');
    cx_json_string(out, value);
}

static void put_pairs(struct cx_buf *out, struct cx_str pairs)
{
    struct cx_str rest = cx_str_trim(pairs), key, value;
    if (log_format == CX_LOG_TEXT) {
        if (rest.len)
            cx_buf_byte(out, ' ');
        cx_buf_str(out, rest);
        return;
    }
    while (rest.len && cut_pair(&rest, &key, &value))
        put_member(out, key, value);
    if (rest.len)
        put_member(out, CX_STR("message"), rest);
}

static void put_head(struct cx_buf *out, enum cx_level level, const char *event)
{
    static const char *const names[] = { [CX_ERROR] = "error", [CX_WARN] = "warn", [CX_INFO] = "info", [CX_DEBUG] = "debug" };
    char time[CX_TIME_TEXT];
    cx_time_format(cx_wall_ms(), time);
    if (log_format == CX_LOG_TEXT) {
        cx_buf_format(out, "time=%.*s level=%s event=%s", CX_TIME_TEXT, time, names[level], event);
        return;
    }
    cx_buf_str(out, CX_STR("{\"time\":"));
    cx_json_string(out, cx_str_n(time, sizeof time));
    put_member(out, CX_STR("level"), cx_str(names[level]));
    put_member(out, CX_STR("event"), cx_str(event));
}

/* One write, so that lines of several threads and processes do not mix. */
static void write_line(const char *bytes, size_t len)
{
    while (len) {
        ssize_t written = write(STDERR_FILENO, bytes, len);
        if (written <= 0)
            return; /* nobody is left to tell */
        bytes += written;
        len -= (size_t)written;
    }
}

/* A buffer on the stack: a log line must not need memory. */
#define STACK_BUF(bytes)                                                                                                                             \
    {                                                                                                                                                \
        .ptr = (bytes), .cap = sizeof(bytes), .max = sizeof(bytes)                                                                                   \
    }

void cx_log(enum cx_level level, const char *event, const char *format, ...)
{
    unsigned held = held_back;
    held_back = 0;
    if (level > log_threshold)
        return;
    char raw[LONGEST_PAIRS], clean_bytes[4 * LONGEST_PAIRS + 32], line_bytes[LONGEST_LINE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof raw ? (size_t)len : sizeof raw - 1;

    struct cx_buf clean = STACK_BUF(clean_bytes), line = STACK_BUF(line_bytes);
    put_clean(&clean, cx_str_n(raw, kept));
    put_head(&line, level, event);
    put_pairs(&line, cx_str(log_context));
    if (held) {
        char text[32];
        snprintf(text, sizeof text, "held_back=%u", held);
        put_pairs(&line, cx_str(text));
    }
    put_pairs(&line, cx_buf_view(&clean));
    cx_buf_str(&line, log_format == CX_LOG_TEXT ? CX_STR("\n") : CX_STR("}\n"));
    write_line(line.ptr, line.len);
}
