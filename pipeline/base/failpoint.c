/* failpoint.c - reads the environment once; passing a point counts it. */
#include "base/failpoint.h"

#ifdef CX_FAILPOINTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const points[] = {
#define CX_FAILPOINT_ROW(symbol, name, where) name,
#include "base/failpoint.def"
};
static const char *const bugs[] = {
    "none",
#define CX_BUG_ROW(symbol, name, what) name,
#include "base/failpoint.def"
};

enum { STOP = -1 }; /* instead of milliseconds */
static struct {
    bool is_read;
    enum cx_bug bug;
    long kill_at[CX_FAILPOINTS_COUNT], sleep_at[CX_FAILPOINTS_COUNT], sleep_ms[CX_FAILPOINTS_COUNT], passed[CX_FAILPOINTS_COUNT];
} armed;

static int find(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    fprintf(stderr, "failpoint.def has no row \"%s\"\n", name);
    exit(64);
}

static void arm(char *word)
{
    char *n = strchr(word, ':'), *ms;
    if (n)
        *n++ = '\0';
    int point = find(points, CX_FAILPOINTS_COUNT, word);
    long at = n ? strtol(n, &n, 10) : 1;
    ms = n && *n == ':' ? n + 1 : NULL;
    (ms ? armed.sleep_at : armed.kill_at)[point] = at;
    armed.sleep_ms[point] = !ms ? 0 : strcmp(ms, "stop") == 0 ? STOP : strtol(ms, NULL, 10);
}

static void read_environment(void)
{
    const char *bug = getenv("CX_BUG"), *fail = getenv("CX_FAIL");
    char words[512], *rest = words, *word;
    armed.is_read = true;
    if (bug && *bug)
        armed.bug = (enum cx_bug)find(bugs, sizeof bugs / sizeof *bugs, bug);
    snprintf(words, sizeof words, "%s", fail ? fail : "");
    while ((word = strsep(&rest, ",")) != NULL)
        if (*word)
            arm(word);
}

/* Said by write(2): nothing of it is in a buffer when the process is gone. */
static void say(const char *what, const char *point)
{
    char line[128];
    int n = snprintf(line, sizeof line, "failpoint %s %s\n", what, point);
    if (write(2, line, (size_t)n) < 0)
        return;
}

void cx_failpoint_pass(enum cx_failpoint point)
{
    if (!armed.is_read)
        read_environment();
    long passed = ++armed.passed[point];
    if (passed == armed.sleep_at[point] && armed.sleep_ms[point] == STOP) {
        say("stops", points[point]);
        raise(SIGSTOP);
    } else if (passed == armed.sleep_at[point]) {
        struct timespec pause = { armed.sleep_ms[point] / 1000, armed.sleep_ms[point] % 1000 * 1000000 };
        say("sleeps", points[point]);
        nanosleep(&pause, NULL);
    }
    if (passed == armed.kill_at[point]) {
        say("kills", points[point]);
        raise(SIGKILL);
    }
}

bool cx_failpoint_bug(enum cx_bug bug)
{
    if (!armed.is_read)
        read_environment();
    return armed.bug == bug;
}

bool cx_failpoint_every(const char *variable)
{
    static struct {
        const char *variable;
        long every, n;
    } counters[8];
    size_t i = 0;
    while (counters[i].variable && strcmp(counters[i].variable, variable) != 0)
        i++;
    if (!counters[i].variable) {
        const char *value = getenv(variable);
        counters[i].variable = variable;
        counters[i].every = value ? strtol(value, NULL, 10) : 0;
    }
    return counters[i].every > 0 && ++counters[i].n % counters[i].every == 0;
}

bool cx_failpoint_is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

bool cx_failpoint_pads(const char *stage, const char *native_id, size_t len)
{
    const char *wanted = getenv("CX_PAD");
    size_t n = strlen(stage);
    if (!wanted || !native_id || strncmp(wanted, stage, n) != 0 || wanted[n] != ':')
        return false;
    return memmem(native_id, len, wanted + n + 1, strlen(wanted + n + 1)) != NULL;
}
#endif
