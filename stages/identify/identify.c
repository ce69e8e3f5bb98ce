/* identify.c - gives every inbound record of a customer the one id of that customer. Semantics: README.md. */
#include "stages/identify/customer.h"
#include "stages/identify/identifier.h"

struct identify_config {
    const struct cx_node *types;
    const struct cx_node *blocked;
    int64_t min_length;
    int64_t min_distinct;
    int64_t max_aliases;
};
static const struct cx_option options[] = {
    CX_OPTION(struct identify_config, types, NULL, 0, 0, "",
              "Identifier types and their class (unique, strong, weak, evidence), added to the built-in ones or in their place."),
    CX_OPTION(struct identify_config, blocked, NULL, 0, 0, "",
              "Values that identify nobody, in any case, added to the built-in ones; an asterisk at the end stands for any rest."),
    CX_OPTION(struct identify_config, min_length, "6", 1, 64, "bytes", "A shorter value of a unique or weak type identifies nobody."),
    CX_OPTION(struct identify_config, min_distinct, "3", 1, 64, "", "A value of a unique or weak type with fewer different bytes identifies nobody."),
    CX_OPTION(struct identify_config, max_aliases, "1000", 1, 10000, "",
              "Ids one customer may stand for; a merge beyond it is not made, and counted."),
    { 0 },
};

enum { METRIC_CREATED, METRIC_LINKED, METRIC_MERGED, METRIC_REFUSED, METRIC_NOBODY };
static const struct cx_metric metrics[] = {
    { "cx_identify_customers_created_total", CX_COUNTER, NULL, "Customers created; many are merged later." },
    { "cx_identify_identifiers_linked_total", CX_COUNTER, NULL, "Identifiers linked to a customer for the first time." },
    { "cx_identify_customers_merged_total", CX_COUNTER, NULL, "Customers that turned out to be another one." },
    { "cx_identify_merges_refused_total", CX_COUNTER, NULL,
      "Merges not made because of max_aliases: look for an identifier that many people share." },
    { "cx_identify_unidentified_total", CX_COUNTER, NULL, "Inbound customer records without any identifier that resolves." },
    { 0 },
};

enum { NO_TENANT };
static const struct cx_reason reasons[] = {
    { "no_tenant", CX_REJECT, "tenant is empty, so that there is no scope to identify in. Repair the producer of the input topic." },
    { 0 },
};

enum { PORT_MAIN, PORT_ALIASES };
static const struct cx_port outputs[] = {
    [PORT_MAIN] = { "cx.identified.v1", "Every record, with the section `identity` where a customer speaks." },
    [PORT_ALIASES] = { "cx.identity.aliases.v1", "A row when a customer id is issued, and one for every id that another stands for from now on." },
    { 0 },
};

static const struct cx_table tables[] = {
    [IDENTIFY_TIME] = CX_TIME_TABLE,
    [IDENTIFY_IDENTIFIERS] = { "identifiers", CX_TABLE_HASH, sizeof(struct cx_id), "Identifier to the customer it was first linked to." },
    [IDENTIFY_CUSTOMERS] = { "customers", CX_TABLE_HASH, sizeof(struct identify_row), "Every UCID ever issued to the one that stands for it." },
    [IDENTIFY_ALIASES] = { "aliases", CX_TABLE_HASH, 0, "UCID to the others it stands for." },
    { 0 },
};

struct identify {
    struct identify_rules rules;
    uint32_t max_aliases;
};

static int open(void *self, const void *config, const struct cx_env *env, struct cx_error *err)
{
    const struct identify_config *given = config;
    struct identify *identify = self;
    identify->rules.min_length = given->min_length;
    identify->rules.min_distinct = given->min_distinct;
    identify->max_aliases = (uint32_t)given->max_aliases;
    return identify_rules_open(&identify->rules, given->types, given->blocked, env->arena, err);
}

/* What one record's identifiers say. */
enum word { IS_NEW, TELLS, REFUSED };
struct evidence {
    struct identify_identifier identifiers[IDENTIFY_MOST];
    enum word words[IDENTIFY_MOST]; /* nobody's yet, its owner is a candidate, its owner may not be joined */
    struct cx_id owners[IDENTIFY_MOST];
    size_t count;
    struct identify_customer candidates[IDENTIFY_MOST]; /* the owners, each once, oldest first */
    size_t candidate_count;
};

static void add_candidate(struct evidence *evidence, const struct identify_customer *owner)
{
    size_t at = evidence->candidate_count;
    while (at > 0 && identify_age(owner, &evidence->candidates[at - 1]) < 0)
        at--;
    if (at > 0 && cx_id_eq(evidence->candidates[at - 1].ucid, owner->ucid))
        return;
    memmove(&evidence->candidates[at + 1], &evidence->candidates[at], (evidence->candidate_count - at) * sizeof *owner);
    evidence->candidates[at] = *owner;
    evidence->candidate_count++;
}

/* In three walks, so that the memory of all identifiers is on its way at once. */
static void hear(const struct identify *identify, struct cx_ctx *ctx, struct evidence *evidence)
{
    const struct cx_id *firsts[IDENTIFY_MOST];
    const size_t count = identify_usable(&identify->rules, ctx->arena, ctx->item->record, evidence->identifiers);
    evidence->count = count;
    evidence->candidate_count = 0;
    for (size_t i = 0; i < count; i++)
        cx_state_prefetch(ctx->state, IDENTIFY_IDENTIFIERS, &evidence->identifiers[i].key);
    for (size_t i = 0; i < count; i++)
        firsts[i] = identify_first(ctx->state, &evidence->identifiers[i].key);
    for (size_t i = 0; i < count; i++) {
        evidence->words[i] = firsts[i] ? TELLS : IS_NEW;
        if (firsts[i] == NULL)
            continue;
        struct identify_customer owner = identify_standing(ctx->state, firsts[i]);
        evidence->owners[i] = owner.ucid;
        add_candidate(evidence, &owner);
    }
}

/* Takes out the candidates that may not join the oldest. Limits, vetoes (two unique ids of one type, never-merge edges) and the quarantine of hubs
 * decide here when they come: both customers stay as they are, and the record goes to the oldest that is left. */
static void refuse(const struct identify *identify, struct cx_ctx *ctx, struct evidence *evidence)
{
    size_t kept = 1;
    uint64_t aliases = evidence->candidates[0].row.aliases;
    for (size_t i = 1; i < evidence->candidate_count; i++) {
        const struct identify_customer *candidate = &evidence->candidates[i];
        if (aliases + 1 + candidate->row.aliases <= identify->max_aliases) {
            aliases += 1 + candidate->row.aliases;
            evidence->candidates[kept++] = *candidate;
            continue;
        }
        cx_count(ctx, METRIC_REFUSED, NULL, 1);
        for (size_t k = 0; k < evidence->count; k++)
            if (evidence->words[k] == TELLS && cx_id_eq(evidence->owners[k], candidate->ucid))
                evidence->words[k] = REFUSED;
    }
    evidence->candidate_count = kept;
}

static struct cx_identifier_list those_that(struct cx_arena *arena, const struct evidence *evidence, enum word word)
{
    struct cx_identifier *items = CX_NEW_ARRAY(arena, struct cx_identifier, evidence->count);
    size_t n = 0;
    for (size_t i = 0; i < evidence->count; i++)
        if (evidence->words[i] == word)
            items[n++] = evidence->identifiers[i].what;
    return (struct cx_identifier_list){ items, n };
}

static void emit_alias(struct cx_ctx *ctx, struct cx_id from, const struct identify_customer *to, enum cx_alias_op op,
                       struct cx_identifier_list matched)
{
    const struct cx_interaction *record = ctx->item->record;
    struct cx_identity_alias alias;
    cx_identity_alias_init(&alias);
    alias.from = from;
    alias.to = to->ucid;
    alias.tenant = record->tenant;
    alias.epoch = to->row.epoch;
    alias.op = op;
    alias.cause = record->source;
    alias.matched = matched;
    alias.occurred_at = record->ingested_at;
    char *key = cx_arena_bytes(ctx->arena, 32);
    cx_id_hex(from, key);
    cx_emit(ctx, PORT_ALIASES, cx_str_n(key, 32), &alias);
}

static void merge(struct cx_ctx *ctx, struct identify_customer *into, const struct identify_customer *other, struct cx_identifier_list decided)
{
    size_t count;
    const struct cx_id *joined = identify_merge(ctx->state, ctx->arena, into, other, &count);
    for (size_t i = 0; i < count; i++)
        emit_alias(ctx, joined[i], into, CX_ALIAS_OP_MERGE, decided);
    cx_count(ctx, METRIC_MERGED, NULL, 1);
}

/* Links what is nobody's yet. */
static void link_new(struct cx_ctx *ctx, const struct evidence *evidence, struct identify_customer *customer)
{
    size_t linked = 0;
    for (size_t i = 0; i < evidence->count; i++) {
        if (evidence->words[i] != IS_NEW)
            continue;
        identify_link(ctx->state, customer, &evidence->identifiers[i].key);
        linked++;
    }
    if (linked == 0)
        return;
    identify_write(ctx->state, customer);
    cx_count(ctx, METRIC_LINKED, NULL, (double)linked);
}

static void resolve(const struct identify *identify, struct cx_ctx *ctx, struct cx_identity *section)
{
    struct evidence evidence;
    struct identify_customer customer;
    hear(identify, ctx, &evidence);
    if (evidence.count == 0) {
        cx_count(ctx, METRIC_NOBODY, NULL, 1);
        return;
    }
    if (evidence.candidate_count == 0) {
        section->is_new = true;
        customer = identify_create(ctx->state, ctx->item->record);
        emit_alias(ctx, customer.ucid, &customer, CX_ALIAS_OP_SELF, those_that(ctx->arena, &evidence, IS_NEW));
        cx_count(ctx, METRIC_CREATED, NULL, 1);
    } else {
        refuse(identify, ctx, &evidence);
        customer = evidence.candidates[0];
        section->matched = those_that(ctx->arena, &evidence, TELLS);
        for (size_t i = 1; i < evidence.candidate_count; i++)
            merge(ctx, &customer, &evidence.candidates[i], section->matched);
    }
    link_new(ctx, &evidence, &customer);
    struct cx_id *ucid = CX_NEW(ctx->arena, struct cx_id);
    *ucid = customer.ucid;
    section->ucid = ucid;
    section->epoch = customer.row.epoch;
}

static bool speaks_a_customer(const struct cx_interaction *record)
{
    return record->direction == CX_DIRECTION_INBOUND && (record->author == NULL || record->author->actor == CX_ACTOR_CUSTOMER);
}

static struct cx_settled process(const void *self, struct cx_ctx *ctx)
{
    struct cx_interaction *record = ctx->item->record;
    if (record->tenant.len == 0)
        return cx_settle(NO_TENANT);
    record->identity = NULL;
    if (!speaks_a_customer(record))
        return cx_pass();
    struct cx_identity *section = CX_NEW(ctx->arena, struct cx_identity);
    cx_identity_init(section);
    resolve(self, ctx, section);
    record->identity = section;
    return cx_pass();
}

const struct cx_stage identify_stage = {
    .name = "identify",
    .summary = "Gives every inbound customer record the one id of its customer.",
    .section = CX_SECTION_IDENTITY,
    .input = "cx.deduplicated.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .tables = tables,
    .changelog = "cx.changelog.identify.v1",
    .dead_letters = "cx.dlq.identify.v1",
    .config_size = sizeof(struct identify_config),
    .self_size = sizeof(struct identify),
    .open = open,
    .process = process,
};
