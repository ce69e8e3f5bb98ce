/* main.c - runs seeds.
 *   sim SEED [-v]             one seed; -v tells everything that happens
 *   sim --seeds N [--from S]  N of them; stops at the first that does not hold, and says how to see it again
 *   sim --memory N            N allocations that fail, one after the other
 *   sim --must-find N         succeeds if one of N does not hold: for builds with a bug in them */
#include "scenario.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_crash(int number)
{
    char text[160];
    int len = snprintf(text, sizeof text, "seed %llu: signal %d\nto see it happen: make sim SEED=%llu\n", (unsigned long long)sim.seed, number,
                       (unsigned long long)sim.seed);
    if (write(STDERR_FILENO, text, (size_t)len) < 0)
        _exit(2);
    _exit(1);
}

static void catch_crashes(void)
{
    static char stack[64 << 10];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };
    sigaltstack(&alternate, NULL);
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static void run(uint64_t from, uint64_t count)
{
    bool shows_progress = isatty(STDERR_FILENO) && count > 1;
    for (uint64_t seed = from; seed < from + count; seed++) {
        sim_scenario_run(seed);
        if (shows_progress && seed % 1000 == 0)
            fprintf(stderr, "\r%llu of %llu seeds", (unsigned long long)(seed - from), (unsigned long long)count);
    }
    if (shows_progress)
        fputc('\n', stderr);
    printf("%llu seeds hold: %llu calls, %llu faults, %llu kills, %llu rebalances, %llu commits, %llu aborts, %llu producers\n",
           (unsigned long long)count, (unsigned long long)sim.calls, (unsigned long long)sim.faults, (unsigned long long)sim.kills,
           (unsigned long long)sim.rebalances, (unsigned long long)sim.commits, (unsigned long long)sim.aborts, (unsigned long long)sim.producers);
}

/* In a child, which ends when a seed does not hold. */
static int must_find(uint64_t count)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        run(1, count);
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return CX_EXIT_BUG;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
        return CX_EXIT_OK;
    fprintf(stderr, "the bug in this build was not noticed\n");
    return CX_EXIT_FINDINGS;
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    if (*end != '\0' || end == text) {
        fprintf(stderr, "usage: sim SEED [-v] | --seeds N [--from S] | --memory N | --must-find N\n");
        exit(CX_EXIT_USAGE);
    }
    return n;
}

int main(int argc, char **argv)
{
    uint64_t from = 1, count = 1;
    bool must = false, memory = false;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "-v") == 0)
            sim.verbose = true;
        else if (strcmp(argv[i], "--seeds") == 0 && has_value)
            count = number(argv[++i]);
        else if (strcmp(argv[i], "--from") == 0 && has_value)
            from = number(argv[++i]);
        else if (strcmp(argv[i], "--must-find") == 0 && has_value)
            must = (count = number(argv[++i])) > 0;
        else if (strcmp(argv[i], "--memory") == 0 && has_value)
            memory = (count = number(argv[++i])) > 0;
        else
            from = number(argv[i]);
    }
    setvbuf(stdout, NULL, sim.verbose ? _IOLBF : _IOFBF, 1 << 16);
    catch_crashes();
    sim_scenario_open();
    if (must)
        return must_find(count);
    if (memory)
        sim_memory_run(count);
    else
        run(from, count);
    return CX_EXIT_OK;
}
