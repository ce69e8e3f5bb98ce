/* restore_bench.c - how long until a task's tables are back? One JSON line a question: keys per CPU second and per second, bytes a key, and the
 * longest that one slice of writing holds up the loop. Tables as dedup's: 16-byte keys, 20-byte values. usage: restore_bench [keys in millions
 * [folder for the file]] */
#include "state/snapshot.h"
#include <unistd.h>

enum { SLOTS, VALUE = 20, SLICE = 256 << 10 };
static const struct cx_table tables[] = { { "slots", CX_TABLE_HASH, VALUE, "As dedup's." }, { 0 } };

struct moment {
    int64_t wall, cpu;
};
static int64_t clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
static struct moment moment(void)
{
    return (struct moment){ clock_of(CLOCK_MONOTONIC), clock_of(CLOCK_THREAD_CPUTIME_ID) };
}

static void report(const char *question, uint64_t keys, struct moment from, const char *extra)
{
    struct moment now = moment();
    double wall = (double)(now.wall - from.wall) / 1e9, cpu = (double)(now.cpu - from.cpu) / 1e9;
    printf("{\"bench\":\"restore\",\"question\":\"%s\",\"keys\":%llu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"keys_per_second\":%.0f,\"keys_per_cpu_"
           "second\":%.0f%s}\n",
           question, (unsigned long long)keys, wall, cpu, (double)keys / wall, (double)keys / cpu, extra);
    fflush(stdout);
}

static struct cx_id id_of(uint64_t n)
{
    return cx_hash128(&n, sizeof n);
}

/* What a changelog holds, record by record, without the cluster. */
static struct cx_state *apply_changelog(uint64_t keys)
{
    struct cx_state *state = cx_state_new(tables);
    struct moment from = moment();
    for (uint64_t n = 0; n < keys; n++) {
        char key[17] = { SLOTS }, value[VALUE] = "";
        struct cx_id id = id_of(n);
        memcpy(key + 1, &id, sizeof id);
        memcpy(value, &n, sizeof n);
        cx_assert(cx_state_restore(state, cx_str_n(key, sizeof key), cx_str_n(value, sizeof value), NULL) == 0);
    }
    char extra[80];
    snprintf(extra, sizeof extra, ",\"memory_bytes_per_key\":%.1f", (double)cx_state_bytes(state) / (double)keys);
    report("apply changelog records", keys, from, extra);
    return state;
}

static void write_snapshot(struct cx_state *state, const char *path, uint64_t keys, const struct cx_snapshot_head *head)
{
    struct cx_error err = { 0 };
    int64_t longest = 0, busy = 0;
    uint64_t entries;
    enum cx_snapshot_status status;
    struct moment from = moment();
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, head);
    do {
        int64_t before = clock_of(CLOCK_MONOTONIC);
        status = cx_snapshot_step(writer, SLICE, &err);
        int64_t took = clock_of(CLOCK_MONOTONIC) - before;
        longest = took > longest ? took : longest;
        busy += took;
        usleep(100); /* the loop does something else, and the disk its part */
    } while (status == CX_SNAPSHOT_MORE);
    cx_assert(status == CX_SNAPSHOT_DONE);
    char extra[200];
    uint64_t bytes = cx_snapshot_written(writer, &entries);
    snprintf(extra, sizeof extra, ",\"file_bytes_per_key\":%.1f,\"loop_seconds\":%.3f,\"longest_slice_ms\":%.2f,\"slice_bytes\":%d",
             (double)bytes / (double)keys, (double)busy / 1e9, (double)longest / 1e6, SLICE);
    report("write snapshot", entries, from, extra);
    cx_snapshot_end(writer);
}

int main(int argc, char **argv)
{
    int64_t millions = 10;
    char path[1000];
    if (argc > 1 && (!cx_str_to_i64(cx_str(argv[1]), &millions) || millions < 1))
        return 64;
    uint64_t keys = (uint64_t)millions * 1000000;
    struct cx_snapshot_head head = { .topic = CX_STR("bench") };
    struct cx_snapshot found;
    struct cx_error err = { 0 };
    snprintf(path, sizeof path, "%s/restore_bench.%d.snapshot", argc > 2 ? argv[2] : "/tmp", (int)getpid());
    struct cx_state *state = apply_changelog(keys);
    struct cx_id digest = cx_state_digest(state);
    write_snapshot(state, path, keys, &head);
    cx_state_free(state);

    state = cx_state_new(tables);
    struct moment from = moment();
    cx_assert(cx_snapshot_load(path, &head, state, &found, &err) == 0);
    report("load snapshot", found.entries, from, "");
    cx_assert(cx_id_eq(digest, cx_state_digest(state)));
    cx_state_free(state);
    return unlink(path);
}
