/* input.c - records for the chains: few authors and things, so that there are repeats, edits, conflicts and merges; and some that nobody can read. */
#include "scenario.h"

enum { POOL = 512, LARGEST = 12 };
static struct cx_str pool[POOL];
static int under_way;

static struct cx_str text_of(struct cx_arena *arena, int64_t n)
{
    static const char *const texts[] = { "where is my order", "thanks, all fine", "Rechnung falsch", "iade istiyorum", "" };
    if (n == LARGEST) { /* what a refusing topic refuses */
        char *long_text = cx_arena_bytes(arena, 900);
        memset(long_text, 'x', 900);
        return cx_str_n(long_text, 900);
    }
    return cx_str(texts[n % 5]);
}

static void fill(struct cx_arena *arena, struct cx_interaction *r, int64_t ingested)
{
    static const char *const tenants[] = { "acme", "globex" };
    struct cx_author *author = CX_NEW(arena, struct cx_author);
    struct cx_identifier *identifiers = CX_NEW_ARRAY(arena, struct cx_identifier, 2);
    int64_t who = sim_between(0, 7);
    cx_interaction_init(r);
    cx_author_init(author);
    r->tenant = sim_random(64) ? cx_str(tenants[sim_random(2)]) : CX_STR("");
    r->channel = CX_STR("x");
    r->kind = CX_STR("comment");
    r->op = sim_random(8) ? CX_OP_CREATE : CX_OP_EDIT;
    r->ingested_at = ingested;
    r->occurred_at = ingested - sim_between(0, 60000);
    r->occurred_at_known = sim_random(4) != 0;
    r->adapter = CX_STR("canonical");
    r->source = (struct cx_source){ .topic = CX_STR("cx.raw.v1"), .offset = sim_between(0, 1000000) };
    r->native_id = cx_arena_format(arena, "n%lld", (long long)sim_between(0, 60));
    r->text = text_of(arena, sim_between(0, 24));
    author->native_id = sim_random(3) ? cx_arena_format(arena, "u%lld", (long long)who) : CX_STR_NULL;
    author->handle = CX_STR("@someone");
    r->author = author;
    identifiers[0] = (struct cx_identifier){ CX_STR("email"), cx_arena_format(arena, "user%lld@example.com", (long long)who), CX_STR_NULL };
    identifiers[1] =
        (struct cx_identifier){ CX_STR("customer_id"), cx_arena_format(arena, "customer-%lld", (long long)sim_between(100, 103)), CX_STR_NULL };
    r->identifiers = (struct cx_identifier_list){ identifiers, 1 + (sim_random(4) == 0) };
}

void sim_input_open(void)
{
    struct cx_arena *arena = cx_arena_new(64u << 20);
    struct cx_buf wire;
    sim.state = 1; /* the pool is the same for all seeds */
    sim.running = NULL;
    cx_buf_init(&wire, 1u << 20);
    for (int i = 0; i < POOL; i++) {
        struct cx_interaction record;
        fill(arena, &record, INT64_C(1790000000000) + i * 97);
        cx_buf_reset(&wire);
        cx_wire_encode(&wire, &cx_interaction_schema, &record);
        if (sim_random(16) == 0)
            wire.len -= sim_random(20); /* ends inside a field */
        pool[i] = cx_arena_copy(arena, cx_buf_view(&wire));
    }
    cx_buf_free(&wire);
}

static void end_input(const struct sim_event *event)
{
    sim_log_end(event->what, (int)event->a, event->b);
    under_way--;
}

static void input_arrives(const struct sim_event *event)
{
    struct sim_log *log = event->what;
    struct cx_header *header = sim_keep(sizeof *header);
    int transaction = ++cluster.transactions;
    *header = (struct cx_header){ CX_STR("trace"), CX_STR("t-1") };
    for (int64_t n = sim_between(1, 9); n > 0; n--) {
        struct sim_row row = { .kind = SIM_DATA, .transaction = transaction, .key = CX_STR("acme"), .value = pool[sim_random(POOL)] };
        if (sim_random(50) == 0)
            row.value = sim_random(2) ? CX_STR("") : CX_STR_NULL;
        if (sim_random(8) == 0)
            row.key = sim_random(2) ? CX_STR("") : CX_STR_NULL;
        row.headers = header;
        row.header_count = sim_random(2);
        row.timestamp_ms = INT64_C(1790000000000) + sim.now_ns / SIM_MS;
        sim_log_add(log, row);
    }
    sim_at(sim.now_ns + (sim_random(3) ? 0 : sim_between(0, 700) * SIM_MS),
           (struct sim_event){ .happen = end_input, .what = log, .a = transaction, .b = sim_random(8) != 0 });
}

void sim_input_begin(const struct sim_topic *topic, int64_t until_ns)
{
    under_way = (int)sim_between(3, 14);
    for (int i = 0; i < under_way; i++)
        sim_at(sim_random(3) ? sim.now_ns + (int64_t)sim_random((uint64_t)(until_ns - sim.now_ns)) : sim.now_ns,
               (struct sim_event){ .happen = input_arrives, .what = (void *)&topic->logs[sim_random(SIM_PARTITIONS)] });
}

bool sim_input_is_over(void)
{
    return under_way == 0;
}

int64_t sim_input_end(const struct sim_log *log)
{
    for (int64_t i = log->count; i > 0; i--)
        if (log->rows[i - 1].kind == SIM_DATA && log->rows[i - 1].status == SIM_COMMITTED)
            return i;
    return -1;
}
