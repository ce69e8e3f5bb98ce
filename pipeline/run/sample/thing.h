/* thing.h - what payload n is about: a thing said, by whom, where, when. A function of (plan, n). */
#ifndef CX_SAMPLE_THING_H
#define CX_SAMPLE_THING_H
#include "run/sample.h"
#include "run/sample/corpus.h"
#include "run/sample/people.h"

enum { CX_SAMPLE_TENANTS_MAX = 64, CX_SAMPLE_BRANDS = 3 };
struct cx_sample_tenant {
    struct cx_str name;
    struct cx_str brands[CX_SAMPLE_BRANDS], titles[CX_SAMPLE_BRANDS]; /* as in records, as in texts */
    uint64_t hash;
};

struct cx_sample_plan {
    uint64_t seed;
    int64_t start_ms, per_day;
    struct cx_sample_tenant tenants[CX_SAMPLE_TENANTS_MAX];
    size_t tenant_count;
    struct cx_sample_corpus corpus;
};

struct cx_sample_thing {
    uint64_t hash;    /* names it: its ids are made of this */
    uint64_t subject; /* what it is about: the order and the like are made of this; one for a whole journey */
    const struct cx_sample_tenant *tenant;
    unsigned brand, channel, language;
    struct cx_sample_person person;
    int64_t occurred_at, arrived_at;
    const struct cx_sample_step *step; /* of a journey; NULL else */
};

/* What payload n is: NEW, EDIT, DELETE, ANSWER and REPEAT say by *target which earlier payload they are about (themselves for the rest). */
enum cx_sample_kind cx_sample_kind_of(const struct cx_sample_plan *plan, uint64_t n, uint64_t *target);
/* The thing of payload n, which is NEW or STORY; `part`: a further one in the same payload, from 0. */
void cx_sample_thing_init(struct cx_sample_thing *thing, const struct cx_sample_plan *plan, uint64_t n, unsigned part);
int64_t cx_sample_arrival(const struct cx_sample_plan *plan, uint64_t n);
static inline struct cx_str cx_sample_brand(const struct cx_sample_thing *thing)
{
    return thing->tenant->brands[thing->brand];
}
/* Hash of what belongs to this thing, by a number of one's own. */
uint64_t cx_sample_about(const struct cx_sample_thing *thing, uint64_t what);
#endif
