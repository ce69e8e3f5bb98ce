/* topics_verb.c - cx topics: the topics of topics.def against what the cluster has. */
#include "kafka/kafka.h"
#include "run/acl.h"
#include "run/audit.h"
#include "run/registry.h"
#include "run/topic_specs.h"
#include "run/verb.h"

enum { CHAINS = CX_FLAG_FIRST, REPLICATION, PRINCIPAL, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "chains", 0, "A,B,…", "Chains that get a ledger (default: normalize-classify,dedup-identify,route-analytics)." },
    { "replication", 0, "N", "Replicas of new topics (default: the broker's default.replication.factor)." },
    { "principal", 0, "USER", "For acl: who gets the rights, such as User:cx." },
    { "json", 0, NULL, "Prints JSON lines." },
    { 0 },
};

static void print_finding(const struct cx_topic_finding *finding)
{
    struct cx_buf line;
    cx_buf_init(&line, 65536);
    cx_buf_str(&line, CX_STR("{\"topic\":"));
    cx_json_string(&line, cx_str(finding->topic));
    cx_buf_format(&line, ",\"missing\":%s,\"finding\":", finding->missing ? "true" : "false");
    cx_json_string(&line, cx_str(finding->text));
    printf("%.*s}\n", (int)line.len, line.ptr);
    cx_buf_free(&line);
}

static int plan(struct cx_settings *settings, const struct cx_topic_specs *s, bool json, struct cx_error *err)
{
    struct cx_topic_finding *findings;
    size_t count;
    CX_TRY(cx_topics_plan(&settings->kafka, settings->arena, s->items, s->len, &findings, &count, err));
    for (size_t i = 0; i < count; i++)
        if (json)
            print_finding(&findings[i]);
        else
            printf("%-32s %s\n", findings[i].topic, findings[i].text);
    fprintf(stderr, "%zu topics, %zu finding%s\n", s->len, count, count == 1 ? "" : "s");
    return count ? CX_EXIT_FINDINGS : CX_EXIT_OK;
}

static void print_acl_json(const char *principal, const struct cx_acl *acl)
{
    struct cx_buf line;
    cx_buf_init(&line, 65536);
    cx_buf_str(&line, CX_STR("{\"principal\":"));
    cx_json_string(&line, cx_str(principal));
    cx_buf_format(&line, ",\"operation\":\"%s\",\"resource\":\"%s\",\"name\":", acl->operation, acl->resource);
    cx_json_string(&line, cx_str(acl->name));
    cx_buf_format(&line, ",\"pattern\":\"%s\",\"why\":\"%s\"}\n", acl->is_prefix ? "prefixed" : "literal", acl->why);
    fwrite(line.ptr, 1, line.len, stdout);
    cx_buf_free(&line);
}

static void print_acls(const struct cx_settings *settings, const struct cx_stage *const *stages, size_t count, const char *principal, bool json)
{
    struct cx_acl *acls;
    size_t n = cx_acls_of_chain(settings, stages, count, &acls);
    for (size_t i = 0; i < n; i++)
        if (json)
            print_acl_json(principal, &acls[i]);
        else
            printf("kafka-acls.sh --bootstrap-server '%.*s' --add --allow-principal '%s' --operation %s --%s '%s'%s # %s\n",
                   CX_STR_ARG(settings->kafka.brokers), principal, acls[i].operation, acls[i].resource, acls[i].name,
                   acls[i].is_prefix ? " --resource-pattern-type prefixed" : "", acls[i].why);
}

/* Of the chain named, else of every chain. */
static int acl(const struct cx_args *args, const struct cx_settings *settings, const char *chains, struct cx_error *err)
{
    const char *principal = args->values[PRINCIPAL];
    const struct cx_stage *stages[CX_CHAIN_STAGES];
    struct cx_str rest, chain;
    size_t count;
    char named[256] = "";
    if (!principal || strncmp(principal, "User:", 5) != 0 || strpbrk(principal, "'\n"))
        return cx_fail(err, CX_EXIT_USAGE, "cx topics acl needs --principal User:NAME");
    for (size_t i = 1, at = 0; i < args->operand_count && at < sizeof named; i++)
        at += (size_t)snprintf(named + at, sizeof named - at, "%s%s", i > 1 ? "-" : "", args->operands[i]);
    rest = cx_str(named[0] ? named : chains);
    while (cx_str_cut(&rest, ',', &chain)) {
        CX_TRY(cx_chain_stages(chain, stages, &count, err));
        print_acls(settings, stages, count, principal, cx_args_has(args, JSON));
    }
    return 0;
}

static int create(struct cx_settings *settings, const struct cx_topic_specs *s, struct cx_error *err)
{
    size_t created;
    CX_TRY(cx_topics_create(&settings->kafka, s->items, s->len, &created, err));
    fprintf(stderr, "%zu topics, %zu created\n", s->len, created);
    return CX_EXIT_OK;
}

static int run_topics(const struct cx_args *args, struct cx_error *err)
{
    static const char *const words[] = { "plan", "create", "acl" };
    const char *word = args->operand_count ? args->operands[0] : "", *chains = args->values[CHAINS] ? args->values[CHAINS] : CX_USUAL_CHAINS;
    struct cx_settings settings;
    struct cx_topic_specs specs;
    int64_t replication;
    int what = 0;
    while (what < 3 && strcmp(word, words[what]) != 0)
        what++;
    if (what == 3) {
        cx_fail(err, CX_EXIT_USAGE, "cx topics plan, cx topics create, or cx topics acl");
        return CX_EXIT_USAGE;
    }
    if (what < 2 && args->operand_count > 1) {
        cx_fail(err, CX_EXIT_USAGE, "%s is one word too many (cx topics --help)", args->operands[1]);
        return CX_EXIT_USAGE;
    }
    if (cx_args_settings(args, &settings, err) || cx_args_i64(args, REPLICATION, -1, 1, 100, &replication, err))
        return (int)err->exit;
    int status = what == 2 ? acl(args, &settings, chains, err) : cx_topic_specs_make(&settings, chains, (int16_t)replication, &specs, err);
    if (status == 0 && what < 2)
        status = what == 0 ? plan(&settings, &specs, cx_args_has(args, JSON), err) : create(&settings, &specs, err);
    cx_settings_free(&settings);
    return status < 0 ? (int)err->exit : status;
}

const struct cx_verb cx_verb_topics = {
    .name = "topics",
    .synopsis = "plan|create|acl [STAGE…] -c cx.yaml",
    .doc =
        "Says what the cluster's topics lack, makes them (never deletes, never changes partition counts), or prints the least rights of a process.",
    .examples = "  cx topics plan -c cx.yaml\n  cx topics create -c cx.yaml --replication 3\n"
                "  cx topics acl dedup identify --principal User:cx-dedup -c cx.yaml | sh\n",
    .flags = flags,
    .operands = CX_OPERANDS_MAX,
    .run = run_topics,
};
