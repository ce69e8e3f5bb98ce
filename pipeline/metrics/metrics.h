/* metrics.h - metric tables to Prometheus text.
 * A component declares rows; the registry hands out series; adding is a plain store by the one thread that owns a series (relaxed atomics, so that
 * the HTTP thread may read). Series are exposed at 0 from the start. Names: cx_<room or stage>_<noun>_<unit>[_total]. */
#ifndef CX_METRICS_H
#define CX_METRICS_H
#include "base/buf.h"
#include "base/str.h"

enum cx_metric_kind { CX_METRIC_END, CX_COUNTER, CX_GAUGE, CX_HISTOGRAM };
struct cx_metric {
    const char *name; /* full name */
    enum cx_metric_kind kind;
    const char *label; /* name of its one varying label, or NULL */
    const char *doc;   /* one sentence; says when the number lies */
};
struct cx_metrics;
struct cx_metrics *cx_metrics_new(const char *const_labels); /* e.g. "chain=\"dedup-identify\"" put on every series; "" for none */
void cx_metrics_free(struct cx_metrics *m);
/* A series of a row; label_value NULL where the row has no label; extra_labels e.g. "stage=\"dedup\"" or NULL. Same arguments, same slot, from
 * any thread, for the life of the registry. Rows of several components may share a name, then kind and label agree. A name takes
 * CX_METRICS_MAX_SERIES series; label values that come later share the value "other". */
#define CX_METRICS_MAX_SERIES 1000
struct cx_series;
struct cx_series *cx_metrics_series(struct cx_metrics *m, const struct cx_metric *row, const char *extra_labels, const char *label_value);
void cx_series_add(struct cx_series *s, double v);     /* counter, gauge */
void cx_series_set(struct cx_series *s, double v);     /* gauge; counter: a total that someone else keeps */
void cx_series_observe(struct cx_series *s, double v); /* histogram, base unit; buckets 100 µs .. 10 s, log-spaced */
double cx_series_get(const struct cx_series *s);       /* histogram: the number of observations */
/* Prometheus text format 0.0.4, grouped by name with HELP and TYPE. Any thread. */
void cx_metrics_expose(struct cx_metrics *m, struct cx_buf *out);
#endif
