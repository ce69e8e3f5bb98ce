/* sim.h - a world in which processes of cx run, and everything that can go wrong with them is drawn from one seed.
 *
 * What runs is the code of pipeline/run and pipeline/kafka, unchanged. Below it stand a librdkafka (client*.c) and a cluster (cluster.h) of the
 * simulation's own, linked in the place of the real ones, and a clock that moves when everybody waits. A process is a stack of its own; it gives
 * way where the real one would wait for the cluster, and may be killed there. One thread, no system calls: the same seed is the same run. */
#ifndef CX_TESTS_SIM_H
#define CX_TESTS_SIM_H
#include "run/process.h"

#include <setjmp.h>
#include <ucontext.h>

#define SIM_MS         INT64_C(1000000) /* of ns */
#define SIM_SECOND     (1000 * SIM_MS)
#define SIM_NEVER      INT64_MAX
#define SIM_PARTITIONS 2
#define SIM_PROCESSES  6

/* What can go wrong. A seed allows some of them, each as often as the seed says; so that some runs know nothing but kills. */
enum sim_fault {
    SIM_KILL,         /* a process ends at any call, or in any wait */
    SIM_STOP,         /* SIGTERM */
    SIM_FREEZE,       /* SIGSTOP, and on again later */
    SIM_TWIN,         /* frozen, a second process of the same name started, and on again */
    SIM_DEAF,         /* its heartbeats do not arrive: it loses its partitions and goes on */
    SIM_SLOW,         /* a call takes long */
    SIM_END_REPEATED, /* the connection breaks, EndTxn is sent again; the first one arrives late (KIP-890) */
    SIM_END_SILENT,   /* the answer to EndTxn comes after the call's time */
    SIM_OFFSETS_LATE, /* the same with the offsets */
    SIM_RETRIABLE,    /* a call fails and may be repeated */
    SIM_ABORTABLE,    /* the transaction is lost */
    SIM_FATAL,        /* the producer is lost */
    SIM_CUT,          /* a commit that came through is told as fatal */
    SIM_MARKERS_SLOW, /* a transaction's end reaches its partitions late, and at different times */
    SIM_QUEUE_FULL,   /* the producer's queue */
    SIM_POLL_ERRORS,  /* reading meets what passes */
    SIM_SPURIOUS_END, /* an end of partition is told twice */
    SIM_REFUSED,      /* the broker refuses large records */
    SIM_LEAP,         /* the clock on the wall is set */
    SIM_FAULTS
};

struct sim_process {
    char name[4];
    char instance[4]; /* kafka.instance */
    int number;       /* place in sim.processes */
    jmp_buf at;
    ucontext_t entry;
    bool is_started, is_alive, is_replaced; /* replaced: a twin was started; nobody restarts this one */
    char *stack, *memory;
    size_t used;
    int64_t wake_ns, silent_since_ns; /* silent: no heartbeat has left it since; 0: they do */
    int64_t frozen_until_ns, deaf_until_ns;
    volatile sig_atomic_t stop;
    int (*main)(struct sim_process *p);
    int status;
    struct cx_settings settings;
    struct cx_process *run;
    struct cx_error err;
};

struct sim {
    uint64_t seed, state;
    bool verbose, is_calm;          /* calm: nothing goes wrong any more */
    unsigned allowed;               /* faults, a bit each */
    unsigned rate;                  /* one call in so many meets a fault that is allowed */
    int64_t now_ns;                 /* monotonic */
    int64_t leapt_ms;               /* what the clock on the wall has gained over it */
    uint64_t allocations, fails_at; /* of all processes in this run; the one that fails, 0: none */
    bool ran_out, is_plain;         /* it has failed; nothing else is to go wrong */
    uint64_t ended;                 /* processes that running out of memory has ended */
    struct sim_process *running;
    struct sim_process processes[SIM_PROCESSES];
    uint64_t calls, faults, kills, commits, aborts, rebalances, producers; /* what happened, over all seeds */
};
extern struct sim sim;

/* ---- chance (world.c) ---- */
uint64_t sim_random(uint64_t below);
static inline int64_t sim_between(int64_t low, int64_t high) /* both included */
{
    return low + (int64_t)sim_random((uint64_t)(high - low) + 1);
}
bool sim_hits(enum sim_fault fault);
void sim_note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* a line of the log that -v prints */
/* The run does not hold: says why and how to see it again, and ends the program. */
void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- processes (world.c) ---- */
void sim_begin(uint64_t seed);
void sim_start(struct sim_process *p, const char *name, const char *instance, int64_t at_ns);
void sim_kill(struct sim_process *p);
void sim_stop(struct sim_process *p); /* SIGTERM */
/* Lets whoever is due run, or the next event happen. False: nothing will ever happen again. */
bool sim_step(void);
/* The running process waits. It may not come back. */
void sim_sleep(int64_t ns);
/* A call into librdkafka begins: it may be slow, and its process may be killed here. */
void sim_call(const char *name);
bool sim_hears(const struct sim_process *p);    /* do its heartbeats arrive? */
int sim_main_of_process(struct sim_process *p); /* scenario.c */

/* ---- what happens without anybody waiting for it (world.c) ---- */
struct sim_event {
    int64_t at_ns;
    void (*happen)(const struct sim_event *event);
    void *what;
    int64_t a, b;
};
void sim_at(int64_t at_ns, struct sim_event event);
/* Memory of the cluster: lives until the next seed. */
void *sim_keep(size_t size);
struct cx_str sim_keep_bytes(struct cx_str bytes);
#endif
