/* scenario.h - one run: which chain, what comes in, what may go wrong; and what must hold of the outcome. */
#ifndef CX_TESTS_SCENARIO_H
#define CX_TESTS_SCENARIO_H
#include "cluster.h"

struct sim_chain { /* a row of the chains that are run */
    const char *stages[3];
    const char *input, *ledger, *refusing;
    const char *topics[SIM_TOPICS_MAX];
};
extern const struct sim_chain *sim_chain; /* of this seed */
extern struct cx_settings sim_settings;   /* what processes are given, their names aside */

void sim_scenario_open(void); /* once */
/* Runs a seed to its end; does not return when something does not hold. */
void sim_scenario_run(uint64_t seed);

/* ---- memory (memory.c) ---- */
/* Fails the first allocation, the second, … of runs that are plain otherwise, until `points` have been tried. */
void sim_memory_run(uint64_t points);

/* ---- input (input.c) ---- */
void sim_input_open(void);
/* Lets records come in until `until_ns`, in transactions of their producer's, some of which are aborted. */
void sim_input_begin(const struct sim_topic *topic, int64_t until_ns);
bool sim_input_is_over(void);

/* ---- the outcome (verify.c) ---- */
/* Topics against a single pass over the input; see there. */
void sim_verify_topics(void);
/* What a process holds in memory against what its changelogs hold. */
void sim_verify_memory(const struct sim_process *p);
/* Input partition's committed offset once all is done; -1: nothing came in. */
int64_t sim_input_end(const struct sim_log *log);
#endif
