#include "log/log.h"
#include "base/time.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <unistd.h>

static char line[64 * 1024];
static FILE *caught;
static int real_stderr;

/* Between the two, what goes to stderr goes to a file. */
static void catch_stderr(void)
{
    caught = tmpfile();
    fflush(stderr);
    real_stderr = dup(STDERR_FILENO);
    dup2(fileno(caught), STDERR_FILENO);
}

static const char *caught_text(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    rewind(caught);
    line[fread(line, 1, sizeof line - 1, caught)] = 0;
    fclose(caught);
    return line;
}

/* The line without its time, which differs from run to run. */
static const char *behind_time(const char *text)
{
    int64_t ms;
    cr_assert_eq(strncmp(text, "time=", 5), 0, "%s", text);
    cr_assert(cx_time_parse(cx_str_n(text + 5, CX_TIME_TEXT), &ms), "%s", text);
    return text + 5 + CX_TIME_TEXT + 1;
}

Test(log, writes_one_line_of_pairs)
{
    catch_stderr();
    cx_log(CX_INFO, "assigned", "topic=%s partitions=%d", "cx.events.v1", 6);
    cr_assert_str_eq(behind_time(caught_text()), "level=info event=assigned topic=cx.events.v1 partitions=6\n");
}

Test(log, puts_the_context_on_every_line)
{
    cx_log_context("chain=dedup-identify instance=0");
    catch_stderr();
    cx_log(CX_ERROR, "fatal", "code=%d", 7);
    cr_assert_str_eq(behind_time(caught_text()), "level=error event=fatal chain=dedup-identify instance=0 code=7\n");
}

Test(log, is_silent_below_its_threshold)
{
    catch_stderr();
    cx_log(CX_DEBUG, "detail", "n=%d", 1);
    cx_log_setup(CX_ERROR, CX_LOG_TEXT);
    cx_log(CX_WARN, "retry", "n=%d", 1);
    cr_assert_str_empty(caught_text());
}

Test(log, escapes_what_would_break_the_line_or_the_terminal)
{
    catch_stderr();
    cx_log(CX_INFO, "odd", "text=\"%s\"", "a\nb\x1b[31m\x7f é\xc3 \x80\xed\xa0\x80z");
    cr_assert_str_eq(behind_time(caught_text()), "level=info event=odd text=\"a\\x0ab\\x1b[31m\\x7f é\\xc3 \\x80\\xed\\xa0\\x80z\"\n");
}

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "(absent)";
}

static json_t *caught_json(void)
{
    json_error_t error;
    json_t *object = json_loads(caught_text(), JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(object, "%s: %s", error.text, line);
    cr_assert_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line");
    return object;
}

Test(log, writes_the_same_as_one_json_object)
{
    cx_log_setup(CX_INFO, CX_LOG_JSON);
    cx_log_context("chain=route instance=2");
    catch_stderr();
    cx_log(CX_WARN, "retry", "broker=%s reason=\"%s\" empty= n=%d", "b:9092", "no route to \"host\"", 3);
    json_t *object = caught_json();
    int64_t ms;
    cr_assert(cx_time_parse(cx_str(member(object, "time")), &ms));
    cr_assert_str_eq(member(object, "level"), "warn");
    cr_assert_str_eq(member(object, "event"), "retry");
    cr_assert_str_eq(member(object, "chain"), "route");
    cr_assert_str_eq(member(object, "instance"), "2");
    cr_assert_str_eq(member(object, "broker"), "b:9092");
    cr_assert_str_eq(member(object, "reason"), "no route to \"host\"");
    cr_assert_str_eq(member(object, "empty"), "");
    cr_assert_str_eq(member(object, "n"), "3");
    json_decref(object);
}

Test(log, takes_what_is_no_pair_for_a_sentence)
{
    cx_log_setup(CX_INFO, CX_LOG_JSON);
    catch_stderr();
    cx_log(CX_INFO, "stop", "code=0 %s", "all is well, x=1");
    json_t *object = caught_json();
    cr_assert_str_eq(member(object, "code"), "0");
    cr_assert_str_eq(member(object, "message"), "all is well, x=1");
    json_decref(object);
}

Test(log, cuts_pairs_that_are_too_long_and_still_writes_whole_lines)
{
    char text[5000];
    for (int format = CX_LOG_TEXT; format <= CX_LOG_JSON; format++)
        for (int c = 1; c < 256; c += 5) {
            memset(text, c, sizeof text - 1);
            text[sizeof text - 1] = 0;
            cx_log_setup(CX_INFO, (enum cx_log_format)format);
            catch_stderr();
            cx_log(CX_INFO, "long", "x=\"%s", text);
            if (format == CX_LOG_JSON)
                json_decref(caught_json());
            else
                cr_assert_eq(strchr(caught_text(), '\n'), line + strlen(line) - 1);
        }
}

Test(log, holds_a_call_site_back_for_ten_seconds_and_counts)
{
    catch_stderr();
    for (int i = 0; i < 5; i++)
        cx_log_limited(CX_WARN, "again", "i=%d", i);
    cr_assert_str_eq(behind_time(caught_text()), "level=warn event=again i=0\n");
}

Test(log, says_how_many_lines_were_held_back)
{
    struct cx_log_site site = { .last_ns = cx_monotonic_ns() - INT64_C(10000000000), .held = 4 };
    catch_stderr();
    cr_assert(cx_log_admit(&site));
    cx_log(CX_WARN, "again", "i=%d", 5);
    cx_log(CX_WARN, "other", "i=%d", 6);
    cr_assert_not(cx_log_admit(&site));
    cr_assert_eq(site.held, 1);
    const char *text = caught_text();
    cr_assert_not_null(strstr(text, "event=again held_back=4 i=5\n"), "%s", text);
    cr_assert_not_null(strstr(text, "event=other i=6\n"), "%s", text);
}
