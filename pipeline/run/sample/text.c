#include "run/sample/text.h"
#include "base/error.h"
#include "run/sample/random.h"

/* What is decided about a thing's text, each by a hash of its own. */
enum about { ABOUT_TEXT = 100, ABOUT_STYLE, ABOUT_TAIL, ABOUT_ANSWER, ABOUT_SUBJECT, ABOUT_SLOTS };

static struct cx_str pick(const struct cx_sample_pool *pool, uint64_t hash)
{
    return pool->items[hash % pool->len];
}

/* ---- slots ---- */

enum slot { ORDER, PRODUCT, CITY, WEEKDAY, AMOUNT, DAYS, ERROR, BRAND, NAME, STAFF, SLOTS };
static const char *const slot_names[SLOTS] = { "order", "product", "city", "weekday", "amount", "days", "error", "brand", "name", "staff" };

static uint64_t slot_hash(const struct cx_sample_thing *thing, enum slot slot)
{
    return cx_sample_hash(thing->subject, ABOUT_SLOTS + (uint64_t)slot);
}

void cx_sample_order(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    const uint64_t hash = slot_hash(thing, ORDER);
    cx_buf_byte(out, (char)('A' + hash % 26));
    cx_buf_byte(out, (char)('A' + hash / 26 % 26));
    cx_buf_byte(out, '-');
    cx_sample_put_u64(out, 10000 + hash / 676 % 9990000);
}

struct cx_str cx_sample_staff(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, uint64_t *number)
{
    const struct cx_sample_pool *names = &plan->corpus.first[thing->language].names;
    *number = slot_hash(thing, STAFF) % names->len;
    return names->items[*number];
}

static void put_amount(const struct cx_sample_thing *thing, struct cx_buf *out)
{
    static const struct {
        const char *before, *point, *after; /* point NULL: whole units */
        unsigned unit;
    } forms[CX_SAMPLE_LANGUAGES] = {
        { "", ",", " TL", 30 }, { "", ",", " €", 1 }, { "", NULL, " ريال", 4 }, { "", NULL, " руб.", 80 }, { "£", ".", "", 1 }
    };
    const uint64_t hash = slot_hash(thing, AMOUNT);
    cx_sample_put(out, forms[thing->language].before);
    cx_sample_put_u64(out, (5 + hash % 395) * forms[thing->language].unit + hash / 395 % 7);
    if (forms[thing->language].point) {
        cx_sample_put(out, forms[thing->language].point);
        cx_sample_put(out, hash / 4000 % 2 ? "90" : "50");
    }
    cx_sample_put(out, forms[thing->language].after);
}

static void put_slot(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, enum slot slot, struct cx_buf *out)
{
    const struct cx_sample_corpus *corpus = &plan->corpus;
    const uint64_t hash = slot_hash(thing, slot);
    switch (slot) {
    case ORDER:
        cx_sample_order(thing, out);
        break;
    case PRODUCT:
        cx_buf_str(out, pick(&corpus->products[thing->language], hash));
        break;
    case CITY:
        cx_buf_str(out, pick(&corpus->cities[thing->language], hash));
        break;
    case WEEKDAY:
        cx_buf_str(out, pick(&corpus->weekdays[thing->language], hash));
        break;
    case AMOUNT:
        put_amount(thing, out);
        break;
    case DAYS:
        cx_sample_put_u64(out, 5 + hash % 16);
        break;
    case ERROR:
        cx_sample_put_u64(out, 400 + hash % 120);
        break;
    case BRAND:
        cx_buf_str(out, thing->tenant->titles[thing->brand]);
        break;
    case NAME:
        cx_sample_person_name(&thing->person, out);
        break;
    case STAFF:
        cx_buf_str(out, cx_sample_staff(plan, thing, &(uint64_t){ 0 }));
        break;
    case SLOTS:
        break;
    }
}

static enum slot slot_by_name(struct cx_str name)
{
    int slot = 0;
    while (slot < SLOTS && !cx_str_is(name, slot_names[slot]))
        slot++;
    cx_assert(slot < SLOTS);
    return (enum slot)slot;
}

static void expand(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, struct cx_str text, struct cx_buf *out)
{
    for (;;) {
        const ptrdiff_t open = cx_str_find(text, '{');
        if (open < 0) {
            cx_buf_str(out, text);
            return;
        }
        cx_buf_add(out, text.ptr, (size_t)open);
        text = cx_str_skip(text, (size_t)open + 1);
        struct cx_str name;
        cx_str_cut(&text, '}', &name);
        put_slot(plan, thing, slot_by_name(name), out);
        if (!text.ptr)
            return;
    }
}

/* ---- texts ---- */

static struct cx_str pick_text(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, unsigned *stars)
{
    enum { templates_per_cent = 40 };
    const uint64_t hash = cx_sample_about(thing, ABOUT_TEXT);
    const bool takes_templates = thing->channel != CX_SAMPLE_SHOPIFY && thing->channel != CX_SAMPLE_EMAIL;
    const bool is_rated = cx_sample_channels[thing->channel].traits & CX_SAMPLE_STARS;
    *stars = 0;
    if (takes_templates && !is_rated && cx_sample_about(thing, ABOUT_STYLE) % 100 < templates_per_cent)
        return pick(&plan->corpus.templates[thing->language], hash);
    if (is_rated) {
        const struct cx_str given = pick(&plan->corpus.stars[thing->language][thing->channel], hash);
        *stars = given.len > 0 ? (unsigned)(given.ptr[0] - '0') : 0;
    }
    return pick(&plan->corpus.texts[thing->language][thing->channel], hash);
}

void cx_sample_text(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, bool is_edited, struct cx_buf *out, unsigned *stars)
{
    if (thing->step) {
        *stars = thing->channel == CX_SAMPLE_TRUSTPILOT || thing->channel == CX_SAMPLE_SURVEY ? 4 : 0;
        expand(plan, thing, thing->step->text, out);
        return;
    }
    const struct cx_str text = pick_text(plan, thing, stars);
    const struct cx_sample_pool *tails = &plan->corpus.tails[thing->language];
    const uint64_t tail = cx_sample_about(thing, ABOUT_TAIL);
    const bool may_have_tail = thing->channel != CX_SAMPLE_EMAIL && thing->channel != CX_SAMPLE_SHOPIFY && text.len < 400;
    expand(plan, thing, text, out);
    if (may_have_tail && tail % 100 < 30) {
        cx_buf_byte(out, ' ');
        expand(plan, thing, pick(tails, tail / 100), out);
    }
    if (is_edited) {
        cx_buf_byte(out, '\n');
        expand(plan, thing, pick(tails, tail / 100 + 1), out);
    }
}

void cx_sample_answer(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, struct cx_buf *out)
{
    expand(plan, thing, thing->step ? thing->step->text : pick(&plan->corpus.agent[thing->language], cx_sample_about(thing, ABOUT_ANSWER)), out);
}

void cx_sample_subject(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, struct cx_buf *out)
{
    expand(plan, thing, pick(&plan->corpus.subjects[thing->language], cx_sample_hash(thing->subject, ABOUT_SUBJECT)), out);
}
