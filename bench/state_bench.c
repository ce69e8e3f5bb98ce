/* state_bench.c - how fast are a task's tables? Prints one line per question: operations per CPU second, bytes per entry.
 * usage: state_bench [entries in millions] */
#include "state/state.h"

enum { SLOTS, SORTED };
static const struct cx_table tables[] = {
    { "slots", CX_TABLE_HASH, 20, "As dedup's." },
    { "sorted", CX_TABLE_ORDERED, 0, "As a window's." },
    { 0 },
};
#define PER_TRANSACTION 4096

static struct cx_id id_of(uint64_t n)
{
    return cx_hash128(&n, sizeof n);
}

/* CPU time: the machine may have other work. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void report(const char *question, uint64_t operations, int64_t started_ns)
{
    double seconds = (double)(cpu_ns() - started_ns) / 1e9;
    printf("%-58s %8.2f M/s %7.0f ns\n", question, (double)operations / seconds / 1e6, seconds * 1e9 / (double)operations);
}

static int count_change(void *context, struct cx_str key, struct cx_str value)
{
    *(uint64_t *)context += key.len + value.len;
    return 0;
}

/* One get and one edit an operation, over `keys` keys in an order that caches do not foresee. */
static void get_and_edit(struct cx_state *state, const char *question, uint64_t operations, uint64_t keys, bool with_changes)
{
    uint64_t bytes = 0;
    int64_t longest = 0, before = cpu_ns(), started = before;
    for (uint64_t i = 0; i < operations; i++) {
        struct cx_id key = id_of(keys >= operations ? i : i * UINT64_C(0x9e3779b97f4a7c15) % keys);
        bool is_new;
        uint32_t add = cx_state_get(state, SLOTS, &key, NULL) ? 2 : 1;
        *(uint32_t *)cx_state_edit(state, SLOTS, &key, &is_new) += add;
        if (i % PER_TRANSACTION != PER_TRANSACTION - 1)
            continue;
        if (with_changes)
            (void)cx_state_changes(state, count_change, &bytes);
        cx_state_commit(state);
        int64_t now = cpu_ns();
        longest = now - before > longest ? now - before : longest;
        before = now;
    }
    cx_state_commit(state);
    report(question, operations, started);
    printf("%58s %8.2f ms longest of %d\n", "", (double)longest / 1e6, PER_TRANSACTION);
}

static void ordered(uint64_t keys)
{
    struct cx_state *state = cx_state_new(tables);
    char value[24] = "";
    for (int pass = 0; pass < 2; pass++) {
        int64_t started = cpu_ns();
        for (uint64_t i = 0; i < keys; i++) {
            struct cx_id key = id_of(i);
            cx_state_oput(state, SORTED, cx_str_n(&key, sizeof key), cx_str_n(value, sizeof value));
            if (i % PER_TRANSACTION == 0)
                cx_state_commit(state);
        }
        cx_state_commit(state);
        char question[80];
        snprintf(question, sizeof question, "ordered: %s %lu keys", pass ? "change" : "add", (unsigned long)keys);
        report(question, keys, started);
    }
    cx_state_free(state);
}

int main(int argc, char **argv)
{
    int64_t millions = 10;
    if (argc > 1 && !cx_str_to_i64(cx_str(argv[1]), &millions))
        return 64;
    uint64_t n = (uint64_t)millions * 1000000;
    struct cx_state *state = cx_state_new(tables);
    get_and_edit(state, "in cache: get + edit + commit, 2,000 keys", 10000000, 2000, false);
    get_and_edit(state, "in cache: get + edit + changes + commit", 10000000, 2000, true);
    cx_state_free(state);

    state = cx_state_new(tables);
    get_and_edit(state, "new keys: get + edit + commit", n, n, false);
    printf("%58s %8.1f bytes an entry\n", "", (double)cx_state_bytes(state) / (double)cx_state_count(state, SLOTS));
    get_and_edit(state, "known keys: get + edit + commit, random order", n, n - 1, false);
    cx_state_free(state);
    ordered(10000);
    ordered(1000000);
    return 0;
}
