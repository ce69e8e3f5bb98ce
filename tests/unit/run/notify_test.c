/* What a supervisor hears, through a socket of its own. */
#include "supervisor.h"

#define SECOND INT64_C(1000000000)
static char path[100];

static void setup(void)
{
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    snprintf(path, sizeof path, "/tmp/notify-unit.%d", (int)getpid());
    listen_at(path);
}
static void teardown(void)
{
    close(supervisor);
    unlink(path);
}
TestSuite(notify, .init = setup, .fini = teardown);

Test(notify, a_start_is_extended_while_it_goes_on_and_then_ready)
{
    cx_notify_open();
    cx_notify_alive(100 * SECOND);
    cx_notify_alive(109 * SECOND);
    cx_notify_alive(111 * SECOND);
    cx_notify_status("restoring dedup/3, %d %%", 40);
    cx_notify_status("restoring dedup/3, %d %%", 40);
    cx_notify_ready();
    cx_notify_alive(200 * SECOND);
    cr_expect_str_eq(heard(), "EXTEND_TIMEOUT_USEC=60000000");
    cr_expect_str_eq(heard(), "EXTEND_TIMEOUT_USEC=60000000");
    cr_expect_str_eq(heard(), "STATUS=restoring dedup/3, 40 %");
    cr_expect_str_eq(heard(), "READY=1");
    cr_expect_str_empty(heard(), "nobody asked for a watchdog");
}

Test(notify, the_watchdog_hears_a_sign_three_times_a_period)
{
    setenv("WATCHDOG_USEC", "30000000", 1);
    cx_notify_open();
    cx_notify_ready();
    for (int64_t s = 1000; s < 1060; s++)
        for (int64_t n = 0; n < 100; n++)
            cx_notify_alive(s * SECOND + n);
    cr_expect_str_eq(heard(), "READY=1");
    int signs = 0;
    for (const char *line = heard(); *line; line = heard(), signs++)
        cr_expect_str_eq(line, "WATCHDOG=1");
    cr_expect_eq(signs, 6);
}

Test(notify, a_watchdog_of_another_process_or_of_nonsense_hears_nothing)
{
    static const char *const values[][2] = { { "30000000", "1" }, { "0", NULL }, { "-5", NULL }, { "x", NULL }, { "99999999999999999999", NULL } };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        setenv("WATCHDOG_USEC", values[i][0], 1);
        values[i][1] ? setenv("WATCHDOG_PID", values[i][1], 1) : unsetenv("WATCHDOG_PID");
        cx_notify_open();
        cx_notify_ready();
        cx_notify_alive(SECOND);
        cr_expect_str_eq(heard(), "READY=1");
        cr_expect_str_empty(heard(), "%s", values[i][0]);
    }
    char own[20];
    snprintf(own, sizeof own, "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", own, 1);
    cx_notify_open();
    cx_notify_ready();
    cx_notify_alive(SECOND);
    cr_expect_str_eq(heard(), "READY=1");
    cr_expect_str_eq(heard(), "WATCHDOG=1");
}

Test(notify, sockets_without_a_path_are_heard_too)
{
    char name[60];
    close(supervisor);
    snprintf(name, sizeof name, "@cx-notify-unit-%d", (int)getpid());
    listen_at(name);
    cx_notify_open();
    cx_notify_ready();
    cx_notify_stopping();
    cr_expect_str_eq(heard(), "READY=1");
    cr_expect_str_eq(heard(), "STOPPING=1");
}

Test(notify, a_reload_is_told_from_beginning_to_end_but_makes_nobody_ready)
{
    cx_notify_open();
    cx_notify_reloading(5 * SECOND);
    cx_notify_reloaded();
    cr_expect_str_empty(heard());
    cx_notify_ready();
    cx_notify_reloading(5 * SECOND + 999);
    cx_notify_reloaded();
    cr_expect_str_eq(heard(), "READY=1");
    cr_expect_str_eq(heard(), "RELOADING=1\nMONOTONIC_USEC=5000000");
    cr_expect_str_eq(heard(), "READY=1");
}

Test(notify, a_status_is_one_line_of_what_fits)
{
    char text[600];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[3] = '\n';
    cx_notify_open();
    cx_notify_status("%s", text);
    const char *line = heard();
    cr_expect_eq(strncmp(line, "STATUS=xxx xxx", 14), 0, "%s", line);
    cr_expect_eq(strlen(line), 7 + 159);
}

/* Nobody named, a name that cannot be one, nobody there, and one who is gone or does not listen: all are the supervisor's affair. */
Test(notify, where_nobody_listens_nothing_happens)
{
    static const char *const names[] = { "", "@", "relative", "/tmp/cx-notify-nobody", NULL };
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    longest[0] = '/';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        names[i] ? setenv("NOTIFY_SOCKET", names[i], 1) : setenv("NOTIFY_SOCKET", longest, 1);
        cx_notify_open();
        cx_notify_status("here");
        cx_notify_ready();
        cx_notify_alive(SECOND);
    }
    unsetenv("NOTIFY_SOCKET");
    cx_notify_open();
    cx_notify_ready();
    cr_expect_str_empty(heard());
    setenv("NOTIFY_SOCKET", path, 1);
    cx_notify_open();
    for (int i = 0; i < 10000; i++)
        cx_notify_status("%d", i); /* more than a socket holds: none of them waits */
    close(supervisor);
    cx_notify_ready();
}
