#include <criterion/criterion.h>
#include "tests/stages/one_stage.h"

extern const struct cx_stage identify_stage;
static struct one_stage one;
static struct cx_identity_alias aliases[32];
static size_t alias_count;

static void keep_alias(struct one_stage *stage, int port, struct cx_str key, const void *record)
{
    (void)stage;
    struct cx_id from;
    const struct cx_identity_alias *alias = record;
    cr_assert_eq(port, 1);
    cr_assert(cx_id_from_hex(key, &from) && cx_id_eq(from, alias->from), "the key is the hex of `from`");
    cr_assert_lt(alias_count, 32);
    aliases[alias_count++] = *alias;
}
static void open_with(const char *yaml)
{
    alias_count = 0;
    cr_assert_eq(one_stage_open(&one, &identify_stage, yaml), 0, "%s", one.err.text);
    one.on_emit = keep_alias;
}
static void open_defaults(void)
{
    open_with("");
}
static void close_all(void)
{
    one_stage_close(&one);
}
TestSuite(identify, .init = open_defaults, .fini = close_all);
TestSuite(identify_config, .fini = close_all);

#define NOON 1795262400000 /* 2026-11-21T12:00:00Z */
static int64_t next_offset;

/* A record with identifiers written as "type=value@scope type=value ...", settled. */
static struct cx_interaction said(const char *identifiers)
{
    static struct cx_identifier items[200][8];
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = CX_STR("acme");
    record.brand = CX_STR("shop");
    record.source.topic = CX_STR("raw");
    record.source.offset = next_offset++;
    record.ingested_at = NOON + record.source.offset;
    struct cx_identifier *list = items[record.source.offset % 200];
    struct cx_str rest = cx_str(identifiers), piece;
    size_t n = 0;
    while (cx_str_cut(&rest, ' ', &piece)) {
        if (piece.len == 0)
            continue;
        cx_identifier_init(&list[n]);
        cx_str_cut(&piece, '=', &list[n].type);
        cx_str_cut(&piece, '^', &list[n].value);
        list[n++].scope = piece;
    }
    record.identifiers = (struct cx_identifier_list){ list, n };
    return record;
}
static const struct cx_identity *settle(struct cx_interaction *record)
{
    cr_assert_str_eq(one_stage_verdict(&one, one_stage_process(&one, record, record->ingested_at)), "emit");
    return record->identity;
}
static const struct cx_identity *resolve(const char *identifiers)
{
    struct cx_interaction record = said(identifiers);
    return settle(&record);
}
static bool same(const char *a, const char *b)
{
    const struct cx_identity *first = resolve(a), *second = resolve(b);
    return first->ucid && second->ucid && cx_id_eq(*first->ucid, *second->ucid);
}

Test(identify, the_first_record_creates_a_customer_and_its_own_alias_row)
{
    const struct cx_identity *ann = resolve("x_user_id=77 email=ann@a.com");
    cr_assert(ann->is_new);
    cr_assert_eq(ann->matched.len, 0);
    cr_assert_eq(ann->epoch, 0);
    cr_assert_eq(alias_count, 1);
    cr_assert_eq(aliases[0].op, CX_ALIAS_OP_SELF);
    cr_assert(cx_id_eq(aliases[0].from, *ann->ucid) && cx_id_eq(aliases[0].to, *ann->ucid));
    cr_assert_eq(aliases[0].matched.len, 2);
    const struct cx_identity *again = resolve("email=ann@a.com");
    cr_assert_not(again->is_new);
    cr_assert(cx_id_eq(*again->ucid, *ann->ucid));
    cr_assert_eq(again->matched.len, 1);
    cr_assert_eq(alias_count, 1);
}

Test(identify, what_one_record_carries_together_belongs_together)
{
    resolve("email=ann@a.com phone=+905321234567");
    cr_assert(same("phone=+905321234567", "email=ann@a.com"));
    resolve("email=ann@a.com customer_id=C-10077");
    cr_assert(same("phone=+905321234567", "customer_id=C-10077"));
    cr_assert_not(same("email=ann@a.com", "email=bob@a.com"));
}

Test(identify, a_merge_keeps_the_older_and_tells_every_id_that_moved)
{
    struct cx_id ann = *resolve("email=ann@a.com")->ucid, bob = *resolve("phone=+905321234567")->ucid, cem = *resolve("customer_id=C-10077")->ucid;
    alias_count = 0;
    resolve("phone=+905321234567 customer_id=C-10077");
    cr_assert_eq(alias_count, 1);
    cr_assert(cx_id_eq(aliases[0].from, cem) && cx_id_eq(aliases[0].to, bob));
    cr_assert_eq(aliases[0].op, CX_ALIAS_OP_MERGE);
    cr_assert_eq(aliases[0].epoch, 1);
    const struct cx_identity *all = resolve("email=ann@a.com customer_id=C-10077");
    cr_assert(cx_id_eq(*all->ucid, ann));
    cr_assert_eq(all->epoch, 2);
    cr_assert_eq(all->matched.len, 2);
    cr_assert_eq(alias_count, 3, "bob and what bob stood for");
    for (size_t i = 1; i < 3; i++) {
        cr_assert(cx_id_eq(aliases[i].to, ann));
        cr_assert_eq(aliases[i].epoch, 2);
    }
    cr_assert(cx_id_eq(aliases[1].from, bob) && cx_id_eq(aliases[2].from, cem));
}

Test(identify, mail_addresses_and_numbers_are_compared_in_their_normal_form)
{
    cr_assert(same("email=Ann@A.Com", "email=ann@a.com"));
    cr_assert(same("phone=+90-532-123.45/67", "phone=00905321234567"));
    cr_assert(same("whatsapp_user_id=905321234567", "phone=+905321234567"));
    cr_assert(same("whatsapp_user_id=TR.abc123", "wa_bsuid=TR.abc123"));
}

Test(identify, what_identifies_nobody_stays_in_the_record_and_creates_nobody)
{
    const char *const nobody[] = { "",
                                   "email=ann",
                                   "email=ann@b",
                                   "email=a@b@c.com",
                                   "phone=05321234567",
                                   "phone=+0532123456",
                                   "phone=+123",
                                   "x_user_id=0",
                                   "x_user_id=00-00",
                                   "customer_id=Anonymous",
                                   "user_id=undefined",
                                   "customer_id=C-1",
                                   "customer_id=111111",
                                   "anonymous_id=121212",
                                   "x_username=ann",
                                   "order_id=4711-0815",
                                   "something_else=4711-0815" };
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        struct cx_interaction record = said(nobody[i]);
        size_t given = record.identifiers.len;
        const struct cx_identity *identity = settle(&record);
        cr_assert_null(identity->ucid, "%s", nobody[i]);
        cr_assert_eq(record.identifiers.len, given);
    }
    cr_assert_eq(alias_count, 0);
    cr_assert_not_null(resolve("x_user_id=1")->ucid, "a platform's id may be short");
}

Test(identify, a_scoped_id_means_something_inside_its_scope_only)
{
    cr_assert_not(same("fb_psid=1234567^page1", "fb_psid=1234567^page2"));
    cr_assert(same("fb_psid=7654321", "fb_psid=7654321^shop"), "without a scope it is the brand");
    cr_assert(same("email=ann@a.com^page1", "email=ann@a.com"), "mail addresses have none");
}

Test(identify, types_do_not_mix_and_neither_do_tenants)
{
    cr_assert_not(same("x_user_id=777777", "vk_user_id=777777"));
    struct cx_interaction here = said("email=ann@a.com"), there = said("email=ann@a.com");
    there.tenant = CX_STR("globex");
    cr_assert_not(cx_id_eq(*settle(&here)->ucid, *settle(&there)->ucid));
}

Test(identify, only_inbound_records_of_customers_are_resolved)
{
    struct cx_author agent;
    cx_author_init(&agent);
    agent.actor = CX_ACTOR_AGENT;
    struct cx_interaction outbound = said("email=ann@a.com"), by_agent = outbound;
    outbound.direction = CX_DIRECTION_OUTBOUND;
    by_agent.author = &agent;
    cr_assert_null(settle(&outbound));
    cr_assert_null(settle(&by_agent));
    cr_assert_eq(cx_state_count(one.state, 1), 0);
}

Test(identify, a_taken_id_is_not_given_twice)
{
    struct cx_interaction first = said("email=ann@a.com"), second = said("email=bob@a.com");
    second.source = first.source;
    cr_assert_not(cx_id_eq(*settle(&first)->ucid, *settle(&second)->ucid));
    cr_assert(second.identity->is_new);
}

Test(identify, a_record_without_a_tenant_is_refused)
{
    struct cx_interaction record = said("email=ann@a.com");
    record.tenant = CX_STR("");
    cr_assert_str_eq(one_stage_verdict(&one, one_stage_process(&one, &record, NOON)), "no_tenant");
}

Test(identify_config, types_and_blocked_values_come_from_the_config_too)
{
    open_with("types: {loyalty_no: unique, x_username: strong, order_id: weak}\nblocked: [Void-1, 'test@*']\nmin_length: 4\n");
    cr_assert_not_null(resolve("loyalty_no=L123")->ucid);
    cr_assert_null(resolve("loyalty_no=void-1")->ucid);
    cr_assert_null(resolve("email=Test@example.com")->ucid);
    cr_assert_not_null(resolve("x_username=ann")->ucid);
    cr_assert_not_null(resolve("order_id=4711")->ucid);
}

Test(identify_config, an_unknown_class_is_an_error_with_a_place)
{
    cr_assert_eq(one_stage_open(&one, &identify_stage, "types: {loyalty_no: uniqe}\n"), -1);
    cr_assert_str_eq(one.err.text,
                     "test.yaml:1:9: error: 'uniqe' is no class of identifiers: unique, strong, weak or evidence (did you mean unique?)");
}

Test(identify_config, beyond_the_cap_a_merge_is_refused_and_the_record_still_resolved)
{
    open_with("max_aliases: 1\n");
    struct cx_id ann = *resolve("email=ann@a.com")->ucid;
    resolve("email=bob@a.com");
    struct cx_id cem = *resolve("email=cem@a.com")->ucid;
    resolve("email=ann@a.com email=bob@a.com");
    const struct cx_identity *shared = resolve("email=cem@a.com email=bob@a.com phone=+905321234567");
    cr_assert(cx_id_eq(*shared->ucid, ann));
    cr_assert_eq(shared->matched.len, 1);
    cr_assert(cx_str_is(shared->matched.items[0].value, "bob@a.com"));
    cr_assert(cx_id_eq(*resolve("email=cem@a.com")->ucid, cem));
    cr_assert(cx_id_eq(*resolve("phone=+905321234567")->ucid, ann));
}
