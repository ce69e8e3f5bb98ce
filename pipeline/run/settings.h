/* settings.h - the one configuration of a process: file, then environment, then --set; and the options of the runtime itself. */
#ifndef CX_RUN_SETTINGS_H
#define CX_RUN_SETTINGS_H
#include "config/config.h"
#include "kafka/kafka.h"

struct cx_run_options {
    int64_t commit_interval;            /* ms */
    int64_t batch_records, batch_bytes; /* a transaction is committed at the first of the three */
    int64_t tick;                       /* ms; 0: none */
    double breaker_share;               /* of items rejected in a window that stops the process; 0: never */
    int64_t breaker_window;             /* items */
    int64_t snapshot_interval;          /* ms; 0: no snapshots */
};
struct cx_http_options {
    struct cx_str listen; /* host:port; port 0 picks a free one; empty: no endpoint */
};
struct cx_log_options {
    struct cx_str level, format;
};
extern const struct cx_option cx_run_option_table[], cx_http_option_table[], cx_log_option_table[];

struct cx_settings {
    struct cx_arena *arena;
    struct cx_node *root;
    struct cx_kafka_config kafka;
    struct cx_run_options run;
    struct cx_http_options http;
    struct cx_log_options log;
    char hash[17]; /* of the effective configuration, hex */
};
/* file NULL: no file, defaults. `sets`: NULL-terminated "a.b=c". Checks the whole file: top-level names, the maps of the runtime. On
 * failure nothing is left to free. */
int cx_settings_load(struct cx_settings *settings, const char *file, const char *const *sets, struct cx_error *err);
void cx_settings_free(struct cx_settings *settings);
/* The commented reference cx.yaml: every option of every room and stage at its default. */
void cx_settings_reference(struct cx_buf *out);
#endif
