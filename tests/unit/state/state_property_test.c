/* Random operations against a model that copies everything at each savepoint: slow, and too simple to be wrong. */
#include <criterion/criterion.h>
#include "state/state.h"
#include <stdlib.h>

enum { FIXED, ANY, SORTED, TABLES, KEYS = 48 };
static const struct cx_table tables[] = {
    { "fixed", CX_TABLE_HASH, 12, "Twelve bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};

struct model_value {
    bool present;
    uint16_t len;
    char bytes[300];
};
struct model {
    struct model_value values[TABLES][KEYS];
};

static uint64_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

/* Keys of the ordered table share long prefixes and differ in length. */
static struct cx_str key_of(int table, uint32_t n, char room[64])
{
    if (table == SORTED) {
        int len = snprintf(room, 64, "%.*s%u", (int)(n % 12), "aaaaaaaaaaaa", n / 3);
        return cx_str_n(room, (size_t)len);
    }
    struct cx_id id = cx_hash128(&n, sizeof n);
    memcpy(room, &id, sizeof id);
    return cx_str_n(room, sizeof id);
}

static void random_change(struct cx_state *state, struct model *model)
{
    char room[64];
    int table = (int)random_below(TABLES);
    uint32_t n = random_below(KEYS);
    struct cx_str key = key_of(table, n, room);
    const struct cx_id *id = (const struct cx_id *)room;
    struct model_value *value = &model->values[table][n];
    if (random_below(4) == 0) {
        value->present = false;
        if (table == SORTED)
            cx_state_odel(state, table, key);
        else
            cx_state_del(state, table, id);
        return;
    }
    static const uint16_t sizes[] = { 0, 1, 8, 8, 8, 40, 299 };
    value->len = table == FIXED ? 12 : sizes[random_below(7)];
    value->present = true;
    for (uint16_t i = 0; i < value->len; i++)
        value->bytes[i] = (char)random_below(256);
    bool is_new;
    if (table == SORTED)
        cx_state_oput(state, table, key, cx_str_n(value->bytes, value->len));
    else if (table == FIXED && random_below(2))
        memcpy(cx_state_edit(state, table, id, &is_new), value->bytes, value->len);
    else
        cx_state_put(state, table, id, value->bytes, value->len);
}

static void check_equal(const struct cx_state *state, const struct model *model)
{
    for (int table = 0; table < TABLES; table++) {
        size_t present = 0;
        for (uint32_t n = 0; n < KEYS; n++) {
            char room[64];
            const struct model_value *expected = &model->values[table][n];
            struct cx_str key = key_of(table, n, room), found = CX_STR_NULL;
            if (table == SORTED)
                found = cx_state_oget(state, table, key);
            else
                found.ptr = cx_state_get(state, table, (const struct cx_id *)room, &found.len);
            cr_assert_eq(found.ptr != NULL, expected->present);
            if (expected->present)
                cr_assert(cx_str_eq(found, cx_str_n(expected->bytes, expected->len)));
            present += expected->present;
        }
        cr_assert_eq(cx_state_count(state, table), present);
    }
    struct cx_str key = CX_STR(""), value, before = CX_STR_NULL;
    size_t walked = 0;
    for (bool after = false; cx_state_seek(state, SORTED, key, after, &key, &value); after = true, walked++) {
        cr_assert_lt(cx_str_cmp(before, key), 0);
        before = key;
    }
    cr_assert_eq(walked, cx_state_count(state, SORTED));
}

/* A changelog topic: all records in order. */
struct changelog {
    struct record {
        struct cx_str key, value;
    } * records;
    size_t len, cap;
};
static struct cx_str keep(struct cx_str s)
{
    if (s.ptr == NULL)
        return s;
    char *copy = malloc(s.len + 1);
    memcpy(copy, s.ptr, s.len);
    return cx_str_n(copy, s.len);
}
static int append(void *context, struct cx_str key, struct cx_str value)
{
    struct changelog *log = context;
    if (log->len == log->cap) {
        log->cap = 2 * log->cap + 64;
        log->records = realloc(log->records, log->cap * sizeof *log->records);
    }
    log->records[log->len++] = (struct record){ keep(key), keep(value) };
    return 0;
}
static bool is_superseded(const struct changelog *log, size_t i)
{
    for (size_t j = i + 1; j < log->len; j++)
        if (cx_str_eq(log->records[i].key, log->records[j].key))
            return true;
    return false;
}
static struct cx_id restored_digest(const struct changelog *log, bool compacted)
{
    struct cx_state *state = cx_state_new(tables);
    for (size_t i = 0; i < log->len; i++)
        if (!compacted || !is_superseded(log, i))
            cr_assert_eq(cx_state_restore(state, log->records[i].key, log->records[i].value, NULL), 0);
    struct cx_id digest = cx_state_digest(state);
    cx_state_free(state);
    return digest;
}

static void run(uint64_t from)
{
    static struct model now, item, committed;
    seed = from;
    memset(&now, 0, sizeof now);
    committed = now;
    struct changelog log = { 0 };
    struct cx_state *state = cx_state_new(tables);
    for (int transaction = 0; transaction < 40; transaction++) {
        for (uint32_t items = random_below(12); items; items--) {
            struct cx_savepoint savepoint = cx_state_savepoint(state);
            item = now;
            for (uint32_t changes = random_below(20); changes; changes--)
                random_change(state, &now);
            if (random_below(3) == 0) {
                cx_state_rollback(state, savepoint);
                now = item;
            }
            check_equal(state, &now);
        }
        if (random_below(4) == 0) {
            cx_state_abort(state);
            now = committed;
        } else {
            cr_assert_eq(cx_state_changes(state, append, &log), 0);
            cx_state_commit(state);
            committed = now;
        }
        check_equal(state, &now);
    }
    struct cx_id digest = cx_state_digest(state);
    cr_assert(cx_id_eq(digest, restored_digest(&log, false)), "seed %lu: restored state differs", (unsigned long)from);
    cr_assert(cx_id_eq(digest, restored_digest(&log, true)), "seed %lu: state restored from a compacted changelog differs", (unsigned long)from);
    cx_state_free(state);
    for (size_t i = 0; i < log.len; i++) {
        free((char *)log.records[i].key.ptr);
        free((char *)log.records[i].value.ptr);
    }
    free(log.records);
}

Test(state_property, random_transactions_equal_the_model_and_their_changelog_restores_them)
{
    for (uint64_t s = 1; s <= 60; s++)
        run(s);
}
