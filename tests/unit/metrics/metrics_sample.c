/* Prints the exposition of a registry that holds one of everything, for `promtool check metrics`. */
#include "metrics/metrics.h"

static const struct cx_metric rows[] = {
    { "cx_sample_records_total", CX_COUNTER, "reason", "Records by reason: \"quotes\", a \\ and\na second line." },
    { "cx_sample_items_total", CX_COUNTER, NULL, "Items, without any label of its own." },
    { "cx_sample_lag_seconds", CX_GAUGE, "topic", "Seconds behind; not a number before the first record." },
    { "cx_sample_queue_bytes", CX_GAUGE, NULL, "Bytes that wait." },
    { "cx_sample_commit_duration_seconds", CX_HISTOGRAM, NULL, "Time of a commit." },
    { "cx_sample_step_duration_seconds", CX_HISTOGRAM, "step", "Time of a step." },
    { 0 },
};

int main(void)
{
    static const char *const labels[] = { "plain", "with \"quotes\"", "back\\slash", "line\nfeed", "Türkçe", "\xff\xfe", "" };
    struct cx_metrics *m = cx_metrics_new("chain=\"dedup-identify\"");
    struct cx_buf out;
    cx_buf_init(&out, 1 << 20);
    for (const struct cx_metric *row = rows; row->name; row++)
        for (size_t i = 0; i < (row->label ? sizeof labels / sizeof *labels : 1); i++) {
            struct cx_series *s = cx_metrics_series(m, row, i % 2 ? NULL : "stage=\"dedup\"", row->label ? labels[i] : NULL);
            if (row->kind == CX_HISTOGRAM)
                cx_series_observe(s, 0.0042);
            else
                cx_series_add(s, i == 0 ? 1.0 / 0.0 : 1e6 / (double)i);
        }
    cx_metrics_expose(m, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    cx_buf_free(&out);
    cx_metrics_free(m);
    return 0;
}
