#include "stages/identify/customer.h"

static const struct identify_row *row_of(const struct cx_state *state, const struct cx_id *ucid)
{
    const struct identify_row *row = cx_state_get(state, IDENTIFY_CUSTOMERS, ucid, NULL);
    cx_assert(row != NULL);
    return row;
}

void identify_write(struct cx_state *state, const struct identify_customer *customer)
{
    cx_state_put(state, IDENTIFY_CUSTOMERS, &customer->ucid, &customer->row, sizeof customer->row);
}

const struct cx_id *identify_first(const struct cx_state *state, const struct cx_id *identifier)
{
    const struct cx_id *first = cx_state_get(state, IDENTIFY_IDENTIFIERS, identifier, NULL);
    if (first)
        cx_state_prefetch(state, IDENTIFY_CUSTOMERS, first);
    return first;
}

struct identify_customer identify_standing(const struct cx_state *state, const struct cx_id *ucid)
{
    const struct identify_row *row = row_of(state, ucid);
    if (!cx_id_eq(row->stands, *ucid))
        row = row_of(state, &row->stands);
    return (struct identify_customer){ row->stands, *row };
}

/* From the coordinates of the raw item, never from an identifier's value: the same on replay, and no personal data in it. */
static struct cx_id new_ucid(const struct cx_state *state, const struct cx_interaction *record)
{
    for (int64_t attempt = 0;; attempt++) {
        struct cx_hasher hasher;
        cx_hasher_init(&hasher, "cx.ucid.v1");
        cx_hasher_str(&hasher, record->tenant);
        cx_hasher_i64(&hasher, record->source.generation);
        cx_hasher_str(&hasher, record->source.topic);
        cx_hasher_i64(&hasher, record->source.partition);
        cx_hasher_i64(&hasher, record->source.offset);
        cx_hasher_i64(&hasher, record->source.index);
        cx_hasher_i64(&hasher, attempt);
        struct cx_id ucid = cx_hasher_end(&hasher);
        if (cx_state_get(state, IDENTIFY_CUSTOMERS, &ucid, NULL) == NULL)
            return ucid;
    }
}

struct identify_customer identify_create(struct cx_state *state, const struct cx_interaction *record)
{
    struct identify_customer customer = { .ucid = new_ucid(state, record), .row = { .created_ms = record->ingested_at } };
    customer.row.stands = customer.ucid;
    return customer;
}

void identify_link(struct cx_state *state, struct identify_customer *customer, const struct cx_id *identifier)
{
    cx_state_put(state, IDENTIFY_IDENTIFIERS, identifier, &customer->ucid, sizeof customer->ucid);
    customer->row.identifiers++;
}

int identify_age(const struct identify_customer *a, const struct identify_customer *b)
{
    if (a->row.created_ms != b->row.created_ms)
        return a->row.created_ms < b->row.created_ms ? -1 : 1;
    return memcmp(a->ucid.bytes, b->ucid.bytes, sizeof a->ucid.bytes);
}

const struct cx_id *identify_merge(struct cx_state *state, struct cx_arena *arena, struct identify_customer *into,
                                   const struct identify_customer *other, size_t *count)
{
    size_t before = into->row.aliases, joined = 1 + other->row.aliases;
    struct cx_id *aliases = CX_NEW_ARRAY(arena, struct cx_id, before + joined);
    if (before)
        memcpy(aliases, cx_state_get(state, IDENTIFY_ALIASES, &into->ucid, NULL), before * sizeof *aliases);
    struct cx_id *joining = aliases + before;
    joining[0] = other->ucid;
    if (other->row.aliases)
        memcpy(joining + 1, cx_state_get(state, IDENTIFY_ALIASES, &other->ucid, NULL), other->row.aliases * sizeof *aliases);
    cx_state_put(state, IDENTIFY_ALIASES, &into->ucid, aliases, (before + joined) * sizeof *aliases);
    cx_state_del(state, IDENTIFY_ALIASES, &other->ucid);

    for (size_t i = 0; i < joined; i++) {
        struct identify_customer alias = { joining[i], *row_of(state, &joining[i]) };
        alias.row.stands = into->ucid;
        identify_write(state, &alias);
    }
    into->row.epoch = 1 + (into->row.epoch > other->row.epoch ? into->row.epoch : other->row.epoch);
    into->row.identifiers += other->row.identifiers;
    into->row.aliases += (uint32_t)joined;
    identify_write(state, into);
    *count = joined;
    return joining;
}
