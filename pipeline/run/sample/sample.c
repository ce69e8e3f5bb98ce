#include "run/sample.h"
#include "base/error.h"
#include "base/hash.h"
#include "run/sample/payload.h"
#include "run/sample/random.h"

#define PAYLOAD_MAX (256u << 10)

struct cx_sample {
    struct cx_arena *arena; /* corpus and names */
    struct cx_sample_plan plan;
    struct cx_sample_pen pen;
    uint64_t next;
};

/* ---- the plan ---- */

static void add_tenant(struct cx_sample_plan *plan, struct cx_str name)
{
    cx_assert(plan->tenant_count < CX_SAMPLE_TENANTS_MAX);
    struct cx_sample_tenant *tenant = &plan->tenants[plan->tenant_count++];
    tenant->name = name;
    tenant->hash = cx_hash64(name.ptr, name.len);
}

static void cast_tenants(struct cx_sample_plan *plan)
{
    static const struct {
        const char *name, *brands[CX_SAMPLE_BRANDS], *titles[CX_SAMPLE_BRANDS];
    } table[] = {
        { "lumera", { "lumera_home", "lumera_mobile", "lumera_kids" }, { "Lumera Home", "Lumera Mobile", "Lumera Kids" } },
        { "kestrel", { "kestrel_air", "kestrel_holidays", "kestrel_cargo" }, { "Kestrel Air", "Kestrel Holidays", "Kestrel Cargo" } },
        { "solmar", { "solmar_market", "solmar_energy", "solmar_pay" }, { "Solmar Market", "Solmar Energy", "Solmar Pay" } },
    };
    for (size_t t = 0; t < sizeof table / sizeof *table; t++) {
        add_tenant(plan, cx_str(table[t].name));
        for (int b = 0; b < CX_SAMPLE_BRANDS; b++) {
            plan->tenants[t].brands[b] = cx_str(table[t].brands[b]);
            plan->tenants[t].titles[b] = cx_str(table[t].titles[b]);
        }
    }
}

static void name_tenants(struct cx_sample_plan *plan, struct cx_arena *arena, const char *names)
{
    static const char *const brands[CX_SAMPLE_BRANDS] = { "home", "mobile", "market" };
    struct cx_str rest = cx_arena_copy(arena, cx_str(names)), name;
    while (cx_str_cut(&rest, ',', &name)) {
        name = cx_str_trim(name);
        if (name.len == 0)
            continue;
        add_tenant(plan, name);
        struct cx_sample_tenant *tenant = &plan->tenants[plan->tenant_count - 1];
        for (int b = 0; b < CX_SAMPLE_BRANDS; b++) {
            tenant->brands[b] = cx_arena_format(arena, "%.*s_%s", CX_STR_ARG(name), brands[b]);
            tenant->titles[b] = name;
        }
    }
}

struct cx_sample *cx_sample_new(uint64_t seed, int64_t start_ms, int64_t per_day, const char *tenants)
{
    enum { arena_max = 16 << 20 };
    cx_assert(per_day > 0);
    struct cx_arena *arena = cx_arena_new(arena_max);
    struct cx_sample *sample = CX_NEW(arena, struct cx_sample);
    sample->arena = arena;
    sample->plan.seed = seed;
    sample->plan.start_ms = start_ms;
    sample->plan.per_day = per_day;
    if (tenants)
        name_tenants(&sample->plan, arena, tenants);
    if (sample->plan.tenant_count == 0)
        cast_tenants(&sample->plan);
    cx_sample_corpus_load(&sample->plan.corpus, arena);
    sample->pen.plan = &sample->plan;
    cx_buf_init(&sample->pen.out, PAYLOAD_MAX);
    cx_buf_init(&sample->pen.text, PAYLOAD_MAX);
    cx_buf_init(&sample->pen.scratch, PAYLOAD_MAX);
    cx_buf_init(&sample->pen.mail, PAYLOAD_MAX);
    return sample;
}

void cx_sample_free(struct cx_sample *sample)
{
    if (!sample)
        return;
    cx_buf_free(&sample->pen.out);
    cx_buf_free(&sample->pen.text);
    cx_buf_free(&sample->pen.scratch);
    cx_buf_free(&sample->pen.mail);
    cx_arena_free(sample->arena);
}

/* ---- the stream ---- */

/* What happens to the thing in payload n, which arrives at `arrived`. */
static struct cx_sample_event make_event(const struct cx_sample_thing *thing, enum cx_sample_kind kind, uint64_t n, int64_t arrived)
{
    enum { reading_ms = 2000 }; /* an edit or answer comes at least this long after what it is about */
    struct cx_sample_event event = { .kind = kind, .n = n, .hash = thing->hash, .occurred_at = thing->occurred_at, .received_at = arrived };
    if (kind == CX_SAMPLE_EDIT || kind == CX_SAMPLE_DELETE || kind == CX_SAMPLE_ANSWER) {
        event.hash = cx_sample_hash(thing->hash, n);
        event.occurred_at = arrived - reading_ms / 2 > thing->occurred_at + reading_ms ? arrived - reading_ms / 2 : thing->occurred_at + reading_ms;
    }
    return event;
}

void cx_sample_next(struct cx_sample *sample, struct cx_arena *arena, struct cx_sample_payload *out)
{
    struct cx_sample_pen *pen = &sample->pen;
    const uint64_t n = sample->next++;
    uint64_t target;
    struct cx_sample_thing thing;
    *out = (struct cx_sample_payload){ .kind = cx_sample_kind_of(&sample->plan, n, &target) };
    cx_sample_thing_init(&thing, &sample->plan, target, 0);
    struct cx_sample_event event = make_event(&thing, out->kind, out->kind == CX_SAMPLE_REPEAT ? target : n, cx_sample_arrival(&sample->plan, n));
    out->adapter = cx_sample_channels[thing.channel].adapter;
    out->key = thing.tenant->name;
    cx_buf_reset(&pen->out);
    bool has_tenant = true;
    switch (out->kind) {
    case CX_SAMPLE_IGNORED:
        out->adapter = cx_sample_write_ignored(pen, &thing, &event);
        break;
    case CX_SAMPLE_BAD:
        out->adapter = cx_sample_write_bad(pen, &thing, &event, &has_tenant);
        break;
    case CX_SAMPLE_STORY:
        event.kind = thing.step->is_agent ? CX_SAMPLE_ANSWER : CX_SAMPLE_NEW;
        cx_sample_write(pen, &thing, &event);
        break;
    case CX_SAMPLE_REPEAT:
        event.kind = CX_SAMPLE_NEW;
        cx_sample_write(pen, &thing, &event);
        break;
    default:
        cx_sample_write(pen, &thing, &event);
        break;
    }
    cx_assert(!pen->out.overflow);
    out->value = cx_arena_copy(arena, cx_buf_view(&pen->out));
    out->key = has_tenant ? cx_arena_copy(arena, out->key) : CX_STR_NULL;
}
