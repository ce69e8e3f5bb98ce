#include "run/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A file of this text; its name is good until the next call. */
static const char *file_of(const char *text)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/cx-settings-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static struct cx_error refused(const char *text)
{
    struct cx_settings settings;
    struct cx_error err = { CX_EXIT_OK, "" };
    const char *path = file_of(text);
    cr_assert_eq(cx_settings_load(&settings, path, NULL, &err), -1, "%s", text);
    cx_settings_free(&settings);
    unlink(path);
    return err;
}

Test(settings, nothing_given_is_all_defaults)
{
    struct cx_settings settings;
    struct cx_error err;
    cr_assert_eq(cx_settings_load(&settings, NULL, NULL, &err), 0);
    cr_assert_eq(settings.run.commit_interval, 200);
    cr_assert_eq(settings.run.tick, 10000);
    cr_assert_float_eq(settings.run.breaker_share, 0.5, 1e-9);
    cr_assert_eq(settings.http.listen.len, 0);
    cx_settings_free(&settings);
}

Test(settings, a_secret_on_the_command_line_is_refused)
{
    static const char *const ways[] = { "kafka.librdkafka.\"ssl.key.password\"=canary", "kafka.librdkafka={sasl.oauthbearer.client.secret: canary}" };
    for (size_t i = 0; i < 2; i++) {
        const char *const sets[] = { ways[i], NULL };
        struct cx_settings settings;
        struct cx_error err = { CX_EXIT_OK, "" };
        cr_assert_eq(cx_settings_load(&settings, NULL, sets, &err), -1, "%s", ways[i]);
        cr_expect_eq(err.exit, CX_EXIT_USAGE);
        cr_expect(strstr(err.text, "command line") && !strstr(err.text, "canary"), "%s", err.text);
    }
}

Test(settings, set_wins_over_the_environment_over_the_file)
{
    struct cx_settings settings;
    struct cx_error err = { CX_EXIT_OK, "" };
    const char *path = file_of("run: {tick: 1s, batch_records: 1, batch_bytes: 1m}\n"), *const sets[] = { "run.tick=3s", NULL };
    setenv("CX_RUN_TICK", "2s", 1);
    setenv("CX_RUN_BATCH_RECORDS", "2", 1);
    cr_assert_eq(cx_settings_load(&settings, path, sets, &err), 0, "%s", err.text);
    cr_assert_eq(settings.run.tick, 3000);
    cr_assert_eq(settings.run.batch_records, 2);
    cr_assert_eq(settings.run.batch_bytes, 1 << 20);
    cx_settings_free(&settings);
    unlink(path);
}

Test(settings, the_hash_names_what_is_in_force_however_it_was_said)
{
    struct cx_settings said, set, other;
    struct cx_error err;
    const char *path = file_of("run: {tick: 3s}\n"), *const sets[] = { "run.tick=3s", NULL };
    cr_assert_eq(cx_settings_load(&said, path, NULL, &err), 0);
    cr_assert_eq(cx_settings_load(&set, NULL, sets, &err), 0);
    cr_assert_eq(cx_settings_load(&other, NULL, NULL, &err), 0);
    cr_assert_str_eq(said.hash, set.hash);
    cr_assert_str_neq(said.hash, other.hash);
    cx_settings_free(&said);
    cx_settings_free(&set);
    cx_settings_free(&other);
    unlink(path);
}

Test(settings, a_mistake_is_refused_with_its_place)
{
    struct cx_error err = refused("kafka:\n  brokrs: x\n");
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert_not_null(strstr(err.text, ":2:3: "), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "did you mean \"brokers\""), "%s", err.text);
    cr_assert_not_null(strstr(refused("rout: {}\n").text, "did you mean \"route\""));
    cr_assert_eq(refused("run: {breaker_share: 1.5}\n").exit, CX_EXIT_CONFIG);
    cr_assert_eq(refused("log: {format: xml}\n").exit, CX_EXIT_CONFIG);
    cr_assert_eq(refused("kafka: {partitions: {raw: 0}}\n").exit, CX_EXIT_CONFIG);
    cr_assert_eq(refused("[]\n").exit, CX_EXIT_CONFIG);
}

Test(settings, a_file_that_is_not_there_is_no_configuration_error)
{
    struct cx_settings settings;
    struct cx_error err;
    cr_assert_eq(cx_settings_load(&settings, "/nowhere/cx.yaml", NULL, &err), -1);
    cr_assert_eq(err.exit, CX_EXIT_IO);
    cx_settings_free(&settings);
}

Test(settings, the_reference_is_a_configuration_that_changes_nothing)
{
    struct cx_settings reference, defaults;
    struct cx_error err = { CX_EXIT_OK, "" };
    struct cx_buf text;
    cx_buf_init(&text, 1 << 20);
    cx_settings_reference(&text);
    cx_buf_byte(&text, '\0');
    const char *path = file_of(text.ptr);
    cr_assert_eq(cx_settings_load(&reference, path, NULL, &err), 0, "%s", err.text);
    cr_assert_eq(cx_settings_load(&defaults, NULL, NULL, &err), 0);
    cr_assert_arr_eq(&reference.run, &defaults.run, sizeof defaults.run);
    cr_assert_eq(reference.kafka.max_message, defaults.kafka.max_message);
    cr_assert_eq(reference.kafka.transaction_timeout, defaults.kafka.transaction_timeout);
    cx_settings_free(&reference);
    cx_settings_free(&defaults);
    cx_buf_free(&text);
    unlink(path);
}
