/* pipe.c - cx pipe: stages as a Unix filter, state in memory, no broker. */
#include "run/chain.h"
#include "run/registry.h"
#include "run/render.h"
#include "run/settings.h"
#include "run/verb.h"

#include <errno.h>

enum { ADAPTER = CX_FLAG_FIRST, VERDICTS, OUTPUTS, STRICT, BATCH, RESTART };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "adapter", 0, "NAME", "Lines are payloads of this channel adapter." },
    { "verdicts", 0, NULL, "Also prints how every other item ended: drop, reject, absorb." },
    { "outputs", 0, "all|TOPIC,…", "Prints {\"topic\",\"key\",\"value\"} of every record of these topics instead of the main record." },
    { "strict", 0, NULL, "Exit 65 when anything was rejected." },
    { "batch", 0, "N", "Commits state every N lines (the output does not depend on it)." },
    { "restart", 0, "N", "Closes, reopens and restores all stages every N lines (the output does not depend on it)." },
    { 0 },
};

struct pipe {
    struct cx_chain_plan plan;
    struct cx_chain *chain;
    struct cx_task *task;
    struct cx_buf changelog[8]; /* frames: key length, key, value length + 1, value; kept only for --restart */
    bool keeps_changelog, verdicts;
    const char *outputs;
    struct cx_arena *arena;
    struct cx_buf line;
    int64_t rejected;
    bool is_broken; /* stdout takes no more */
    struct cx_sink sink;
};

static bool is_wanted(const struct pipe *p, const struct cx_output *o)
{
    if (!p->outputs)
        return o->is_main;
    if (!o->topic)
        return false;
    struct cx_str rest = cx_str(p->outputs), piece;
    while (cx_str_cut(&rest, ',', &piece))
        if (cx_str_is(piece, "all") || cx_str_is(piece, o->topic->name))
            return true;
    return false;
}

static int print_line(struct pipe *p)
{
    cx_buf_byte(&p->line, '\n');
    p->is_broken = p->is_broken || p->line.overflow || fwrite(p->line.ptr, 1, p->line.len, stdout) != p->line.len;
    return p->is_broken ? -1 : 0;
}

static int on_output(void *context, const struct cx_output *o)
{
    struct pipe *p = context;
    if (!is_wanted(p, o))
        return 0;
    cx_buf_reset(&p->line);
    cx_arena_reset(p->arena);
    if (!p->outputs) {
        cx_render_value(&p->line, p->arena, o->topic, o->value);
        return print_line(p);
    }
    cx_buf_str(&p->line, CX_STR("{\"topic\":"));
    cx_json_string(&p->line, cx_str(o->topic->name));
    cx_buf_str(&p->line, CX_STR(",\"key\":"));
    cx_render_key(&p->line, o->topic, o->key);
    cx_buf_str(&p->line, CX_STR(",\"value\":"));
    cx_render_value(&p->line, p->arena, o->topic, o->value);
    cx_buf_byte(&p->line, '}');
    return print_line(p);
}

static void on_ending(void *context, const struct cx_ending *e)
{
    static const char *const names[] = { [CX_EMIT] = "emit", [CX_ABSORB] = "absorb", [CX_DROP] = "drop", [CX_REJECT] = "reject" };
    struct pipe *p = context;
    p->rejected += e->verdict == CX_REJECT;
    if (!p->verdicts || e->verdict == CX_EMIT)
        return;
    const struct cx_message *m = e->message;
    struct cx_source own = { .topic = m->topic, .partition = m->partition, .offset = m->offset, .index = e->index };
    const struct cx_source *s = e->record ? &e->record->source : &own;
    cx_buf_reset(&p->line);
    cx_buf_format(&p->line, "{\"verdict\":\"%s\",\"stage\":\"%s\",\"reason\":\"%s\",\"source\":{\"topic\":", names[e->verdict], e->stage,
                  e->reason->name);
    cx_json_string(&p->line, s->topic);
    cx_buf_format(&p->line, ",\"partition\":%d,\"offset\":%lld,\"index\":%d},\"detail\":", s->partition, (long long)s->offset, s->index);
    cx_json_string(&p->line, e->detail);
    cx_buf_byte(&p->line, '}');
    print_line(p);
}

/* ---- state kept across a restart, as the changelog topics would ---- */

struct changelog_target {
    struct cx_buf *log;
};

static int on_change(void *context, struct cx_str key, struct cx_str value)
{
    struct cx_buf *log = ((struct changelog_target *)context)->log;
    uint64_t lengths[2] = { key.len, value.ptr ? value.len + 1 : 0 };
    cx_buf_add(log, lengths, sizeof lengths);
    cx_buf_str(log, key);
    cx_buf_str(log, value);
    return log->overflow ? -1 : 0;
}

static int commit(struct pipe *p, struct cx_error *err)
{
    for (size_t i = 0; p->keeps_changelog && i < cx_chain_length(p->chain); i++) {
        struct changelog_target target = { &p->changelog[i] };
        struct cx_state *state = cx_task_state(p->task, i);
        if (state && cx_state_changes(state, on_change, &target) != 0)
            return cx_fail(err, CX_EXIT_BUG, "the changelog kept in memory is full");
    }
    cx_task_commit(p->task);
    return 0;
}

static int restore(struct pipe *p, struct cx_error *err)
{
    for (size_t i = 0; i < cx_chain_length(p->chain); i++) {
        struct cx_str rest = cx_buf_view(&p->changelog[i]);
        while (rest.len > 0) {
            uint64_t lengths[2];
            memcpy(lengths, rest.ptr, sizeof lengths);
            rest = cx_str_skip(rest, sizeof lengths);
            struct cx_str key = cx_str_n(rest.ptr, lengths[0]);
            rest = cx_str_skip(rest, lengths[0]);
            struct cx_str value = lengths[1] ? cx_str_n(rest.ptr, lengths[1] - 1) : CX_STR_NULL;
            rest = cx_str_skip(rest, value.len);
            CX_TRY(cx_state_restore(cx_task_state(p->task, i), key, value, err));
        }
    }
    return 0;
}

static int open_chain(struct pipe *p, struct cx_error *err)
{
    p->chain = cx_chain_open(&p->plan, err);
    if (!p->chain)
        return -1;
    p->task = cx_task_new(p->chain, 0);
    return 0;
}

static void close_chain(struct pipe *p)
{
    cx_task_free(p->task);
    cx_chain_close(p->chain);
    p->task = NULL;
    p->chain = NULL;
}

static int restart(struct pipe *p, struct cx_error *err)
{
    CX_TRY(commit(p, err));
    close_chain(p);
    CX_TRY(open_chain(p, err));
    return restore(p, err);
}

/* ---- lines ---- */

/* {"tick": ms}: time passes. */
static bool is_tick(struct pipe *p, struct cx_str line, int64_t *ms)
{
    if (line.len > 64) /* no tick is that long: spare the records a second reading */
        return false;
    struct cx_json_fault fault;
    cx_arena_reset(p->arena);
    const struct cx_json *node = cx_json_parse(p->arena, line, &fault);
    const struct cx_json *tick = node && node->count == 1 ? cx_json_get(node, CX_STR("tick")) : NULL;
    return tick && tick->type == CX_JSON_NUMBER && cx_str_to_i64(tick->text, ms);
}

static int settle_line(struct pipe *p, struct cx_str line, int64_t offset)
{
    int64_t ms, items;
    if (is_tick(p, line, &ms))
        return cx_task_tick(p->task, ms, &p->sink);
    struct cx_message m = { .topic = CX_STR("-"), .offset = offset, .value = line, .is_pipe = true };
    return cx_task_settle(p->task, &m, &p->sink, &items);
}

static int run_lines(struct pipe *p, int64_t batch, int64_t restart_every, struct cx_error *err)
{
    char *buffer = NULL;
    size_t cap = 0;
    ssize_t got;
    int64_t n = 0;
    int rc = 0;
    while (rc == 0 && (got = getline(&buffer, &cap, stdin)) >= 0) {
        size_t len = (size_t)got;
        while (len > 0 && (buffer[len - 1] == '\n' || buffer[len - 1] == '\r'))
            len--;
        int64_t offset = n++;
        if (len > 0 && (settle_line(p, cx_str_n(buffer, len), offset) != 0 || p->is_broken))
            rc = cx_fail(err, CX_EXIT_IO, "writing to stdout failed: %s", strerror(errno));
        if (rc == 0 && n % batch == 0)
            rc = commit(p, err);
        if (rc == 0 && restart_every && n % restart_every == 0)
            rc = restart(p, err);
    }
    free(buffer);
    if (rc == 0 && ferror(stdin))
        rc = cx_fail(err, CX_EXIT_IO, "reading stdin failed");
    if (rc == 0 && fflush(stdout) != 0)
        rc = cx_fail(err, CX_EXIT_IO, "writing to stdout failed: %s", strerror(errno));
    return rc;
}

/* --adapter NAME is an input row for the topic "-". */
static int add_adapter(struct cx_settings *settings, const char *adapter, struct cx_error *err)
{
    struct cx_buf text;
    cx_buf_init(&text, 65536);
    cx_buf_str(&text, CX_STR("inputs: [{topic: \"-\", adapter: "));
    cx_json_string(&text, cx_str(adapter)); /* whatever was typed is a name, not YAML */
    cx_buf_str(&text, CX_STR("}]"));
    struct cx_node *root = cx_config_parse(settings->arena, "--adapter", cx_arena_copy(settings->arena, cx_buf_view(&text)), err);
    cx_buf_free(&text);
    if (!root)
        return -1;
    struct cx_node *row = root->first->first;
    for (struct cx_node *n = settings->root->first; n; n = n->next)
        if (cx_str_is(n->key, "inputs") && n->type == CX_NODE_LIST) {
            row->next = n->first;
            n->first = row;
            n->count++;
            return 0;
        }
    root->first->next = settings->root->first;
    settings->root->first = root->first;
    settings->root->count++;
    return 0;
}

int cx_find_stages(const struct cx_args *args, const struct cx_stage **stages, size_t *count, struct cx_error *err)
{
    const char *names[32];
    size_t n = 0;
    for (; cx_stages[n] && n < 32; n++)
        names[n] = cx_stages[n]->name;
    if (args->operand_count == 0)
        return cx_fail(err, CX_EXIT_USAGE, "which stages? for example: cx pipe normalize classify");
    for (size_t i = 0; i < args->operand_count; i++) {
        stages[i] = cx_stage_find(cx_str(args->operands[i]));
        if (!stages[i]) {
            const char *nearest = cx_did_you_mean(cx_str(args->operands[i]), names, n);
            return cx_fail(err, CX_EXIT_USAGE, "no stage %s%s%s", args->operands[i], nearest ? "; did you mean " : "", nearest ? nearest : "");
        }
    }
    *count = args->operand_count;
    return 0;
}

static int check_outputs(const char *list, struct cx_error *err)
{
    struct cx_str rest = cx_str(list), piece;
    while (list && cx_str_cut(&rest, ',', &piece))
        if (!cx_str_is(piece, "all") && !cx_topic_find(piece))
            return cx_fail(err, CX_EXIT_USAGE, "--outputs: no topic of ours: %.*s", CX_STR_ARG(piece));
    return 0;
}

static int run_pipe(const struct cx_args *args, struct cx_error *err)
{
    static struct pipe p;
    static struct cx_settings settings;
    const struct cx_stage *stages[CX_OPERANDS_MAX];
    size_t count;
    int64_t batch, restart_every;
    if (cx_find_stages(args, stages, &count, err) || check_outputs(args->values[OUTPUTS], err) || cx_args_settings(args, &settings, err) ||
        cx_args_i64(args, BATCH, 4096, 1, 1000000000, &batch, err) || cx_args_i64(args, RESTART, 0, 1, 1000000000, &restart_every, err) ||
        (cx_args_has(args, ADAPTER) && add_adapter(&settings, args->values[ADAPTER], err)))
        return (int)err->exit;
    p.plan =
        (struct cx_chain_plan){ .stages = stages, .count = count, .root = settings.root, .max_message = settings.kafka.max_message, .is_pipe = true };
    p.keeps_changelog = restart_every > 0;
    p.verdicts = cx_args_has(args, VERDICTS);
    p.outputs = args->values[OUTPUTS];
    p.arena = cx_arena_new((size_t)256 << 20);
    p.sink = (struct cx_sink){ .context = &p, .output = on_output, .ending = on_ending };
    cx_buf_init(&p.line, (size_t)256 << 20);
    for (size_t i = 0; i < 8; i++)
        cx_buf_init(&p.changelog[i], (size_t)4 << 30);
    int rc = open_chain(&p, err);
    if (rc == 0)
        rc = run_lines(&p, batch, restart_every, err);
    if (p.chain)
        close_chain(&p);
    for (size_t i = 0; i < 8; i++)
        cx_buf_free(&p.changelog[i]);
    cx_buf_free(&p.line);
    cx_arena_free(p.arena);
    cx_settings_free(&settings);
    if (rc != 0)
        return (int)err->exit;
    return p.rejected > 0 && cx_args_has(args, STRICT) ? CX_EXIT_DATA : CX_EXIT_OK;
}

const struct cx_verb cx_verb_pipe = {
    .name = "pipe",
    .synopsis = "STAGE… [options] < lines",
    .doc = "Runs stages as a filter: JSON lines in (canonical, envelopes, or an adapter's payloads), records out; no broker.",
    .examples = "  cx pipe normalize classify < comments.jsonl\n"
                "  cx pipe dedup identify route analytics --outputs all < events.jsonl\n"
                "  cx pipe normalize --adapter instagram --verdicts < webhooks.jsonl\n",
    .flags = flags,
    .operands = CX_OPERANDS_MAX,
    .run = run_pipe,
};
