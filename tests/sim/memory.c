/* memory.c - the n-th allocation fails, for n = 1, 2, 3 and on until a run has no n-th one.
 *
 * The rule of the house is that allocation does not fail: out of memory ends the process at an assertion. So a point is good when its process goes on
 * as if nothing had been, or ends at the assertion and the next one makes the outcome whole; a crash, or an outcome that differs, is not. */
#include "run/registry.h"
#include "run/sample.h"
#include "scenario.h"

enum { PAYLOADS = 48 };

static int ignore_output(void *context, const struct cx_output *output)
{
    (void)context, (void)output;
    return 0;
}

static void count_ending(void *context, const struct cx_ending *ending)
{
    (void)ending;
    ++*(int64_t *)context;
}

/* Raw payloads of every channel of the sample through normalize: adapters, JSON, mail, encoding. */
static int normalize_some(struct sim_process *p)
{
    const struct cx_stage *stages[] = { cx_stage_find(CX_STR("normalize")) };
    struct cx_chain_plan plan = { .stages = stages, .count = 1, .root = sim_settings.root, .max_message = sim_settings.kafka.max_message };
    struct cx_chain *chain = cx_chain_open(&plan, &p->err);
    cx_assert(chain != NULL);
    struct cx_task *task = cx_task_new(chain, 0);
    struct cx_sample *sample = cx_sample_new(1, INT64_C(1790000000000), 2000, NULL);
    struct cx_arena *arena = cx_arena_new(16u << 20);
    int64_t settled = 0, items;
    struct cx_sink sink = { .context = &settled, .output = ignore_output, .ending = count_ending };
    for (int i = 0; i < PAYLOADS; i++) {
        struct cx_sample_payload payload;
        cx_sample_next(sample, arena, &payload);
        struct cx_message m = {
            .topic = CX_STR("cx.raw.v1"), .offset = i, .timestamp_ms = INT64_C(1790000000000), .key = payload.key, .value = payload.value
        };
        cx_task_settle(task, &m, &sink, &items);
    }
    cx_task_commit(task);
    cx_assert(settled >= PAYLOADS);
    cx_arena_free(arena);
    cx_sample_free(sample);
    cx_task_free(task);
    cx_chain_close(chain);
    return CX_EXIT_OK;
}

static void run_normalize(void)
{
    sim_begin(1);
    struct sim_process *p = &sim.processes[0];
    sim_start(p, "N", "0", sim.now_ns);
    p->main = normalize_some;
    while (p->is_alive)
        cx_assert(sim_step());
}

/* Points of one run, each tried from the start. */
static uint64_t try_all(void (*once)(uint64_t seed), uint64_t seed, uint64_t most)
{
    uint64_t n = 0;
    do {
        sim.fails_at = ++n;
        if (once != NULL)
            once(seed);
        else
            run_normalize();
    } while (sim.allocations >= n && n < most);
    return n;
}

void sim_memory_run(uint64_t points)
{
    uint64_t tried = try_all(NULL, 0, points);
    printf("normalize: %llu points\n", (unsigned long long)tried);
    sim.is_plain = true;
    for (uint64_t seed = 1; tried < points; seed++)
        tried += try_all(sim_scenario_run, seed, points - tried);
    printf("%llu allocations failed: %llu ended their process, %llu made no difference; every outcome holds\n", (unsigned long long)tried,
           (unsigned long long)sim.ended, (unsigned long long)(tried - sim.ended));
}
