/* outcome.c - tallies over routed records, aliases, metrics and dead letters. */
#include "run/outcome.h"

struct cx_outcome *cx_outcome_new(void)
{
    struct cx_outcome *o = calloc(1, sizeof *o);
    cx_assert(o != NULL);
    o->arena = cx_arena_new((size_t)4 << 30);
    o->scratch = cx_arena_new((size_t)256 << 20);
    o->records = calloc(CX_OUTCOME_RECORDS, sizeof *o->records);
    cx_assert(o->records != NULL);
    return o;
}

void cx_outcome_free(struct cx_outcome *o)
{
    if (!o)
        return;
    cx_arena_free(o->arena);
    cx_arena_free(o->scratch);
    free(o->records);
    free(o->aliases);
    free(o);
}

static void tally(struct cx_outcome *o, struct cx_tally *t, struct cx_str name, int64_t n)
{
    t->total += n;
    for (size_t i = 0; i < t->len; i++)
        if (cx_str_eq(t->rows[i].name, name)) {
            t->rows[i].n += n;
            return;
        }
    if (t->len < CX_TALLY_MAX) {
        t->rows[t->len].name = cx_arena_copy(o->arena, name);
        t->rows[t->len++].n = n;
    }
}

void cx_outcome_ended(struct cx_outcome *o, const char *stage, enum cx_verdict verdict, struct cx_str reason, int64_t n)
{
    o->emitted += verdict == CX_EMIT ? n : 0;
    o->absorbed += verdict == CX_ABSORB ? n : 0;
    o->dropped += verdict == CX_DROP ? n : 0;
    o->rejected += verdict == CX_REJECT ? n : 0;
    if (verdict != CX_EMIT && n)
        tally(o, &o->endings, cx_arena_format(o->arena, "%s/%.*s", stage, CX_STR_ARG(reason)), n);
}

static struct cx_str join(struct cx_outcome *o, struct cx_str_list list)
{
    struct cx_str text = CX_STR("");
    for (size_t i = 0; i < list.len; i++)
        text = cx_arena_format(o->arena, "%.*s%s%.*s", CX_STR_ARG(text), i ? ", " : "", CX_STR_ARG(list.items[i]));
    return text;
}

static void keep_record(struct cx_outcome *o, const struct cx_interaction *r)
{
    if (o->record_count == CX_OUTCOME_RECORDS)
        return;
    struct cx_outcome_record *k = &o->records[o->record_count++];
    *k = (struct cx_outcome_record){ .occurred_at = r->occurred_at, .op = r->op, .direction = r->direction };
    if (r->identity && r->identity->ucid)
        k->ucid = *r->identity->ucid;
    k->channel = cx_arena_copy(o->arena, r->channel);
    k->kind = cx_arena_copy(o->arena, r->kind);
    k->language = r->classification ? cx_arena_copy(o->arena, r->classification->language) : CX_STR("und");
    k->text = cx_arena_copy(o->arena, cx_utf8_prefix(r->text.ptr ? r->text : r->title, 240));
    k->functions = r->routing ? join(o, r->routing->functions) : CX_STR("");
    k->rules = r->routing ? join(o, r->routing->rules) : CX_STR("");
    for (size_t i = 0; i < r->identifiers.len; i++) {
        const struct cx_identifier *id = &r->identifiers.items[i];
        if (cx_str_is(id->type, "email"))
            k->email = cx_arena_copy(o->arena, id->value);
        else if (cx_str_is(id->type, "phone"))
            k->phone = cx_arena_copy(o->arena, id->value);
    }
}

static void add_routed(struct cx_outcome *o, struct cx_str value)
{
    static const char *const ops[] = { "create", "edit", "delete", "merge" };
    static const char *const sentiments[] = { "negative", "neutral", "positive" };
    static const char *const urgencies[] = { "low", "normal", "high", "critical" };
    struct cx_interaction r;
    if (cx_wire_decode(o->scratch, value, &cx_interaction_schema, &r) != CX_DECODE_OK)
        return;
    const struct cx_classification *c = r.classification;
    o->routed++;
    o->copies += r.op == CX_OP_CREATE && r.duplicate && r.duplicate->similarity.set;
    tally(o, &o->tenants, r.tenant, 1);
    tally(o, &o->channels, r.channel, 1);
    tally(o, &o->ops, cx_str(ops[r.op]), 1);
    tally(o, &o->languages, c ? c->language : CX_STR("und"), 1);
    tally(o, &o->sentiments, c && (int)c->sentiment >= 0 ? cx_str(sentiments[c->sentiment]) : CX_STR("not known"), 1);
    tally(o, &o->urgencies, c && (int)c->urgency >= 0 ? cx_str(urgencies[c->urgency]) : CX_STR("not known"), 1);
    for (size_t i = 0; r.routing && i < r.routing->functions.len; i++)
        tally(o, &o->functions, r.routing->functions.items[i], 1);
    if (!r.routing || (r.routing->functions.len == 0 && r.routing->rules.len == 0))
        tally(o, &o->functions, CX_STR("unmatched"), 1);
    else if (r.routing->functions.len == 0)
        tally(o, &o->functions, CX_STR("nobody's work"), 1);
    keep_record(o, &r);
}

static void add_alias(struct cx_outcome *o, struct cx_str value)
{
    struct cx_identity_alias a;
    if (cx_wire_decode(o->scratch, value, &cx_identity_alias_schema, &a) != CX_DECODE_OK)
        return;
    if (o->alias_count == o->alias_cap) {
        o->alias_cap = o->alias_cap ? o->alias_cap * 2 : 1024;
        o->aliases = realloc(o->aliases, o->alias_cap * sizeof *o->aliases);
        cx_assert(o->aliases != NULL);
    }
    o->aliases[o->alias_count++] = (struct cx_alias){ a.from, a.to };
    o->customers += a.op == CX_ALIAS_OP_SELF;
}

static struct cx_str header(const struct cx_header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (cx_str_is(headers[i].name, name))
            return headers[i].value;
    return CX_STR_NULL;
}

static void add_letter(struct cx_outcome *o, struct cx_str value, const struct cx_header *headers, size_t n)
{
    struct cx_str stage = header(headers, n, "cx-stage"), code = header(headers, n, "cx-error-code");
    for (size_t i = 0; i < o->letter_count; i++)
        if (cx_str_eq(o->letters[i].stage, stage) && cx_str_eq(o->letters[i].code, code)) {
            o->letters[i].n++;
            return;
        }
    if (o->letter_count == CX_OUTCOME_LETTERS)
        return;
    struct cx_outcome_letter *l = &o->letters[o->letter_count++];
    *l = (struct cx_outcome_letter){ cx_arena_copy(o->arena, stage), cx_arena_copy(o->arena, code),
                                     cx_arena_copy(o->arena, header(headers, n, "__connect.errors.exception.message")), CX_STR_NULL, 1 };
    size_t shown = value.len < 160 ? value.len : 160;
    l->payload = cx_arena_copy(o->arena, cx_str_n(value.ptr, value.ptr ? shown : 0));
}

void cx_outcome_add(struct cx_outcome *o, struct cx_str topic, struct cx_str value, const struct cx_header *headers, size_t header_count)
{
    cx_arena_reset(o->scratch);
    if (cx_str_is(topic, "cx.routed.v1"))
        add_routed(o, value);
    else if (cx_str_is(topic, "cx.identity.aliases.v1"))
        add_alias(o, value);
    else if (cx_str_is(topic, "cx.metrics.minute.v1"))
        o->metric_rows++;
    else if (cx_str_starts(topic, CX_STR("cx.dlq.")))
        add_letter(o, value, headers, header_count);
}

static int by_from(const void *a, const void *b)
{
    return memcmp(((const struct cx_alias *)a)->from.bytes, ((const struct cx_alias *)b)->from.bytes, 16);
}

static const struct cx_alias *find_alias(const struct cx_outcome *o, struct cx_id id)
{
    struct cx_alias key = { .from = id };
    return o->aliases ? bsearch(&key, o->aliases, o->alias_count, sizeof key, by_from) : NULL;
}

struct cx_id cx_outcome_customer(const struct cx_outcome *o, struct cx_id ucid)
{
    const struct cx_alias *a = find_alias(o, ucid);
    return a ? a->to : ucid;
}

/* The last row of a UCID holds; rows of one UCID come in order. */
static void settle_aliases(struct cx_outcome *o)
{
    struct cx_alias *kept = calloc(o->alias_count + 1, sizeof *kept);
    cx_assert(kept != NULL);
    size_t cap = 1, n = 0;
    while (cap < o->alias_count * 2 + 1)
        cap *= 2;
    size_t *slots = calloc(cap, sizeof *slots);
    cx_assert(slots != NULL);
    for (size_t i = 0; i < o->alias_count; i++) {
        uint64_t h;
        memcpy(&h, o->aliases[i].from.bytes, sizeof h);
        size_t at = h & (cap - 1);
        while (slots[at] && !cx_id_eq(kept[slots[at] - 1].from, o->aliases[i].from))
            at = (at + 1) & (cap - 1);
        if (!slots[at])
            slots[at] = ++n;
        kept[slots[at] - 1] = o->aliases[i];
    }
    free(slots);
    free(o->aliases);
    o->aliases = kept;
    o->alias_count = n;
    qsort(o->aliases, n, sizeof *o->aliases, by_from);
    for (size_t i = 0; i < n; i++)
        o->merges += !cx_id_eq(o->aliases[i].from, o->aliases[i].to);
    o->customers -= o->merges;
}

static int by_count(const void *a, const void *b)
{
    const struct cx_tally_row *x = a, *y = b;
    return x->n != y->n ? (x->n > y->n ? -1 : 1) : cx_str_cmp(x->name, y->name);
}

static int by_customer(const void *a, const void *b)
{
    const struct cx_outcome_record *x = a, *y = b;
    int order = memcmp(x->ucid.bytes, y->ucid.bytes, 16);
    return order ? order : x->occurred_at < y->occurred_at ? -1 : x->occurred_at > y->occurred_at;
}

/* Customers seen on at least two channels; records are in customer order. */
static void count_two_channels(struct cx_outcome *o)
{
    for (size_t i = 0; i < o->record_count;) {
        size_t end = i;
        bool is_two = false;
        for (; end < o->record_count && cx_id_eq(o->records[end].ucid, o->records[i].ucid); end++)
            is_two = is_two || !cx_str_eq(o->records[end].channel, o->records[i].channel);
        o->two_channels += is_two && !cx_id_is_zero(o->records[i].ucid);
        i = end;
    }
}

void cx_outcome_finish(struct cx_outcome *o)
{
    struct cx_tally *const tallies[] = {
        &o->endings, &o->languages, &o->channels, &o->functions, &o->sentiments, &o->urgencies, &o->ops, &o->tenants
    };
    settle_aliases(o);
    for (size_t i = 0; i < o->record_count; i++)
        o->records[i].ucid = cx_outcome_customer(o, o->records[i].ucid);
    qsort(o->records, o->record_count, sizeof *o->records, by_customer);
    count_two_channels(o);
    for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++)
        qsort(tallies[i]->rows, tallies[i]->len, sizeof tallies[i]->rows[0], by_count);
}
