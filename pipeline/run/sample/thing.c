#include "run/sample/thing.h"
#include "run/sample/random.h"

#define HOUR 3600000
#define DAY  (24 * (int64_t)HOUR)

/* Purposes of hashes: every decision has its own, so that none depends on another. */
enum purpose { OF_KIND = 1, OF_TARGET, OF_THING, OF_PERSON, OF_CHANNEL, OF_BRAND, OF_LAG };

static uint64_t decide(const struct cx_sample_plan *plan, uint64_t n, enum purpose purpose)
{
    return cx_sample_hash(plan->seed * 31 + purpose, n);
}

uint64_t cx_sample_about(const struct cx_sample_thing *thing, uint64_t what)
{
    return cx_sample_hash(thing->hash, what);
}

/* ---- when ---- */

int64_t cx_sample_arrival(const struct cx_sample_plan *plan, uint64_t n)
{
    /* Shares of a day's payloads by hour: a quiet night, a peak at noon, a higher one in the evening. */
    static const unsigned hours[24] = { 18, 12, 8, 6, 6, 8, 14, 26, 42, 54, 60, 62, 64, 60, 54, 50, 50, 54, 62, 72, 78, 66, 46, 28 };
    enum { sum = 1000 };
    const uint64_t per_day = (uint64_t)plan->per_day;
    /* Position in the day, in ms weighted by the hour's share. */
    uint64_t at = (2 * (n % per_day) + 1) * sum * HOUR / (2 * per_day);
    int hour = 0;
    while (at >= (uint64_t)hours[hour] * HOUR)
        at -= (uint64_t)hours[hour++] * HOUR;
    return plan->start_ms + (int64_t)(n / per_day) * DAY + hour * (int64_t)HOUR + (int64_t)(at / hours[hour]);
}

/* Time between saying and arriving: seconds mostly, hours now and then. */
static int64_t lag(uint64_t hash)
{
    struct cx_sample_dice dice = { hash };
    const uint64_t roll = cx_sample_below(&dice, 1000);
    if (roll < 5)
        return (int64_t)cx_sample_below(&dice, 12 * HOUR);
    if (roll < 30)
        return (int64_t)cx_sample_below(&dice, HOUR);
    return (int64_t)cx_sample_below(&dice, 20000);
}

/* ---- journeys: told evenly over the first three days ---- */

static const struct cx_sample_step *step_of(const struct cx_sample_plan *plan, uint64_t n)
{
    const uint64_t span = 3 * (uint64_t)plan->per_day, slots = plan->corpus.step_count + 1;
    if (n >= span || span < 2 * slots)
        return NULL;
    const uint64_t slot = (n * slots + span - 1) / span; /* the only one whose place may be n */
    return slot > 0 && slot < slots && slot * span / slots == n ? &plan->corpus.steps[slot - 1] : NULL;
}

/* ---- what ---- */

static enum cx_sample_kind roll_kind(const struct cx_sample_plan *plan, uint64_t n)
{
    static const struct {
        enum cx_sample_kind kind;
        unsigned share; /* of a thousand; the rest is new */
    } table[] = { { CX_SAMPLE_BAD, 10 },  { CX_SAMPLE_IGNORED, 20 }, { CX_SAMPLE_REPEAT, 100 },
                  { CX_SAMPLE_EDIT, 30 }, { CX_SAMPLE_DELETE, 12 },  { CX_SAMPLE_ANSWER, 90 } };
    uint64_t roll = decide(plan, n, OF_KIND) % 1000;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (roll < table[i].share)
            return table[i].kind;
        roll -= table[i].share;
    }
    return CX_SAMPLE_NEW;
}

static unsigned channel_of(uint64_t hash)
{
    unsigned total = 0, channel = 0;
    for (int c = 0; c < CX_SAMPLE_CHANNELS; c++)
        total += cx_sample_channels[c].share;
    uint64_t rest = hash % total;
    while (rest >= cx_sample_channels[channel].share)
        rest -= cx_sample_channels[channel++].share;
    return channel;
}

/* Whether payload n, which is new, may be the target of such a kind. */
static bool suits(const struct cx_sample_plan *plan, uint64_t n, enum cx_sample_kind kind)
{
    const unsigned traits = cx_sample_channels[channel_of(decide(plan, n, OF_CHANNEL))].traits;
    switch (kind) {
    case CX_SAMPLE_EDIT:
        return traits & CX_SAMPLE_EDITS;
    case CX_SAMPLE_DELETE:
        return traits & CX_SAMPLE_DELETES;
    case CX_SAMPLE_ANSWER:
        return traits & CX_SAMPLE_ANSWERS;
    default:
        return true;
    }
}

/* An earlier new payload: near mostly; of the repeats every third from anywhere. */
static bool find_target(const struct cx_sample_plan *plan, uint64_t n, enum cx_sample_kind kind, uint64_t *target)
{
    enum { near = 300, attempts = 12 };
    struct cx_sample_dice dice = { decide(plan, n, OF_TARGET) };
    const bool is_far = kind == CX_SAMPLE_REPEAT && cx_sample_chance(&dice, 333);
    const uint64_t reach = is_far || n < near ? n : near;
    for (int i = 0; i < attempts && reach > 0; i++) {
        *target = n - 1 - cx_sample_below(&dice, reach);
        if (roll_kind(plan, *target) == CX_SAMPLE_NEW && !step_of(plan, *target) && suits(plan, *target, kind))
            return true;
    }
    return false;
}

enum cx_sample_kind cx_sample_kind_of(const struct cx_sample_plan *plan, uint64_t n, uint64_t *target)
{
    *target = n;
    if (step_of(plan, n))
        return CX_SAMPLE_STORY;
    const enum cx_sample_kind kind = roll_kind(plan, n);
    if (kind == CX_SAMPLE_NEW || kind == CX_SAMPLE_BAD || kind == CX_SAMPLE_IGNORED || find_target(plan, n, kind, target))
        return kind;
    *target = n;
    return CX_SAMPLE_NEW;
}

/* ---- the thing ---- */

static void cast_story(struct cx_sample_thing *thing, const struct cx_sample_plan *plan)
{
    /* Tenants of the journeys, as their texts have it; brand 0. */
    static const unsigned tenants[CX_SAMPLE_LANGUAGES] = { 0, 2, 0, 2, 1 };
    const unsigned language = thing->step->language;
    thing->tenant = &plan->tenants[tenants[language] % plan->tenant_count];
    thing->brand = 0;
    thing->channel = thing->step->channel;
    cx_sample_person_init(&thing->person, &plan->corpus, plan->seed, CX_SAMPLE_PEOPLE + language);
    thing->subject = thing->person.hash;
}

void cx_sample_thing_init(struct cx_sample_thing *thing, const struct cx_sample_plan *plan, uint64_t n, unsigned part)
{
    *thing = (struct cx_sample_thing){ .hash = cx_sample_hash(decide(plan, n, OF_THING), part), .step = part == 0 ? step_of(plan, n) : NULL };
    thing->subject = thing->hash;
    thing->arrived_at = cx_sample_arrival(plan, n);
    if (thing->step) {
        cast_story(thing, plan);
        thing->occurred_at = thing->arrived_at - 1000;
    } else {
        const uint64_t number = cx_sample_person_pick(cx_sample_hash(decide(plan, n, OF_PERSON), part));
        cx_sample_person_init(&thing->person, &plan->corpus, plan->seed, number);
        /* A customer is one company's; everything of one payload goes to one account. */
        thing->tenant = &plan->tenants[thing->person.hash % plan->tenant_count];
        thing->brand = (unsigned)(decide(plan, n, OF_BRAND) % CX_SAMPLE_BRANDS);
        thing->channel = channel_of(decide(plan, n, OF_CHANNEL));
        thing->occurred_at = thing->arrived_at - lag(decide(plan, n, OF_LAG)) - part;
    }
    thing->language = thing->person.language;
}
