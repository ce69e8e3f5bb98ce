/* scenario.c - a seed from its first record to its verdict. */
#include "scenario.h"
#include "log/log.h"
#include "run/registry.h"

static const struct sim_chain chains[] = {
    { { "dedup", "identify" },
      "cx.events.v1",
      "cx.ledger.dedup-identify.v1",
      "cx.identified.v1",
      { "cx.events.v1", "cx.deduplicated.v1", "cx.identified.v1", "cx.identity.aliases.v1", "cx.dlq.dedup.v1", "cx.dlq.identify.v1",
        "cx.changelog.dedup.v1", "cx.changelog.identify.v1", "cx.ledger.dedup-identify.v1" } },
    { { "analytics" },
      "cx.routed.v1",
      "cx.ledger.analytics.v1",
      NULL,
      { "cx.routed.v1", "cx.metrics.minute.v1", "cx.dlq.analytics.v1", "cx.changelog.analytics.v1", "cx.ledger.analytics.v1" } },
};
const struct sim_chain *sim_chain;
struct cx_settings sim_settings;

enum { LONGEST_STEPS = 400000 };

void sim_scenario_open(void)
{
    static const char *const sets[] = { "kafka.transaction_timeout=5s",
                                        "kafka.message_timeout=2s",
                                        "kafka.session_timeout=3s",
                                        "kafka.socket_timeout=1s",
                                        "run.breaker_share=0",
                                        "run.tick=2s",
                                        "run.snapshot_interval=0", /* files and threads are not simulated; what memory keeps over a rebalance is */
                                        "log.level=error",
                                        "keep=[cx.deduplicated.v1]",
                                        NULL };
    struct cx_error err;
    sim.running = NULL;
    if (cx_settings_load(&sim_settings, NULL, sets, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(CX_EXIT_BUG);
    }
    if (sim.verbose)
        cx_log_setup(CX_INFO, CX_LOG_TEXT);
    sim_input_open();
}

int sim_main_of_process(struct sim_process *p)
{
    const struct cx_stage *stages[3];
    size_t count = 0;
    for (; sim_chain->stages[count]; count++)
        stages[count] = cx_stage_find(cx_str(sim_chain->stages[count]));
    p->settings = sim_settings;
    p->settings.arena = cx_arena_new(1u << 20);
    p->settings.kafka.instance = cx_str(p->instance);
    p->run = calloc(1, sizeof *p->run);
    cx_assert(p->run != NULL);
    p->run->settings = &p->settings;
    int status = cx_process_open(p->run, stages, count, NULL, &p->err) == 0 ? cx_process_run(p->run) : (int)p->err.exit;
    struct cx_process *run = p->run;
    p->run = NULL;
    cx_process_close(run);
    return status;
}

/* Starts again what has ended. What only a person could mend must not come up: nobody does anything here that calls for one. */
static void supervise(void)
{
    for (int i = 0; i < SIM_PROCESSES; i++) {
        struct sim_process *p = &sim.processes[i];
        if (p->is_alive || !p->is_started)
            continue;
        if (p->status == CX_EXIT_CONFIG || p->status == CX_EXIT_DATA || p->status == CX_EXIT_USAGE)
            sim_fail("%s ended with %d: %s", p->name, p->status, p->err.text);
        if (p->is_replaced)
            continue;
        char name[4], instance[4];
        memcpy(name, p->name, sizeof name);
        memcpy(instance, p->instance, sizeof instance);
        sim_start(p, name, instance, sim.now_ns + sim_between(0, 3000) * SIM_MS);
        sim_note("%s is started again", name);
    }
}

static bool is_done(const struct sim_topic *input)
{
    if (!sim.is_calm || !sim_input_is_over() || !sim_transactions_rest())
        return false;
    for (int p = 0; p < SIM_PARTITIONS; p++)
        if (sim_committed_now(p) < sim_input_end(&input->logs[p]))
            return false;
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].is_alive && (sim.processes[i].frozen_until_ns > sim.now_ns || sim.processes[i].deaf_until_ns > sim.now_ns))
            return false;
    return true;
}

static void become_calm(const struct sim_event *event)
{
    (void)event;
    sim.is_calm = true;
    sim_note("[from here on nothing goes wrong]");
}

static void begin(uint64_t seed)
{
    sim_begin(seed);
    sim_chain = &chains[sim_random(4) == 0];
    sim_cluster_begin(sim_chain->topics);
    static const unsigned rates[] = { 10, 30, 100, 300 };
    sim.rate = rates[sim_random(4)];
    sim.allowed = 0;
    for (int f = 0; f < SIM_FAULTS; f++)
        sim.allowed |= (unsigned)(sim_random(3) == 0 && !sim.is_plain) << f;
    if (sim.allowed & 1u << SIM_REFUSED && sim_chain->refusing) {
        cluster.refusing = sim_chain->refusing;
        cluster.refused = 1100;
    }
    sim_settings.run.batch_records = sim_between(1, 12);
    sim_settings.run.batch_bytes = sim_random(4) ? 8 << 20 : sim_between(1024, 4096);
    sim_settings.run.commit_interval = sim_between(1, 300);
    sim_settings.run.tick = sim_random(3) ? sim_between(1000, 5000) : 0;
    int64_t calm_ns = sim.now_ns + sim_between(500, 9000) * SIM_MS;
    sim_at(calm_ns, (struct sim_event){ .happen = become_calm });
    sim_input_begin(sim_topic(sim_chain->input), calm_ns);
    for (int i = 0; i < SIM_PROCESSES; i++)
        sim.processes[i].is_started = sim.processes[i].is_alive = false;
    sim_start(&sim.processes[0], "A", "0", sim.now_ns);
    if (sim_random(2))
        sim_start(&sim.processes[1], "B", "1", sim.now_ns + sim_between(0, 4000) * SIM_MS);
}

static void stuck(const char *waiting_for)
{
    const struct sim_topic *input = sim_topic(sim_chain->input);
    for (int p = 0; p < SIM_PARTITIONS; p++)
        fprintf(stderr, "%s/%d: committed %lld of %lld\n", input->name, p, (long long)sim_committed_now(p),
                (long long)sim_input_end(&input->logs[p]));
    for (const struct sim_process *p = sim.processes; p < sim.processes + SIM_PROCESSES; p++)
        if (p->is_started)
            fprintf(stderr, "%s: %s, owns %zu\n", p->name, p->is_alive ? "runs" : "has ended", p->run ? p->run->assigned_count : 0);
    sim_fail("stuck while waiting for %s", waiting_for);
}

static void step(int64_t *steps, const char *waiting_for)
{
    if (!sim_step() || ++*steps > LONGEST_STEPS)
        stuck(waiting_for);
}

/* The last seconds are without trouble, so that everybody knows who owns what. */
static void settle(const struct sim_topic *input, int64_t *steps)
{
    enum { QUIET_S = 4 };
    int64_t since = SIM_NEVER;
    while (!is_done(input) || sim.now_ns < since) {
        if (is_done(input) && since == SIM_NEVER)
            since = sim.now_ns + QUIET_S * SIM_SECOND;
        step(steps, "all input to be processed");
        supervise();
    }
}

static void stop_all(int64_t *steps)
{
    bool any = true;
    for (int i = 0; i < SIM_PROCESSES; i++)
        sim_stop(&sim.processes[i]);
    while (any) {
        any = false;
        for (int i = 0; i < SIM_PROCESSES; i++)
            any = any || sim.processes[i].is_alive;
        if (any)
            step(steps, "processes to stop");
    }
}

void sim_scenario_run(uint64_t seed)
{
    int64_t steps = 0;
    begin(seed);
    const struct sim_topic *input = sim_topic(sim_chain->input);
    settle(input, &steps);
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (sim.processes[i].is_alive && sim.processes[i].run)
            sim_verify_memory(&sim.processes[i]);
    stop_all(&steps);
    while (!sim_transactions_rest())
        step(&steps, "markers");
    sim_verify_topics();
}
