#include "stages/route/route.h"
#include "log/log.h"

#define DEFAULT_RULES "stages/route/default_rules.yaml"

enum { OUT_ROUTED, OUT_FUNCTIONS, OUT_UNMATCHED = OUT_FUNCTIONS + ROUTE_FUNCTION_COUNT };
#define FUNCTION_PORT(name, doc) { "cx.route." #name ".v1", doc },
static const struct cx_port outputs[] = {
    { "cx.routed.v1", "Each record once, with all its sections." },
    ROUTE_FUNCTIONS(FUNCTION_PORT){ "cx.route.unmatched.v1", "What no rule matched: watch its share." },
    { 0 },
};

struct route_config {
    struct cx_str rules;
    const struct cx_node *formats;
    int64_t max_steps;
};
static const struct cx_option options[] = {
    CX_OPTION(struct route_config, rules, "", 0, 0, "", "File of the rule set; empty: the one compiled in."),
    CX_OPTION(struct route_config, formats, NULL, 0, 0, "",
              "How a function's topic is written, avro or json, by function name or unmatched, such as {care: json}; avro where nothing is said."),
    CX_OPTION(struct route_config, max_steps, "1000000", 1000, 1000000000, "",
              "Work one record may cost: list items looked at and blocks of 64 bytes searched; more is rejected as rule_budget."),
    { 0 },
};

enum { METRIC_RECORDS, METRIC_NOBODY, METRIC_UNMATCHED };
static const struct cx_metric metrics[] = {
    [METRIC_RECORDS] = { "cx_route_records_total", CX_COUNTER, "function",
                         "Records sent to a function; a record counts once for each of its functions." },
    [METRIC_NOBODY] = { "cx_route_nobody_total", CX_COUNTER, NULL, "Records that matched only rules without functions." },
    [METRIC_UNMATCHED] = { "cx_route_unmatched_total", CX_COUNTER, NULL, "Records that no rule matched." },
    { 0 },
};

enum { REJECT_RULE_BUDGET };
static const struct cx_reason reasons[] = {
    [REJECT_RULE_BUDGET] = { "rule_budget", CX_REJECT,
                             "The rules would look at more list items and text of this record than max_steps allows; raise it or make the rules "
                             "cheaper." },
    { 0 },
};

struct route_self {
    struct route_rule_set set;
    int64_t max_steps;
};

static int check(const void *config, struct cx_error *err)
{
    const struct route_config *cfg = config;
    const char *names[ROUTE_FUNCTION_COUNT + 2] = { NULL };
    if (!cfg->formats || cfg->formats->type == CX_NODE_NULL)
        return 0;
    if (cfg->formats->type != CX_NODE_MAP)
        return cx_node_fail(cfg->formats, err, "formats is a map of function names to avro or json");
    memcpy(names, route_function_names, ROUTE_FUNCTION_COUNT * sizeof *names);
    names[ROUTE_FUNCTION_COUNT] = "unmatched";
    CX_TRY(cx_node_only(cfg->formats, names, err));
    for (const struct cx_node *node = cfg->formats->first; node; node = node->next)
        if (node->type != CX_NODE_SCALAR || (!cx_str_is(node->text, "avro") && !cx_str_is(node->text, "json")))
            return cx_node_fail(node, err, "a format is avro or json");
    return 0;
}

static int load_rules(struct route_rule_set *set, const struct route_config *cfg, const struct cx_env *env, cx_finding_fn *report, void *context,
                      struct cx_error *err)
{
    const char *file = DEFAULT_RULES;
    struct cx_str text;
    struct cx_error why;
    if (cfg->rules.len == 0) {
        text = env->resource(env, DEFAULT_RULES);
        cx_assert(text.ptr != NULL);
    } else {
        file = cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(cfg->rules), 0).ptr;
        if (env->read_file(env, cfg->rules, &text, &why) != 0)
            return cx_node_fail(cx_node_get(cx_node_get(env->root, "route"), "rules"), err, "%s", why.text);
    }
    return route_rule_set_load(set, env->arena, file, text, report, context, err);
}

static void log_report(void *context, const struct cx_node *at, const char *text)
{
    (void)context;
    cx_log(CX_WARN, "rule", "at=%s:%d:%d text=\"%s\"", at->file, at->line, at->column, text);
}

static int route_open(void *self, const void *config, const struct cx_env *env, struct cx_error *err)
{
    struct route_self *route = self;
    const struct route_config *cfg = config;
    route->max_steps = cfg->max_steps;
    return load_rules(&route->set, cfg, env, log_report, NULL, err);
}

static void route_close(void *self)
{
    struct route_self *route = self;
    route_rule_set_free(&route->set);
}

/* The customer, so that a department reads one customer's records in order; the tenant where nobody is known. */
static struct cx_str message_key(struct cx_ctx *ctx, const struct cx_interaction *record)
{
    if (!record->identity || !record->identity->ucid)
        return record->tenant;
    char *hex = cx_arena_bytes(ctx->arena, 32);
    cx_id_hex(*record->identity->ucid, hex);
    return cx_str_n(hex, 32);
}

static struct cx_settled process(const void *self, struct cx_ctx *ctx)
{
    const struct route_self *route = self;
    struct cx_interaction *record = ctx->item->record;
    struct cx_routing *routing = CX_NEW(ctx->arena, struct cx_routing);
    uint32_t functions;
    if (!route_rule_set_decide(&route->set, ctx->arena, record, route->max_steps, routing, &functions))
        return cx_settle(REJECT_RULE_BUDGET);
    record->routing = routing;
    struct cx_str key = message_key(ctx, record);
    for (int i = 0; i < ROUTE_FUNCTION_COUNT; i++) {
        if (functions & 1u << i) {
            cx_emit_item(ctx, OUT_FUNCTIONS + i, key);
            cx_count(ctx, METRIC_RECORDS, route_function_names[i], 1);
        }
    }
    if (routing->rules.len == 0) {
        cx_emit_item(ctx, OUT_UNMATCHED, key);
        cx_count(ctx, METRIC_UNMATCHED, NULL, 1);
    } else if (functions == 0) {
        cx_count(ctx, METRIC_NOBODY, NULL, 1);
    }
    return cx_pass();
}

struct counted {
    cx_finding_fn *report;
    void *context;
    int count;
};

static void count_report(void *context, const struct cx_node *at, const char *text)
{
    struct counted *counted = context;
    counted->count++;
    counted->report(counted->context, at, text);
}

int route_selftest(const void *config, const struct cx_env *env, cx_finding_fn *report, void *context, struct cx_error *err)
{
    struct counted counted = { report, context, 0 };
    struct route_rule_set set = { 0 };
    int status = load_rules(&set, config, env, count_report, &counted, err);
    if (status == 0)
        status = route_rule_set_test(&set, env->arena, count_report, &counted, err);
    route_rule_set_free(&set);
    return status < 0 ? -1 : counted.count;
}

const struct cx_stage route_stage = {
    .name = "route",
    .summary = "Sends each record to the front-office functions whose rules match it.",
    .section = CX_SECTION_ROUTING,
    .input = "cx.identified.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .dead_letters = "cx.dlq.route.v1",
    .config_size = sizeof(struct route_config),
    .self_size = sizeof(struct route_self),
    .check = check,
    .open = route_open,
    .process = process,
    .close = route_close,
    .lint = route_selftest,
};
