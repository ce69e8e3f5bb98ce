#include "metrics/metrics.h"
#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>

static const struct cx_metric records = { "cx_test_records_total", CX_COUNTER, "reason", "Records." };
static const struct cx_metric lag = { "cx_test_lag_seconds", CX_GAUGE, NULL, "Lag." };
static const struct cx_metric commit = { "cx_test_commit_seconds", CX_HISTOGRAM, NULL, "Commits." };

static struct cx_metrics *m;
static struct cx_buf out;

static void open_registry(void)
{
    m = cx_metrics_new("");
    cx_buf_init(&out, 16 << 20);
}

static void close_registry(void)
{
    cx_metrics_free(m);
    cx_buf_free(&out);
}

TestSuite(metrics, .init = open_registry, .fini = close_registry);

static const char *exposed(void)
{
    cx_buf_reset(&out);
    cx_metrics_expose(m, &out);
    cx_buf_byte(&out, 0);
    return out.ptr;
}

Test(metrics, exposes_a_series_at_zero_from_the_start)
{
    cx_metrics_series(m, &lag, NULL, NULL);
    cr_assert_str_eq(exposed(), "# HELP cx_test_lag_seconds Lag.\n# TYPE cx_test_lag_seconds gauge\ncx_test_lag_seconds 0\n");
}

Test(metrics, groups_series_by_name_whatever_order_they_come_in)
{
    cx_metrics_series(m, &records, "stage=\"a\"", "stale");
    cx_series_set(cx_metrics_series(m, &lag, NULL, NULL), 2.5);
    cx_series_add(cx_metrics_series(m, &records, "stage=\"b\"", "repeat"), 3);
    cr_assert_str_eq(exposed(), "# HELP cx_test_records_total Records.\n# TYPE cx_test_records_total counter\n"
                                "cx_test_records_total{stage=\"a\",reason=\"stale\"} 0\ncx_test_records_total{stage=\"b\",reason=\"repeat\"} 3\n"
                                "# HELP cx_test_lag_seconds Lag.\n# TYPE cx_test_lag_seconds gauge\ncx_test_lag_seconds 2.5\n");
}

Test(metrics, puts_constant_labels_on_every_series)
{
    cx_metrics_free(m);
    m = cx_metrics_new("chain=\"x\"");
    cx_metrics_series(m, &lag, NULL, NULL);
    cx_metrics_series(m, &records, "stage=\"a\"", "r");
    cr_assert_not_null(strstr(exposed(), "\ncx_test_lag_seconds{chain=\"x\"} 0\n"));
    cr_assert_not_null(strstr(exposed(), "\ncx_test_records_total{chain=\"x\",stage=\"a\",reason=\"r\"} 0\n"));
}

Test(metrics, hands_out_the_same_slot_for_the_same_arguments)
{
    char stage[32], reason[32];
    struct cx_series *series[400];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 400; i++) {
            snprintf(stage, sizeof stage, "stage=\"%d\"", i % 20);
            snprintf(reason, sizeof reason, "%d", i / 20);
            struct cx_series *s = cx_metrics_series(m, &records, stage, reason);
            if (round == 0)
                series[i] = s;
            cr_assert_eq(s, series[i]);
            cx_series_add(s, i);
        }
    for (int i = 0; i < 400; i++)
        cr_assert_eq(cx_series_get(series[i]), 2 * i);
    cr_assert_neq(cx_metrics_series(m, &records, NULL, "x"), cx_metrics_series(m, &records, "", "x"), "none and empty are not the same arguments");
}

Test(metrics, puts_observations_in_cumulative_buckets)
{
    struct cx_series *s = cx_metrics_series(m, &commit, NULL, NULL);
    cx_series_observe(s, 0.0001); /* a limit belongs to its bucket */
    cx_series_observe(s, 0.003);
    cx_series_observe(s, 60);
    cr_assert_eq(cx_series_get(s), 3);
    const char *text = exposed();
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_bucket{le=\"0.0001\"} 1\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_bucket{le=\"0.0025\"} 1\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_bucket{le=\"0.005\"} 2\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_bucket{le=\"10\"} 2\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_bucket{le=\"+Inf\"} 3\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_sum 60.0031\n"));
    cr_assert_not_null(strstr(text, "cx_test_commit_seconds_count 3\n"));
}

Test(metrics, escapes_label_values_and_refuses_to_pass_on_invalid_utf8)
{
    cx_metrics_series(m, &records, NULL, "a\"b\\c\nd");
    cx_metrics_series(m, &records, NULL, "\xff");
    cr_assert_not_null(strstr(exposed(), "{reason=\"a\\\"b\\\\c\\nd\"} 0\n"));
    cr_assert_not_null(strstr(exposed(), "{reason=\"invalid\"} 0\n"));
}

Test(metrics, writes_what_is_no_finite_number_as_prometheus_reads_it)
{
    struct cx_series *s = cx_metrics_series(m, &lag, NULL, NULL);
    cx_series_set(s, NAN);
    cr_assert_not_null(strstr(exposed(), "\ncx_test_lag_seconds NaN\n"));
    cx_series_set(s, HUGE_VAL);
    cr_assert_not_null(strstr(exposed(), "\ncx_test_lag_seconds +Inf\n"));
    cx_series_set(s, -HUGE_VAL);
    cr_assert_not_null(strstr(exposed(), "\ncx_test_lag_seconds -Inf\n"));
}

Test(metrics, gives_label_values_beyond_its_limit_one_series)
{
    char reason[32];
    for (int i = 0; i < CX_METRICS_MAX_SERIES + 50; i++) {
        snprintf(reason, sizeof reason, "r%d", i);
        cx_series_add(cx_metrics_series(m, &records, NULL, reason), 1);
    }
    cr_assert_eq(cx_series_get(cx_metrics_series(m, &records, NULL, "r0")), 1);
    cr_assert_eq(cx_series_get(cx_metrics_series(m, &records, NULL, "other")), 50);
    cr_assert_null(strstr(exposed(), "\"r1001\""));
}

static void *expose_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        exposed();
    return NULL;
}

Test(metrics, may_be_exposed_while_series_are_added)
{
    pthread_t reader;
    char reason[32];
    pthread_create(&reader, NULL, expose_often, NULL);
    for (int i = 0; i < 900; i++) {
        snprintf(reason, sizeof reason, "r%d", i);
        cx_series_add(cx_metrics_series(m, &records, NULL, reason), 1);
    }
    pthread_join(reader, NULL);
    cr_assert_not_null(strstr(exposed(), "{reason=\"r899\"} 1\n"));
}

Test(metrics, aborts_when_two_rows_of_a_name_disagree, .signal = SIGABRT)
{
    static const struct cx_metric impostor = { "cx_test_lag_seconds", CX_COUNTER, NULL, "Not the lag." };
    cx_metrics_series(m, &lag, NULL, NULL);
    cx_metrics_series(m, &impostor, "x=\"y\"", NULL);
}

Test(metrics, aborts_when_a_label_value_is_missing, .signal = SIGABRT)
{
    cx_metrics_series(m, &records, NULL, NULL);
}
