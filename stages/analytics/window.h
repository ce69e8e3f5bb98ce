/* window.h - open windows: one row of counts per event-time minute and (tenant, brand, channel, language, function).
 *
 * Five tables, one life. A row is born in WINDOWS, with its names in NAMES, and joins two lists that run through the rows: its minute's
 * (head in MINUTES; OPEN has each minute of a tenant once, in time order) and, whenever it changes after a writing, its tenant's list of
 * changed rows (head in CHANGED). So a record costs hash probes alone, a writing what changed, and a closing what closes. */
#ifndef ANALYTICS_WINDOW_H
#define ANALYTICS_WINDOW_H
#include "stage/stage.h"

enum analytics_table { ANALYTICS_TIME, ANALYTICS_WINDOWS, ANALYTICS_NAMES, ANALYTICS_MINUTES, ANALYTICS_OPEN, ANALYTICS_CHANGED };

/* Values of hash tables are aligned to 4 bytes only. */
typedef int64_t analytics_i64 __attribute__((aligned(4)));

/* 2^32 records a minute are out of reach; sums of counters are not. */
struct analytics_counts {
    uint32_t records, creates, edits, deletes;
    uint32_t originals, copies;
    uint32_t inbound, outbound;
    uint32_t negative, neutral, positive, sentiment_unknown;
    uint32_t urgency_low, urgency_normal, urgency_high, urgency_critical, urgency_unknown;
    uint32_t questions, complaints;
    analytics_i64 likes, replies, shares, views;
};

/* A value of WINDOWS, as it stands on the changelog (little-endian). */
struct analytics_window {
    struct analytics_counts counts;
    uint32_t written;        /* version of the newest row written, 0: none */
    uint32_t is_changed;     /* 1: stands in its tenant's list */
    analytics_i64 end;       /* of the minute, exclusive */
    struct cx_id of_minute;  /* next row of the same minute, zero at the end */
    struct cx_id of_changed; /* next changed row, zero at the end */
};

#define ANALYTICS_MINUTE 60000 /* ms */

/* What all rows of one record have in common. */
struct analytics_cell {
    struct cx_str tenant, brand, channel, language; /* brand null: none */
    int64_t end;
    struct cx_id id;
};
void analytics_cell_init(struct analytics_cell *cell, const struct cx_interaction *record, int64_t end);

/* The counts of the cell's row for `function`, opened if need be (*is_new) and marked as changed. Write into them before the next call. */
struct analytics_counts *analytics_window_change(struct cx_ctx *ctx, const struct analytics_cell *cell, struct cx_str function, bool *is_new);

/* A row to be written. Views and pointer are valid during the call. */
struct analytics_row {
    struct cx_str tenant, brand, channel, language, function;
    int64_t end;
    uint32_t version;
    bool final;
    const struct analytics_counts *counts;
};
typedef void analytics_write_fn(struct cx_ctx *ctx, const struct analytics_row *row);
/* Writes the tenant's rows that changed since they were last written, then, as final, all rows of minutes that end at or before `closed`,
 * which leave the state. */
void analytics_windows_write(struct cx_ctx *ctx, struct cx_str tenant, int64_t closed, analytics_write_fn *write);
#endif
