/* log.h - one line, key=value, to stderr. Normal running is silent. Never per record, never payloads or keys.
 *   error  a person must act     warn  self-healing, rate-limited by call site     info  start, assignment, stop     debug  off
 * A line is `time=… level=… event=… <context> <pairs>`, or the same as one JSON object whose values are strings. */
#ifndef CX_LOG_H
#define CX_LOG_H
#include "base/str.h"

enum cx_level { CX_ERROR, CX_WARN, CX_INFO, CX_DEBUG };
enum cx_log_format { CX_LOG_TEXT, CX_LOG_JSON };
/* Before threads start. Until then: info and above, as text. */
void cx_log_setup(enum cx_level threshold, enum cx_log_format format);
void cx_log_context(const char *key_values); /* e.g. "chain=dedup-identify instance=0": on every line; copied, at most 255 bytes */
/* `format` makes key=value pairs after the event name; values with blanks are the caller's to quote: reason=\"%s\". What follows a word
 * without '=' is a sentence: in JSON the member "message". Control characters and invalid UTF-8 come out as \xhh. Pairs beyond 2 KiB are cut. */
void cx_log(enum cx_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* At most one line in 10 s per call site; the next line says how many were held back. */
#define cx_log_limited(level, event, ...)                                                                                                            \
    do {                                                                                                                                             \
        static struct cx_log_site cx_site_;                                                                                                          \
        if (cx_log_admit(&cx_site_))                                                                                                                 \
            cx_log(level, event, __VA_ARGS__);                                                                                                       \
    } while (0)
struct cx_log_site {
    int64_t last_ns;
    unsigned held;
};
/* True: write the line now; the thread's next cx_log says how many of this site were held back. Any thread may ask. */
bool cx_log_admit(struct cx_log_site *site);
#endif
