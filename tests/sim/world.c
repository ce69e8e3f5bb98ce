/* world.c - chance, time, processes and their memory. */
#include "cluster.h"

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK = 512 << 10, EVENTS_MAX = 512 };
static const size_t MEMORY = (size_t)256 << 20;

struct sim sim;

static jmp_buf home;
static struct sim_event events[EVENTS_MAX];
static int event_count;
static struct {
    char *bytes;
    size_t used;
} kept;

/* ---- chance ---- */

uint64_t sim_random(uint64_t below)
{
    uint64_t z = (sim.state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

bool sim_hits(enum sim_fault fault)
{
    if (sim.is_calm || !(sim.allowed & 1u << fault) || sim_random(sim.rate) != 0)
        return false;
    sim.faults++;
    return true;
}

void sim_note(const char *format, ...)
{
    if (!sim.verbose)
        return;
    va_list args;
    printf("%10.3f s  %-3s ", (double)sim.now_ns / (double)SIM_SECOND, sim.running ? sim.running->name : "");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void sim_fail(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "seed %llu: ", (unsigned long long)sim.seed);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nto see it happen: make sim SEED=%llu\n", (unsigned long long)sim.seed);
    fflush(stderr);
    _exit(1);
}

/* ---- memory ----
 * What a process allocates is taken from a piece of its own and given back when it ends, however it ends. */

static char *reserve(size_t size)
{
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cx_assert(bytes != MAP_FAILED);
    return bytes;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *p);

static bool is_of_a_process(const void *p)
{
    const char *base = sim.processes[0].memory, *at = p;
    return base != NULL && at >= base && at < base + SIM_PROCESSES * MEMORY;
}

static void *take(size_t size, size_t alignment)
{
    struct sim_process *p = sim.running;
    if (++sim.allocations == sim.fails_at) {
        sim.ran_out = true;
        return NULL;
    }
    size_t at = (p->used + sizeof(size_t) + alignment - 1) & ~(alignment - 1);
    cx_assert(at + size <= MEMORY);
    p->used = at + size;
    memcpy(p->memory + at - sizeof size, &size, sizeof size);
    return p->memory + at;
}

void *__wrap_malloc(size_t size)
{
    return sim.running ? take(size, 16) : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    if (!sim.running)
        return __real_calloc(n, size);
    void *bytes = take(n * size, 16);
    return bytes ? memset(bytes, 0, n * size) : NULL;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return sim.running ? take(size, alignment) : __real_aligned_alloc(alignment, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (!is_of_a_process(old) && !(old == NULL && sim.running))
        return __real_realloc(old, size);
    void *new = take(size, 16);
    size_t had = 0;
    if (old != NULL)
        memcpy(&had, (char *)old - sizeof had, sizeof had);
    return old && new ? memcpy(new, old, had < size ? had : size) : new;
}

char *__wrap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void __wrap_free(void *p)
{
    if (!is_of_a_process(p))
        __real_free(p);
}

/* Out of memory ends a process, as its rule is; anything else that asserts is a mistake. */
void __real_cx_assert_failed(const char *expr, const char *file, int line) __attribute__((noreturn));
void __wrap_cx_assert_failed(const char *expr, const char *file, int line) __attribute__((noreturn));

void __wrap_cx_assert_failed(const char *expr, const char *file, int line)
{
    if (sim.ran_out && sim.running && strstr(expr, "NULL")) {
        sim.ran_out = false;
        sim.ended++;
        sim_note("out of memory at %s:%d", file, line);
        sim_kill(sim.running);
    }
    __real_cx_assert_failed(expr, file, line);
}

void *sim_keep(size_t size)
{
    void *bytes = kept.bytes + kept.used;
    kept.used += (size + 15) & ~(size_t)15;
    cx_assert(kept.used <= MEMORY);
    return memset(bytes, 0, size);
}

struct cx_str sim_keep_bytes(struct cx_str bytes)
{
    return bytes.ptr ? cx_str_n(memcpy(sim_keep(bytes.len + 1), bytes.ptr, bytes.len), bytes.len) : CX_STR_NULL;
}

/* ---- clocks and dice of the code under test ---- */

int64_t __wrap_cx_monotonic_ns(void);
int64_t __wrap_cx_wall_ms(void);
int __wrap_usleep(useconds_t us);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
void __wrap_cx_metric_refresh(struct cx_process *p);
int __wrap_cx_topics_value(const struct cx_kafka_config *cfg, const char *topic, const char *name, char value[128], struct cx_error *err);

int __wrap_cx_topics_value(const struct cx_kafka_config *cfg, const char *topic, const char *name, char value[128], struct cx_error *err)
{
    (void)cfg, (void)topic, (void)name, (void)err;
    snprintf(value, 128, "%d", 86400000); /* delete.retention.ms */
    return 0;
}

int64_t __wrap_cx_monotonic_ns(void)
{
    return sim.now_ns;
}

int64_t __wrap_cx_wall_ms(void)
{
    return INT64_C(1790000000000) + sim.now_ns / SIM_MS + sim.leapt_ms;
}

int __wrap_usleep(useconds_t us)
{
    sim_sleep((int64_t)us * 1000);
    return 0;
}

ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
    (void)flags;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)sim_random(256);
    return (ssize_t)size;
}

/* Gauges of /metrics decide nothing, and cost more than all the rest. */
void __wrap_cx_metric_refresh(struct cx_process *p)
{
    (void)p;
}

/* ---- processes ---- */

void sim_begin(uint64_t seed)
{
    if (kept.bytes == NULL) {
        kept.bytes = reserve(MEMORY);
        char *memory = reserve(SIM_PROCESSES * MEMORY), *stacks = reserve((size_t)SIM_PROCESSES * STACK);
        for (int i = 0; i < SIM_PROCESSES; i++) {
            sim.processes[i].memory = memory + (size_t)i * MEMORY;
            sim.processes[i].stack = stacks + (size_t)i * STACK;
        }
    }
    kept.used = 0;
    event_count = 0;
    sim.seed = seed;
    sim.state = seed * 0x2545f4914f6cdd1du + 1;
    sim.now_ns = SIM_SECOND;
    sim.running = NULL;
    sim.is_calm = false;
    sim.leapt_ms = 0;
    sim.allocations = 0;
    sim.ran_out = false;
    for (int i = 0; i < SIM_PROCESSES; i++)
        sim.processes[i].is_alive = false;
}

static void enter(void)
{
    struct sim_process *p = sim.running;
    p->status = p->main(p);
    p->is_alive = false;
    sim_note("ended with %d%s%s", p->status, p->err.text[0] ? ": " : "", p->err.text);
    _longjmp(home, 1);
}

void sim_start(struct sim_process *p, const char *name, const char *instance, int64_t at_ns)
{
    char *stack = p->stack, *memory = p->memory;
    *p = (struct sim_process){
        .stack = stack, .memory = memory, .number = (int)(p - sim.processes), .is_alive = true, .wake_ns = at_ns, .main = sim_main_of_process
    };
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->instance, sizeof p->instance, "%s", instance);
    getcontext(&p->entry);
    p->entry.uc_stack.ss_sp = stack;
    p->entry.uc_stack.ss_size = STACK;
    makecontext(&p->entry, enter, 0);
}

void sim_kill(struct sim_process *p)
{
    if (!p->is_alive)
        return;
    sim.kills++;
    sim_note("%s is killed", p->name);
    p->is_alive = false;
    p->silent_since_ns = sim.now_ns;
    if (p == sim.running)
        _longjmp(home, 1);
}

void sim_stop(struct sim_process *p)
{
    p->stop = 1;
    if (p == sim.running)
        cx_stop_requested = 1;
    if (p->run && p->run->kafka) /* as the handler of loop.c does, which is installed once the process is open */
        cx_kafka_interrupt(p->run->kafka);
}

bool sim_hears(const struct sim_process *p)
{
    return p->is_alive && sim.now_ns >= p->frozen_until_ns && sim.now_ns >= p->deaf_until_ns;
}

static void resume(struct sim_process *p)
{
    sim.running = p;
    cx_stop_requested = p->stop;
    if (_setjmp(home) == 0) {
        if (p->is_started)
            _longjmp(p->at, 1);
        p->is_started = true;
        setcontext(&p->entry);
    }
    sim.running = NULL;
}

void sim_sleep(int64_t ns)
{
    struct sim_process *p = sim.running;
    if (p == NULL)
        return;
    p->wake_ns = sim.now_ns + ns;
    if (_setjmp(p->at) == 0)
        _longjmp(home, 1);
    cx_stop_requested = p->stop;
}

static void freeze(struct sim_process *p, int64_t ns)
{
    sim_note("is frozen for %.1f s", (double)ns / (double)SIM_SECOND);
    p->frozen_until_ns = sim.now_ns + ns;
    sim_sleep(ns);
}

/* The first process that is not in use. */
static struct sim_process *spare(void)
{
    for (int i = 0; i < SIM_PROCESSES; i++)
        if (!sim.processes[i].is_alive && !sim.processes[i].is_started)
            return &sim.processes[i];
    return NULL;
}

static void start_twin(struct sim_process *p)
{
    struct sim_process *twin = spare();
    if (twin == NULL || p->is_replaced)
        return;
    char name[4] = { p->name[0], '2', '\0' };
    p->is_replaced = true;
    sim_note("gets a twin");
    sim_start(twin, name, p->instance, sim.now_ns + sim_between(0, 2000) * SIM_MS);
    freeze(p, sim_between(1, 9000) * SIM_MS);
}

void sim_call(const char *name)
{
    struct sim_process *p = sim.running;
    sim.calls++;
    if (p == NULL || sim.is_calm)
        return;
    if (sim_hits(SIM_KILL)) {
        sim_note("at %s:", name);
        sim_kill(p);
    }
    if (sim_hits(SIM_STOP))
        sim_stop(p);
    if (sim_hits(SIM_FREEZE))
        freeze(p, sim_between(1, 9000) * SIM_MS);
    if (sim_hits(SIM_TWIN))
        start_twin(p);
    if (sim_hits(SIM_DEAF)) {
        p->deaf_until_ns = sim.now_ns + sim_between(1000, 12000) * SIM_MS;
        sim_note("is unheard for %.1f s", (double)(p->deaf_until_ns - sim.now_ns) / (double)SIM_SECOND);
    }
    if (sim_hits(SIM_SLOW))
        sim_sleep(sim_between(1, 1500) * SIM_MS);
    if (sim_hits(SIM_LEAP)) {
        static const int64_t leaps_ms[] = { 4 * INT64_C(86400000), 3600000, -3600000 };
        int64_t leap_ms = leaps_ms[sim_random(3)];
        sim_note("the clock on the wall leaps %lld hours", (long long)leap_ms / 3600000);
        sim.leapt_ms += leap_ms;
    }
}

/* ---- what comes next ---- */

void sim_at(int64_t at_ns, struct sim_event event)
{
    cx_assert(event_count < EVENTS_MAX);
    event.at_ns = at_ns;
    events[event_count++] = event;
}

/* Of two that are due together either may be first; the order they are kept in is the seed's. */
bool sim_step(void)
{
    int64_t earliest = SIM_NEVER;
    int event = -1;
    struct sim_process *process = NULL;
    for (int i = 0; i < event_count; i++)
        if (events[i].at_ns < earliest) {
            earliest = events[i].at_ns;
            event = i;
        }
    for (int i = 0; i < SIM_PROCESSES; i++) {
        struct sim_process *p = &sim.processes[i];
        if (p->is_alive && p->wake_ns < earliest) {
            earliest = p->wake_ns;
            process = p;
        }
    }
    if (earliest == SIM_NEVER)
        return false;
    if (earliest > sim.now_ns)
        sim.now_ns = earliest;
    sim_expire_members();
    sim_time_out_transactions();
    if (process != NULL) {
        resume(process);
    } else {
        struct sim_event due = events[event];
        events[event] = events[--event_count];
        due.happen(&due);
    }
    return true;
}
