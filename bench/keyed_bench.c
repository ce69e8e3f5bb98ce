/* keyed_bench.c - how fast are dedup and identify on one core, called as the runtime does? 1 M comments of 350 to 400 bytes, 10 % repeats, 200,000
 * authors, the changelog records made with every transaction of 4,096. Prints records per CPU second and state bytes.
 * usage: keyed_bench [records [dedup|identify]] */
#include "tests/stages/one_stage.h"

extern const struct cx_stage dedup_stage, identify_stage;
#define PER_TRANSACTION 4096
enum { TEXTS = 64, AUTHORS = 200000 };

static uint64_t mixed(uint64_t n)
{
    return cx_hash64(&n, sizeof n);
}

static char texts[TEXTS][400];
static void make_texts(void)
{
    for (uint64_t t = 0; t < TEXTS; t++)
        for (size_t i = 0; i < sizeof texts[t]; i++)
            texts[t][i] = (char)('a' + mixed(t * 400 + i) % 26);
}

/* Eighteen digits: sequential numbers as the platforms give them. */
static struct cx_str digits(char room[18], uint64_t n)
{
    for (size_t i = 18; i-- > 0; n /= 10)
        room[i] = (char)('0' + n % 10);
    return cx_str_n(room, 18);
}

/* A record fresh from the decoder: all it points to is in the caches. */
struct fresh {
    struct cx_interaction record;
    struct cx_author author;
    struct cx_identifier identifiers[2];
    char native_id[18], author_id[18], address[30];
};
static void make_record(struct fresh *fresh, uint64_t i)
{
    uint64_t thing = i > 1000 && mixed(i) % 10 == 0 ? i - mixed(i + 1) % 1000 : i; /* a repeat of what came shortly before */
    uint64_t author = mixed(thing + 2) % AUTHORS;
    struct cx_str author_id = digits(fresh->author_id, 100000000000000000 + author * 7919);
    memcpy(fresh->address, author_id.ptr, 18);
    memcpy(fresh->address + 18, "@example.com", 12);
    fresh->author.native_id = author_id;
    fresh->identifiers[0] = (struct cx_identifier){ CX_STR("x_user_id"), author_id, CX_STR_NULL };
    fresh->identifiers[1] = (struct cx_identifier){ CX_STR("email"), cx_str_n(fresh->address, 30), CX_STR_NULL };

    struct cx_interaction *record = &fresh->record;
    record->tenant = CX_STR("acme");
    record->channel = CX_STR("x");
    record->native_id = digits(fresh->native_id, 170000000000000000 + thing * 7919);
    record->text = cx_str_n(texts[thing % TEXTS], 350 + thing % 50);
    record->author = &fresh->author;
    record->identifiers = (struct cx_identifier_list){ fresh->identifiers, 1 + author % 2 };
    record->occurred_at = record->ingested_at = 1795262400000 + (int64_t)i / 10;
    record->source.topic = CX_STR("cx.raw.v1");
    record->source.offset = (int64_t)i;
}

/* CPU time: the machine may have other work. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int count_change(void *context, struct cx_str key, struct cx_str value)
{
    *(uint64_t *)context += key.len + value.len;
    return 0;
}

static void run(const struct cx_stage *stage, uint64_t records)
{
    struct one_stage one;
    struct fresh fresh;
    cx_interaction_init(&fresh.record);
    cx_author_init(&fresh.author);
    cx_assert(one_stage_open(&one, stage, "") == 0);
    uint64_t passed = 0, changelog = 0;
    int64_t making = cpu_ns(), started;
    for (uint64_t i = 0; i < records; i++) {
        make_record(&fresh, i);
        __asm__ volatile("" ::"r"(&fresh) : "memory");
    }
    started = cpu_ns();
    making = started - making;
    for (uint64_t i = 0; i < records; i++) {
        make_record(&fresh, i);
        passed += one_stage_process(&one, &fresh.record, fresh.record.ingested_at).reason == CX_PASSED;
        cx_arena_reset(one.arena);
        if (i % PER_TRANSACTION == PER_TRANSACTION - 1) {
            (void)cx_state_changes(one.state, count_change, &changelog);
            cx_state_commit(one.state);
        }
    }
    double seconds = (double)(cpu_ns() - started - making) / 1e9;
    printf("%-10s %6.2f M records/s %6.0f ns  passed %lu of %lu  state %.1f MB  changelog %.1f MB\n", stage->name, (double)records / seconds / 1e6,
           seconds * 1e9 / (double)records, (unsigned long)passed, (unsigned long)records, (double)cx_state_bytes(one.state) / 1e6,
           (double)changelog / 1e6);
    one_stage_close(&one);
}

int main(int argc, char **argv)
{
    int64_t records = 1000000;
    if (argc > 1 && (!cx_str_to_i64(cx_str(argv[1]), &records) || records < 1))
        return 64;
    make_texts();
    for (size_t i = 0; i < 2; i++) {
        const struct cx_stage *stage = i ? &identify_stage : &dedup_stage;
        if (argc < 3 || cx_str_is(cx_str(argv[2]), stage->name))
            run(stage, (uint64_t)records);
    }
    return 0;
}
