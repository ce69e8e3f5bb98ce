/* log.h - one line, key=value, to stderr. Normal running is silent. Never per record, never payloads or keys.
 *   error  a person must act     warn  self-healing, rate-limited by call site     info  start, assignment, stop     debug  off */
#ifndef CX_LOG_H
#define CX_LOG_H
#include "base/str.h"

enum cx_level { CX_ERROR, CX_WARN, CX_INFO, CX_DEBUG };
enum cx_log_format { CX_LOG_TEXT, CX_LOG_JSON };
void cx_log_setup(enum cx_level threshold, enum cx_log_format format);
void cx_log_context(const char *key_values); /* e.g. "chain=dedup-identify instance=0": on every line; copied */
/* `format` makes key=value pairs after the event name; values with blanks are the caller's to quote with %q-less style "…".
 * Control characters and invalid UTF-8 are escaped. */
void cx_log(enum cx_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* At most one line in 10 s per call site; the next line says how many were held back. */
#define cx_log_limited(level, event, ...)                                                                                                  \
    do {                                                                                                                                   \
        static struct cx_log_site cx_site_;                                                                                                \
        if (cx_log_admit(&cx_site_)) cx_log(level, event, __VA_ARGS__);                                                                    \
    } while (0)
struct cx_log_site { int64_t last_ns; unsigned held; };
bool cx_log_admit(struct cx_log_site *site);
#endif
