/* chain_test.c - verdicts, savepoints, dead letters and ticks of a chain, on two stages made for it.
 * "letters" takes "a,b,c" apart and makes a record of each; "counting" counts texts in state, emits an alias, and rejects what begins with '!'. */
#include "run/chain.h"

#include <criterion/criterion.h>

/* ---- letters ---- */

enum { EMPTY, SHORT };
static const struct cx_reason letters_reasons[] = {
    [EMPTY] = { "empty", CX_REJECT, "Nothing between two commas." }, [SHORT] = { "ignored_dot", CX_DROP, "A dot is no letter." }, { 0 }
};
static const struct cx_port letters_outputs[] = { { "cx.events.v1", "Records." }, { 0 } };

static size_t letters_split(const void *self, struct cx_ctx *ctx, const struct cx_message *m, void ***parts)
{
    (void)self;
    struct cx_str rest = m->value, piece;
    size_t n = 0;
    *parts = CX_NEW_ARRAY(ctx->arena, void *, 64);
    while (n < 64 && cx_str_cut(&rest, ',', &piece)) {
        struct cx_str *part = CX_NEW(ctx->arena, struct cx_str);
        *part = piece;
        (*parts)[n++] = part;
    }
    return n;
}

static struct cx_settled letters_process(const void *self, struct cx_ctx *ctx)
{
    (void)self;
    const struct cx_str *text = ctx->item->part;
    if (text->len == 0)
        return cx_settle(EMPTY);
    if (cx_str_is(*text, "."))
        return cx_settle(SHORT);
    struct cx_interaction *r = ctx->item->record = CX_NEW(ctx->arena, struct cx_interaction);
    cx_interaction_init(r);
    r->tenant = text->ptr[0] == '~' ? cx_str_n(text->ptr, text->len - 1) : CX_STR("acme");
    r->channel = CX_STR("x");
    r->kind = CX_STR("comment");
    r->native_id = *text;
    r->text = *text;
    r->source.topic = ctx->item->message->topic;
    r->source.index = ctx->item->index;
    r->adapter = CX_STR("letters");
    r->ingested_at = ctx->item->message->timestamp_ms;
    return cx_pass();
}

static const struct cx_stage letters = { .name = "letters",
                                         .summary = "Test.",
                                         .section = -1,
                                         .reads_raw = true,
                                         .input = "cx.raw.v1",
                                         .outputs = letters_outputs,
                                         .reasons = letters_reasons,
                                         .dead_letters = "cx.dlq.normalize.v1",
                                         .split = letters_split,
                                         .process = letters_process };

/* ---- counting ---- */

enum { SHOUTED, SEEN };
static const struct cx_reason counting_reasons[] = {
    [SHOUTED] = { "shouted", CX_REJECT, "It begins with an exclamation mark." }, [SEEN] = { "seen", CX_ABSORB, "It begins with a plus." }, { 0 }
};
static const struct cx_port counting_outputs[] = { { "cx.deduplicated.v1", "Records." }, { "cx.identity.aliases.v1", "A note of each." }, { 0 } };
static const struct cx_table counting_tables[] = { CX_TIME_TABLE, { "counts", CX_TABLE_HASH, 8, "Text to how often." }, { 0 } };
static int ticks;

static struct cx_settled counting_process(const void *self, struct cx_ctx *ctx)
{
    (void)self;
    struct cx_interaction *r = ctx->item->record;
    struct cx_id key = cx_hash128(r->text.ptr, r->text.len);
    bool is_new;
    int64_t *n = cx_state_edit(ctx->state, 1, &key, &is_new);
    ++*n;
    struct cx_identity_alias alias;
    cx_identity_alias_init(&alias);
    alias.from = alias.to = key;
    alias.tenant = r->tenant;
    alias.epoch = *n;
    alias.cause = r->source;
    cx_emit(ctx, 1, r->tenant, &alias);
    struct cx_duplicate *duplicate = CX_NEW(ctx->arena, struct cx_duplicate);
    cx_duplicate_init(duplicate);
    duplicate->cluster_size = (int32_t)*n;
    r->duplicate = duplicate;
    if (r->text.ptr[0] == '!')
        return cx_settle(SHOUTED);
    return r->text.ptr[0] == '+' ? cx_settle(SEEN) : cx_pass();
}

static void counting_tick(const void *self, struct cx_ctx *ctx, struct cx_str tenant)
{
    (void)self;
    (void)tenant;
    cr_assert_null(ctx->item);
    ticks++;
}

static const struct cx_stage counting = { .name = "counting",
                                          .summary = "Test.",
                                          .section = CX_SECTION_DUPLICATE,
                                          .input = "cx.events.v1",
                                          .outputs = counting_outputs,
                                          .reasons = counting_reasons,
                                          .tables = counting_tables,
                                          .changelog = "cx.changelog.dedup.v1",
                                          .dead_letters = "cx.dlq.dedup.v1",
                                          .process = counting_process,
                                          .tick = counting_tick };

/* ---- a chain and what it put out ---- */

#define OUTPUTS_MAX 64
struct rig {
    struct cx_arena *arena;
    struct cx_node *root;
    struct cx_chain *chain;
    struct cx_task *task;
    struct cx_sink sink;
    struct cx_output outputs[OUTPUTS_MAX];
    size_t count;
    int verdicts[5];
    int64_t offset;
};

static int on_output(void *context, const struct cx_output *o)
{
    struct rig *rig = context;
    cr_assert_lt(rig->count, OUTPUTS_MAX);
    struct cx_output *kept = &rig->outputs[rig->count++];
    *kept = *o;
    kept->key = cx_arena_copy(rig->arena, o->key);
    kept->value = cx_arena_copy(rig->arena, o->value);
    struct cx_header *headers = CX_NEW_ARRAY(rig->arena, struct cx_header, o->header_count + 1);
    for (size_t i = 0; i < o->header_count; i++)
        headers[i] = (struct cx_header){ cx_arena_copy(rig->arena, o->headers[i].name), cx_arena_copy(rig->arena, o->headers[i].value) };
    kept->headers = headers;
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    ((struct rig *)context)->verdicts[e->verdict]++;
}

static struct rig new_rig(const struct cx_stage *const *stages, size_t n, int64_t max_message)
{
    struct rig rig = { .arena = cx_arena_new(64 << 20) };
    struct cx_error err;
    rig.root = cx_config_parse(rig.arena, "test", CX_STR("{}"), &err);
    struct cx_chain_plan plan = { .stages = stages, .count = n, .root = rig.root, .max_message = max_message };
    rig.chain = cx_chain_open(&plan, &err);
    cr_assert_not_null(rig.chain, "%s", err.text);
    rig.task = cx_task_new(rig.chain, 2);
    ticks = 0;
    return rig;
}

static void free_rig(struct rig *rig)
{
    cx_task_free(rig->task);
    cx_chain_close(rig->chain);
    cx_arena_free(rig->arena);
}

static int64_t settle(struct rig *rig, struct cx_str value, int64_t timestamp_ms)
{
    static const struct cx_header headers[] = { { CX_STR("own"), CX_STR("1") } };
    int64_t items;
    struct cx_message m = { .topic = CX_STR("cx.raw.v1"),
                            .partition = 2,
                            .offset = rig->offset++,
                            .timestamp_ms = timestamp_ms,
                            .key = CX_STR("k"),
                            .value = value,
                            .headers = headers,
                            .header_count = 1 };
    rig->sink = (struct cx_sink){ .context = rig, .output = on_output, .ending = on_ending };
    cr_assert_eq(cx_task_settle(rig->task, &m, &rig->sink, &items), 0);
    return items;
}

static size_t on_topic(const struct rig *rig, const char *topic, const struct cx_output **found)
{
    size_t n = 0;
    for (size_t i = 0; i < rig->count; i++)
        if (rig->outputs[i].topic && strcmp(rig->outputs[i].topic->name, topic) == 0)
            found[n++] = &rig->outputs[i];
    return n;
}

static struct cx_str header(const struct cx_output *o, const char *name)
{
    for (size_t i = 0; i < o->header_count; i++)
        if (cx_str_is(o->headers[i].name, name))
            return o->headers[i].value;
    return CX_STR_NULL;
}

static const struct cx_stage *const both[] = { &letters, &counting };
static const struct cx_stage *const first[] = { &letters };
static const struct cx_stage *const second[] = { &counting };

Test(chain, settles_every_item_exactly_once)
{
    struct rig rig = new_rig(both, 2, 1000000);

    int64_t items = settle(&rig, CX_STR("a,b,,.,!c,+d,a"), 1000);

    cr_assert_eq(items, 7);
    cr_assert_eq(rig.verdicts[CX_EMIT], 3);
    cr_assert_eq(rig.verdicts[CX_DROP], 1);
    cr_assert_eq(rig.verdicts[CX_REJECT], 2);
    cr_assert_eq(rig.verdicts[CX_ABSORB], 1);
    free_rig(&rig);
}

Test(chain, a_reject_takes_back_the_state_and_outputs_of_its_stage_only)
{
    struct rig rig = new_rig(both, 2, 1000000), clean = new_rig(both, 2, 1000000);
    const struct cx_output *found[OUTPUTS_MAX];

    settle(&rig, CX_STR("a,!b,a"), 1000);
    settle(&clean, CX_STR("a,a"), 1000);

    struct cx_id with = cx_state_digest(cx_task_state(rig.task, 1)), without = cx_state_digest(cx_task_state(clean.task, 1));
    cr_assert(cx_id_eq(with, without));
    cr_assert_eq(on_topic(&rig, "cx.identity.aliases.v1", found), 2);
    cr_assert_eq(on_topic(&rig, "cx.dlq.dedup.v1", found), 1);
    free_rig(&rig);
    free_rig(&clean);
}

/* It would be no key of the tables: a message from outside must not end the process, which would read it again for ever. */
Test(chain, a_tenant_that_state_cannot_be_kept_under_is_rejected)
{
    struct rig rig = new_rig(both, 2, 1000000);
    const struct cx_output *found[OUTPUTS_MAX];
    char longest[257];
    memset(longest, '~', sizeof longest);

    settle(&rig, CX_STR("~,a"), 1000);
    settle(&rig, cx_str_n(longest, 257), 1000);
    settle(&rig, cx_str_n(longest, 256), 1000);

    cr_assert_eq(on_topic(&rig, "cx.dlq.dedup.v1", found), 2);
    cr_assert(cx_str_is(header(found[0], "cx-error-code"), "tenant_unusable"));
    cr_assert_eq(rig.verdicts[CX_EMIT], 2);
    free_rig(&rig);
}

Test(chain, a_dead_letter_of_the_first_stage_is_the_message_untouched)
{
    struct rig rig = new_rig(both, 2, 1000000);
    const struct cx_output *found[OUTPUTS_MAX];

    settle(&rig, CX_STR("a,,b"), 1000);

    cr_assert_eq(on_topic(&rig, "cx.dlq.normalize.v1", found), 1);
    cr_assert(cx_str_is(found[0]->value, "a,,b"));
    cr_assert(cx_str_is(found[0]->key, "k"));
    cr_assert(cx_str_is(header(found[0], "cx-error-code"), "empty"));
    cr_assert(cx_str_is(header(found[0], "cx-item"), "1"));
    cr_assert(cx_str_is(header(found[0], "__connect.errors.topic"), "cx.raw.v1"));
    cr_assert(cx_str_is(header(found[0], "__connect.errors.partition"), "2"));
    cr_assert(cx_str_is(header(found[0], "own"), "1"));
    free_rig(&rig);
}

/* A message of `bytes` bytes that the first stage rejects, with one header of `header_bytes`. */
static const struct cx_output *reject_large(struct rig *rig, size_t bytes, size_t header_bytes)
{
    const struct cx_output *found[OUTPUTS_MAX];
    char *text = memset(cx_arena_bytes(rig->arena, bytes), ',', bytes),
         *note = memset(cx_arena_bytes(rig->arena, header_bytes + 1), 'h', header_bytes);
    const struct cx_header headers[] = { { CX_STR("cx-error-code"), CX_STR("of_before") }, { CX_STR("note"), cx_str_n(note, header_bytes) } };
    struct cx_message m = { .topic = CX_STR("cx.raw.v1"),
                            .partition = 2,
                            .timestamp_ms = 1000,
                            .key = CX_STR("k"),
                            .value = cx_str_n(text, bytes),
                            .headers = headers,
                            .header_count = 2 };
    int64_t items;
    rig->sink = (struct cx_sink){ .context = rig, .output = on_output, .ending = on_ending };
    cr_assert_eq(cx_task_refuse(rig->task, &m, &rig->sink, &items), 0);
    cr_assert_eq(items, 1);
    cr_assert_eq(on_topic(rig, "cx.dlq.normalize.v1", found), 1);
    return found[0];
}

Test(chain, a_dead_letter_too_large_for_its_topic_is_cut_and_says_what_it_was)
{
    struct rig rig = new_rig(both, 2, 1000000);
    const struct cx_output *letter = reject_large(&rig, 2000000, 10);
    cr_assert_eq(letter->value.len, 65536);
    cr_assert(cx_str_is(header(letter, "cx-truncated"), "true"));
    cr_assert(cx_str_is(header(letter, "cx-length"), "2000000"));
    cr_assert_eq(header(letter, "cx-sha256").len, 64);
    cr_assert_eq(header(letter, "note").len, 10);
    free_rig(&rig);
}

Test(chain, a_dead_letter_fits_its_topic_whatever_the_headers_it_came_with)
{
    struct rig rig = new_rig(both, 2, 1000000);
    const struct cx_output *letter = reject_large(&rig, 900000, 900000);
    size_t bytes = letter->key.len + letter->value.len;
    for (size_t i = 0; i < letter->header_count; i++)
        bytes += letter->headers[i].name.len + letter->headers[i].value.len;
    cr_assert_lt(bytes, 1000000);
    cr_assert_eq(letter->value.len, 900000, "the value has room: it is kept");
    cr_assert(cx_str_is(header(letter, "cx-headers-dropped"), "true"));
    free_rig(&rig);
}

Test(chain, a_dead_letter_of_a_dead_letter_tells_of_the_last_reject_only)
{
    struct rig rig = new_rig(both, 2, 1000000);
    const struct cx_output *letter = reject_large(&rig, 10, 10);
    size_t codes = 0;
    for (size_t i = 0; i < letter->header_count; i++)
        codes += cx_str_is(letter->headers[i].name, "cx-error-code");
    cr_assert_eq(codes, 1);
    cr_assert(cx_str_is(header(letter, "cx-error-code"), "refused_by_cluster"));
    free_rig(&rig);
}

Test(chain, fused_and_unfused_stages_write_the_same_bytes)
{
    struct rig fused = new_rig(both, 2, 1000000), one = new_rig(first, 1, 1000000), two = new_rig(second, 1, 1000000);
    const struct cx_output *a[OUTPUTS_MAX], *b[OUTPUTS_MAX], *between[OUTPUTS_MAX];
    static const char *const topics[] = { "cx.deduplicated.v1", "cx.identity.aliases.v1", "cx.dlq.dedup.v1" };

    settle(&fused, CX_STR("a,!b,+c,a,d"), 1000);
    settle(&one, CX_STR("a,!b,+c,a,d"), 1000);
    size_t n = on_topic(&one, "cx.events.v1", between);
    for (size_t i = 0; i < n; i++)
        settle(&two, between[i]->value, 1000);

    for (size_t t = 0; t < 3; t++) {
        size_t count = on_topic(&fused, topics[t], a);
        cr_assert_gt(count, 0);
        cr_assert_eq(count, on_topic(&two, topics[t], b), "%s", topics[t]);
        for (size_t i = 0; i < count; i++)
            cr_assert(cx_str_eq(a[i]->value, b[i]->value), "%s", topics[t]);
    }
    free_rig(&fused);
    free_rig(&one);
    free_rig(&two);
}

Test(chain, what_is_too_large_to_write_is_rejected_and_leaves_nothing)
{
    struct rig rig = new_rig(both, 2, 400);
    const struct cx_output *found[OUTPUTS_MAX];
    char text[600];
    memset(text, 'x', sizeof text);

    settle(&rig, cx_str_n(text, sizeof text), 1000);

    cr_assert_eq(rig.verdicts[CX_REJECT], 1);
    cr_assert_eq(on_topic(&rig, "cx.dlq.dedup.v1", found), 1);
    cr_assert(cx_str_is(header(found[0], "cx-error-code"), "output_too_large"));
    cr_assert_eq(cx_state_count(cx_task_state(rig.task, 1), 1), 0);
    free_rig(&rig);
}

Test(chain, bytes_that_are_no_record_are_a_dead_letter_with_its_reason)
{
    struct rig rig = new_rig(second, 1, 1000000);
    const struct cx_output *found[OUTPUTS_MAX];

    settle(&rig, CX_STR("{}"), 1000);
    settle(&rig, CX_STR_NULL, 1000);

    cr_assert_eq(on_topic(&rig, "cx.dlq.dedup.v1", found), 2);
    cr_assert(cx_str_is(header(found[0], "cx-error-code"), "decode_truncated") || cx_str_is(header(found[0], "cx-error-code"), "decode_magic"));
    cr_assert(cx_str_is(header(found[1], "cx-error-code"), "null_value"));
    cr_assert_null(found[1]->value.ptr);
    free_rig(&rig);
}

Test(chain, record_time_ticks_once_at_each_ten_second_boundary)
{
    struct rig rig = new_rig(both, 2, 1000000);

    settle(&rig, CX_STR("a"), 9000);
    settle(&rig, CX_STR("a"), 9999);
    cr_assert_eq(ticks, 0);
    settle(&rig, CX_STR("a"), 10000);
    settle(&rig, CX_STR("a"), 5000);
    cr_assert_eq(ticks, 1);

    cx_task_tick(rig.task, 20001, &rig.sink);
    cx_task_tick(rig.task, 20002, &rig.sink);

    cr_assert_eq(ticks, 2);
    free_rig(&rig);
}

Test(chain, an_aborted_transaction_leaves_the_committed_state)
{
    struct rig rig = new_rig(both, 2, 1000000);
    settle(&rig, CX_STR("a,b"), 1000);
    cx_task_commit(rig.task);
    struct cx_id before = cx_state_digest(cx_task_state(rig.task, 1));

    settle(&rig, CX_STR("a,c"), 99000);
    cx_task_abort(rig.task);

    cr_assert(cx_id_eq(before, cx_state_digest(cx_task_state(rig.task, 1))));
    free_rig(&rig);
}

Test(chain, every_reason_of_the_runtime_has_a_name_and_a_sentence_and_rejects)
{
    size_t n = 0;
    for (const struct cx_reason *r; (r = cx_chain_reason(n)); n++) {
        cr_assert(r->name && r->doc, "reason %zu", n);
        cr_assert_eq(r->verdict, CX_REJECT);
    }
    cr_assert_eq(n, CX_DECODE_ERRORS - 1 + 4);
}

Test(chain, a_stage_that_does_not_tick_keeps_the_time_of_its_records)
{
    struct cx_stage silent = counting;
    silent.tick = NULL;
    const struct cx_stage *const stages[] = { &letters, &silent };
    struct rig rig = new_rig(stages, 2, 1000000), ticking = new_rig(both, 2, 1000000);

    settle(&rig, CX_STR("a"), 1000);
    settle(&ticking, CX_STR("a"), 1000);
    struct cx_id before = cx_state_digest(cx_task_state(rig.task, 1));
    cr_assert_eq(cx_task_tick(rig.task, 99000, &rig.sink), 0);
    cr_assert_eq(cx_task_tick(ticking.task, 99000, &ticking.sink), 0);

    cr_assert(cx_id_eq(before, cx_state_digest(cx_task_state(rig.task, 1))));
    cr_assert_not(cx_id_eq(before, cx_state_digest(cx_task_state(ticking.task, 1))));
    free_rig(&rig);
    free_rig(&ticking);
}
