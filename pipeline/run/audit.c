/* audit.c - cx audit: does everything add up? From the ledgers and the topics alone, no process is asked. */
#include "kafka/kafka.h"
#include "run/audit.h"
#include "run/registry.h"
#include "run/settings.h"
#include "run/topics.h"
#include "run/verb.h"

enum { CHAINS = CX_FLAG_FIRST, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "chains", 0, "A,B,…", "Chains to look at (default: " CX_USUAL_CHAINS ")." },
    { "json", 0, NULL, "Prints one JSON object." },
    { 0 },
};

static int64_t sum(struct cx_i64_map map)
{
    int64_t n = 0;
    for (size_t i = 0; i < map.len; i++)
        n += map.items[i].value;
    return n;
}

static void finding(struct cx_audit *audit, struct cx_str text)
{
    if (audit->finding_count < CX_AUDIT_FINDINGS)
        audit->findings[audit->finding_count] = text;
    audit->finding_count++;
}

static struct cx_audit_topic *find_topic(struct cx_audit *audit, struct cx_str name)
{
    for (size_t i = 0; i < audit->topic_count; i++)
        if (cx_str_is(name, audit->topics[i].name))
            return &audit->topics[i];
    return NULL;
}

static void add_topic(struct cx_audit *audit, const char *name)
{
    if (!name || find_topic(audit, cx_str(name)))
        return;
    cx_assert(audit->topic_count < CX_AUDIT_TOPICS);
    audit->topics[audit->topic_count++].name = name;
}

/* The stages of "dedup-identify". */
static int read_chain(struct cx_audit *audit, struct cx_str name, struct cx_error *err)
{
    struct cx_audit_chain *chain = &audit->chains[audit->chain_count++];
    chain->name = cx_arena_format(audit->arena, "%.*s%c", CX_STR_ARG(name), '\0').ptr;
    CX_TRY(cx_chain_stages(name, chain->stages, &chain->stage_count, err));
    for (size_t i = 0; i < chain->stage_count; i++)
        add_topic(audit, chain->stages[i]->dead_letters);
    char ledger[128];
    cx_topic_ledger(chain->name, ledger);
    chain->ledger = cx_arena_format(audit->arena, "%s%c", ledger, '\0').ptr;
    chain->output = chain->stages[chain->stage_count - 1]->outputs[0].topic;
    add_topic(audit, chain->ledger);
    add_topic(audit, chain->output);
    return 0;
}

static void count_endings(struct cx_audit *audit, struct cx_audit_chain *chain, struct cx_i64_map map, enum cx_verdict verdict)
{
    for (size_t i = 0; i < map.len; i++) {
        size_t k = 0;
        while (k < chain->ending_count && !cx_str_eq(chain->endings[k].reason, map.items[i].key))
            k++;
        if (k == sizeof chain->endings / sizeof *chain->endings)
            continue;
        if (k == chain->ending_count)
            chain->endings[chain->ending_count++] = (struct cx_audit_ending){ cx_arena_copy(audit->arena, map.items[i].key), verdict, 0 };
        chain->endings[k].n += map.items[i].value;
    }
}

static void count_rejected(struct cx_audit *audit, struct cx_i64_map rejected)
{
    for (size_t i = 0; i < rejected.len; i++) {
        struct cx_str rest = rejected.items[i].key, stage;
        cx_str_cut(&rest, '/', &stage);
        const struct cx_stage *s = cx_stage_find(stage);
        struct cx_audit_topic *letters = s ? find_topic(audit, cx_str(s->dead_letters)) : NULL;
        if (letters)
            letters->expected += rejected.items[i].value;
    }
}

/* NULL: more partitions than an audit takes. */
static struct cx_audit_input *find_input(struct cx_audit *audit, struct cx_audit_chain *chain, const struct cx_ledger *entry)
{
    for (size_t i = 0; i < chain->input_count; i++)
        if (chain->inputs[i].partition == entry->partition && cx_str_is(entry->topic, chain->inputs[i].topic))
            return &chain->inputs[i];
    if (chain->input_count == CX_AUDIT_INPUTS)
        return NULL;
    struct cx_audit_input *input = &chain->inputs[chain->input_count++];
    *input = (struct cx_audit_input){ .topic = cx_arena_format(audit->arena, "%.*s%c", CX_STR_ARG(entry->topic), '\0').ptr,
                                      .partition = entry->partition,
                                      .first_offset = entry->first_offset };
    return input;
}

/* One ledger record; the ledger keeps the order of an input partition's transactions. */
static int read_entry(struct cx_audit *audit, struct cx_audit_chain *chain, const struct cx_ledger *entry, struct cx_error *err)
{
    if (entry->kind == CX_LEDGER_KIND_CONFIG)
        return 0;
    struct cx_audit_input *input = find_input(audit, chain, entry);
    if (!input)
        return cx_fail(err, CX_EXIT_DATA, "%s reads more than %d partitions: audit cannot hold them", chain->name, CX_AUDIT_INPUTS);
    int64_t absorbed = sum(entry->absorbed), dropped = sum(entry->dropped), rejected = sum(entry->rejected);
    if (entry->items != entry->emitted + absorbed + dropped + rejected)
        finding(audit, cx_arena_format(audit->arena, "%s: %s/%d at %lld: %lld items in, %lld out", chain->name, input->topic, input->partition,
                                       (long long)entry->first_offset, (long long)entry->items,
                                       (long long)(entry->emitted + absorbed + dropped + rejected)));
    if (entry->first_offset < input->next_offset)
        finding(audit, cx_arena_format(audit->arena, "%s: %s/%d: offset %lld was committed twice", chain->name, input->topic, input->partition,
                                       (long long)entry->first_offset));
    input->next_offset = entry->next_offset;
    input->records += entry->records;
    chain->transactions++;
    chain->records += entry->records;
    chain->items += entry->items;
    chain->emitted += entry->emitted;
    chain->absorbed += absorbed;
    chain->dropped += dropped;
    chain->rejected += rejected;
    count_rejected(audit, entry->rejected);
    count_endings(audit, chain, entry->absorbed, CX_ABSORB);
    count_endings(audit, chain, entry->dropped, CX_DROP);
    count_endings(audit, chain, entry->rejected, CX_REJECT);
    return 0;
}

static int on_ledger(struct cx_audit *audit, struct cx_arena *scratch, const struct cx_message *m, struct cx_error *err)
{
    for (size_t i = 0; i < audit->chain_count; i++) {
        if (!cx_str_is(m->topic, audit->chains[i].ledger))
            continue;
        struct cx_ledger entry;
        enum cx_decode_error error = cx_wire_decode(scratch, m->value, &cx_ledger_schema, &entry);
        if (error != CX_DECODE_OK)
            return cx_fail(err, CX_EXIT_DATA, "%.*s/%d at %lld: %s", CX_STR_ARG(m->topic), m->partition, (long long)m->offset,
                           cx_decode_error_text(error));
        CX_TRY(read_entry(audit, &audit->chains[i], &entry, err));
    }
    return 0;
}

/* Records of an input below what its chain has committed. */
static void on_input(struct cx_audit *audit, const struct cx_message *m)
{
    for (size_t i = 0; i < audit->chain_count; i++)
        for (size_t k = 0; k < audit->chains[i].input_count; k++) {
            struct cx_audit_input *input = &audit->chains[i].inputs[k];
            if (input->partition != m->partition || !cx_str_is(m->topic, input->topic))
                continue;
            input->found += m->offset >= input->first_offset && m->offset < input->next_offset;
            input->waiting += m->offset >= input->next_offset;
        }
}

typedef int on_message_fn(struct cx_audit *audit, struct cx_arena *scratch, const struct cx_message *m, struct cx_error *err);

static int read_topics(struct cx_audit *audit, const struct cx_kafka_config *cfg, const char *const *topics, size_t n, on_message_fn *each,
                       struct cx_error *err)
{
    struct cx_reader *reader = cx_reader_open(cfg, topics, n, -1, false, err);
    if (!reader)
        return -1;
    struct cx_arena *scratch = cx_arena_new((size_t)256 << 20);
    int rc = 0;
    while (rc == 0) {
        struct cx_message m;
        enum cx_polled polled = cx_reader_poll(reader, 200, &m, err);
        cx_arena_reset(scratch);
        if (polled == CX_POLL_FATAL)
            rc = -1;
        else if (polled == CX_POLL_MESSAGE)
            rc = each(audit, scratch, &m, err);
        else if (cx_reader_at_end(reader))
            break;
    }
    cx_arena_free(scratch);
    cx_reader_close(reader);
    return rc;
}

static int on_counted(struct cx_audit *audit, struct cx_arena *scratch, const struct cx_message *m, struct cx_error *err)
{
    (void)scratch;
    (void)err;
    struct cx_audit_topic *topic = find_topic(audit, m->topic);
    if (topic)
        topic->found++;
    on_input(audit, m);
    return 0;
}

/* Topics of the ledgers' inputs, outputs and dead letters, each read once. */
static int count_topics(struct cx_audit *audit, const struct cx_kafka_config *cfg, struct cx_error *err)
{
    for (size_t i = 0; i < audit->chain_count; i++)
        for (size_t k = 0; k < audit->chains[i].input_count; k++)
            add_topic(audit, audit->chains[i].inputs[k].topic);
    const char *names[CX_AUDIT_TOPICS];
    for (size_t i = 0; i < audit->topic_count; i++)
        names[i] = audit->topics[i].name;
    return read_topics(audit, cfg, names, audit->topic_count, on_counted, err);
}

static void judge(struct cx_audit *audit)
{
    for (size_t i = 0; i < audit->chain_count; i++) {
        struct cx_audit_chain *chain = &audit->chains[i];
        for (size_t k = 0; k < chain->input_count; k++) {
            const struct cx_audit_input *in = &chain->inputs[k];
            chain->waiting += in->waiting;
            if (in->records != in->found)
                finding(audit, cx_arena_format(audit->arena, "%s: %s/%d: the ledger has %lld records, the topic %lld", chain->name, in->topic,
                                               in->partition, (long long)in->records, (long long)in->found));
        }
        struct cx_audit_topic *out = chain->output ? find_topic(audit, cx_str(chain->output)) : NULL;
        if (out && out->found != chain->emitted)
            finding(audit, cx_arena_format(audit->arena, "%s: emitted %lld items, %s has %lld records", chain->name, (long long)chain->emitted,
                                           out->name, (long long)out->found));
    }
    for (size_t i = 0; i < audit->topic_count; i++) {
        const struct cx_audit_topic *t = &audit->topics[i];
        if (cx_str_starts(cx_str(t->name), CX_STR("cx.dlq.")) && t->found != t->expected)
            finding(audit, cx_arena_format(audit->arena, "%s: %lld items were rejected, the topic has %lld records", t->name, (long long)t->expected,
                                           (long long)t->found));
    }
}

int cx_audit_run(struct cx_audit *audit, const struct cx_settings *settings, const char *chains, struct cx_error *err)
{
    *audit = (struct cx_audit){ .arena = settings->arena };
    struct cx_str rest = cx_str(chains), name;
    while (cx_str_cut(&rest, ',', &name)) {
        if (audit->chain_count == CX_AUDIT_CHAINS)
            return cx_fail(err, CX_EXIT_USAGE, "--chains: more than %d", CX_AUDIT_CHAINS);
        CX_TRY(read_chain(audit, name, err));
    }
    const char *ledgers[CX_AUDIT_CHAINS];
    for (size_t i = 0; i < audit->chain_count; i++)
        ledgers[i] = audit->chains[i].ledger;
    CX_TRY(read_topics(audit, &settings->kafka, ledgers, audit->chain_count, on_ledger, err));
    CX_TRY(count_topics(audit, &settings->kafka, err));
    judge(audit);
    return 0;
}

void cx_audit_print(const struct cx_audit *audit, FILE *out)
{
    fprintf(out, "%-24s %10s %10s %10s %10s %10s %10s %8s\n", "chain", "records", "items", "emitted", "absorbed", "dropped", "rejected", "waiting");
    for (size_t i = 0; i < audit->chain_count; i++) {
        const struct cx_audit_chain *c = &audit->chains[i];
        fprintf(out, "%-24s %10lld %10lld %10lld %10lld %10lld %10lld %8lld\n", c->name, (long long)c->records, (long long)c->items,
                (long long)c->emitted, (long long)c->absorbed, (long long)c->dropped, (long long)c->rejected, (long long)c->waiting);
    }
    for (size_t i = 0; i < audit->finding_count && i < CX_AUDIT_FINDINGS; i++)
        fprintf(out, "  %.*s\n", CX_STR_ARG(audit->findings[i]));
    if (audit->finding_count == 0)
        fprintf(out, "Everything adds up: every item was emitted, absorbed, dropped or rejected, exactly once.\n");
    else
        fprintf(out, "%zu finding%s.\n", audit->finding_count, audit->finding_count == 1 ? "" : "s");
}

void cx_audit_json(const struct cx_audit *audit, struct cx_buf *out)
{
    cx_buf_str(out, CX_STR("{\"chains\":["));
    for (size_t i = 0; i < audit->chain_count; i++) {
        const struct cx_audit_chain *c = &audit->chains[i];
        cx_buf_format(out,
                      "%s{\"chain\":\"%s\",\"transactions\":%lld,\"records\":%lld,\"items\":%lld,\"emitted\":%lld,\"absorbed\":%lld,\"dropped\":%lld,"
                      "\"rejected\":%lld,\"waiting\":%lld}",
                      i ? "," : "", c->name, (long long)c->transactions, (long long)c->records, (long long)c->items, (long long)c->emitted,
                      (long long)c->absorbed, (long long)c->dropped, (long long)c->rejected, (long long)c->waiting);
    }
    cx_buf_str(out, CX_STR("],\"findings\":["));
    for (size_t i = 0; i < audit->finding_count && i < CX_AUDIT_FINDINGS; i++) {
        if (i)
            cx_buf_byte(out, ',');
        cx_json_string(out, audit->findings[i]);
    }
    cx_buf_format(out, "],\"balanced\":%s}", audit->finding_count ? "false" : "true");
}

static int run_audit(const struct cx_args *args, struct cx_error *err)
{
    static struct cx_audit audit;
    struct cx_settings settings;
    if (cx_args_settings(args, &settings, err))
        return (int)err->exit;
    int rc = cx_audit_run(&audit, &settings, args->values[CHAINS] ? args->values[CHAINS] : CX_USUAL_CHAINS, err);
    if (rc == 0 && cx_args_has(args, JSON)) {
        struct cx_buf out;
        cx_buf_init(&out, (size_t)16 << 20);
        cx_audit_json(&audit, &out);
        printf("%.*s\n", (int)out.len, out.ptr);
        cx_buf_free(&out);
    } else if (rc == 0) {
        cx_audit_print(&audit, stdout);
    }
    int status = rc != 0 ? (int)err->exit : audit.finding_count ? CX_EXIT_FINDINGS : CX_EXIT_OK;
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_audit = {
    .name = "audit",
    .synopsis = "-c cx.yaml",
    .doc = "Checks from ledgers and topics that nothing was lost or doubled; exit 1 when something does not add up.",
    .examples = "  cx audit -c cx.yaml\n  cx audit -c cx.yaml --json | jq .findings\n",
    .flags = flags,
    .run = run_audit,
};
