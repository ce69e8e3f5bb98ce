/* ledger.h - what a transaction did with one input partition, counted while it runs, written down with it (the conservation law). */
#ifndef CX_RUN_LEDGER_H
#define CX_RUN_LEDGER_H
#include "run/chain.h"

#define CX_LEDGER_REASONS 128
struct cx_ledger_count {
    const char *stage;
    const struct cx_reason *reason;
    enum cx_verdict verdict;
    int64_t items;
};
struct cx_ledger_page {
    int64_t first_offset, next_offset; /* first_offset -1: nothing yet */
    int64_t records, items, emitted;
    struct cx_ledger_count counts[CX_LEDGER_REASONS];
    size_t count;
    struct cx_drop_mark {
        int64_t offset;
        int32_t index;
        uint32_t reason; /* index of counts */
    } * drops;
    size_t drop_count, drop_cap;
};
void cx_ledger_reset(struct cx_ledger_page *page);
void cx_ledger_free(struct cx_ledger_page *page);
void cx_ledger_add(struct cx_ledger_page *page, const struct cx_ending *ending);
/* Aborts the process if items in are not items out: a lost item must never be committed. */
void cx_ledger_check(const struct cx_ledger_page *page);
/* The page as a wire record, appended to `out`. */
void cx_ledger_encode(const struct cx_ledger_page *page, struct cx_arena *arena, const char *chain, const char *topic, int32_t partition,
                      enum cx_ledger_kind kind, int64_t time_ms, const char *config_hash, struct cx_buf *out);
#endif
