#include "tests/stages/route/rules.h"

static void expect_sound(const char *text)
{
    struct rules_checked checked;
    rules_check(&checked, cx_str(text));
    cr_expect(checked.is_sound, "%s: %zu: %s", text, checked.fault.at, checked.fault.text);
    route_builder_free(&checked.builder);
}

static void expect_fault(const char *text, size_t at, const char *why)
{
    struct rules_checked checked;
    rules_check(&checked, cx_str(text));
    if (checked.is_sound)
        cr_expect_fail("%s: accepted", text);
    else
        cr_expect(checked.fault.at == at && strstr(checked.fault.text, why), "%s: %zu: %s", text, checked.fault.at, checked.fault.text);
    route_builder_free(&checked.builder);
}

static bool is_constant(const char *text, bool value)
{
    struct rules_checked checked;
    rules_check(&checked, cx_str(text));
    cr_assert(checked.is_sound, "%s: %zu: %s", text, checked.fault.at, checked.fault.text);
    return route_builder_is(&checked.builder, checked.root, value);
}

Test(rule_checker, accepts_what_is_typed_well)
{
    expect_sound("true");
    expect_sound("backfill || occurred_at_known");
    expect_sound("channel == 'instagram' && kind != \"review\"");
    expect_sound("'instagram' == channel");
    expect_sound("direction == 'inbound' && op in ['create', 'edit']");
    expect_sound("direction in []");
    expect_sound("source.partition < 3 && source.offset >= 0 && source.index == 0");
    expect_sound("(author.followers ?? 0) >= 100000");
    expect_sound("author.followers ?? 0 >= 100000");
    expect_sound("(author.actor ?? 'customer') == 'agent'");
    expect_sound("(classification.urgency ?? 'normal') in ['high', 'critical']");
    expect_sound("classification.intents.exists(i, i.name == 'complaint' && i.score >= 0.5)");
    expect_sound("exists(classification.intents, i, i.score > 0)");
    expect_sound("classification.intents[0].name ?? '' == 'complaint'");
    expect_sound("identifiers.exists(i, identifiers.exists(j, i.type == j.type && i.value != j.value))");
    expect_sound("identifiers.exists(i, i.scope != null && i.scope.startsWith('page'))");
    expect_sound("'refund' in classification.topics || classification.topics.contains('refund')");
    expect_sound("classification.topics.exists(t, t.startsWith('shop/'))");
    expect_sound("['refund', 'money back'].exists(w, (text ?? '').contains(w))");
    expect_sound("[1, 2, 3].exists(n, n > source.partition)");
    expect_sound("[0.5, 1.5].exists(n, n > 1)");
    expect_sound("'order' in attributes && (attributes['order'] ?? '') != ''");
    expect_sound("attributes.contains('order')");
    expect_sound("has(attributes['x']) && attributes['x'] == 'y'");
    expect_sound("lower(channel) == channel && channel.lower().endsWith('_dm')");
    expect_sound("(text ?? '').matches('(?i)r[eé]fund') && size(text ?? '') < 200");
    expect_sound("size(media) > 0 && size(attributes) == 0 && identifiers.size() != 1");
    expect_sound("has(media) && !has(attributes)");
    expect_sound("ingested_at - occurred_at > duration('7d')");
    expect_sound("occurred_at >= timestamp('2026-01-01T00:00:00Z')");
    expect_sound("duplicate.edit_of == null || duplicate.edit_of != event_id");
    expect_sound("event_id == '000102030405060708090a0b0c0d0e0f'");
    expect_sound("(classification.toxicity ?? 0.0) >= 0.8");
    expect_sound("(classification.toxicity ?? 0) >= 1");
    expect_sound("-1 < -0.5 + 2 * 3 - 4 / 5");
    expect_sound("backfill == occurred_at_known");
    expect_sound("tenant < 'b' && tenant >= 'a'");
    expect_sound("context.customer_since ?? occurred_at < occurred_at");
}

Test(rule_checker, learns_from_guards_what_is_not_null)
{
    expect_sound("has(text) && text.contains('x')");
    expect_sound("text != null && text.contains('x')");
    expect_sound("!has(text) || text.contains('x')");
    expect_sound("text == null || text.contains('x')");
    expect_sound("null != text && text == 'x'");
    expect_sound("has(rating) && rating.value <= 0.4 * rating.scale");
    expect_sound("has(author.followers) && author.followers > 5 && author.actor == 'customer'");
    expect_sound("backfill && has(text) && has(title) && text == title");
    expect_sound("!(text == null) && !(title == null || text != title)");
    expect_sound("(has(text) && backfill) && text == 'x'");
    expect_sound("has(classification) && classification.language == 'tr'");
    expect_sound("has(classification.intents) && classification.language == 'tr'");
    expect_sound("classification.intents.exists(i, i.score > 0) && classification.language == 'tr'");
    expect_sound("'x' in classification.topics && classification.language == 'tr'");
    expect_sound("has(classification.intents[0]) && classification.intents[0].name == 'spam'");
    expect_sound("has(text) && classification.topics.exists(t, text.contains(t))");

    expect_fault("has(text) || text == 'x'", 13, "text may be null");
    expect_fault("!has(text) && text == 'x'", 14, "text may be null");
    expect_fault("(has(text) || backfill) && text == 'x'", 27, "text may be null");
    expect_fault("has(text) && backfill || text == 'x'", 25, "text may be null");
    expect_fault("has(author) && author.followers > 5", 15, "author.followers may be null: give it a default, (author.followers ?? 0)");
    expect_fault("text == 'x' && has(text)", 0, "text may be null");
    expect_fault("identifiers.exists(i, has(i.scope)) && identifiers.exists(i, i.scope == 'x')", 61, "i.scope may be null");
    expect_fault("has(classification.intents[1]) && classification.intents[0].name == 'spam'", 34, "may be null");
}

Test(rule_checker, refuses_what_may_be_null)
{
    expect_fault("text.contains('x')", 0, "text may be null: give it a default, (text ?? '')");
    expect_fault("author.verified", 0, "author.verified may be null: give it a default, (author.verified ?? false)");
    expect_fault("rating.value > 3", 0, "(rating.value ?? 0.0)");
    expect_fault("classification.sentiment == 'negative'", 0, "(classification.sentiment ?? 'negative')");
    expect_fault("backfill && attributes['x'] == 'y'", 12, "attributes['x'] may be null");
    expect_fault("identity.ucid == event_id", 0, "identity.ucid may be null: guard it with has(identity.ucid) &&");
    expect_fault("size(text) > 3", 5, "text may be null");
    expect_fault("(title ?? text) == 'x'", 0, "(title ?? text) may be null");
}

Test(rule_checker, names_unknown_fields_and_suggests)
{
    expect_fault("chanel == 'x'", 0, "unknown field chanel: did you mean channel?");
    expect_fault("author.folowers ?? 0 > 1", 7, "Author has no field folowers: did you mean followers?");
    expect_fault("classification.intents.exists(i, i.nam == 'x')", 35, "Label has no field nam: did you mean name?");
    expect_fault("something_else == 1", 0, "unknown field something_else");
    expect_fault("routing.queue == 'x'", 0, "what the rules decide");
    expect_fault("classification.intents.name == 'x'", 23, "look into its items with exists()");
    expect_fault("attributes.x == 'y'", 11, "attributes[\"x\"]");
    expect_fault("channel.name == 'y'", 8, "it has no fields");
    expect_fault("i == 1 && identifiers.exists(i, true)", 0, "unknown field i");
}

Test(rule_checker, refuses_wrong_types_at_their_place)
{
    expect_fault("channel", 0, "expected bool, but channel is string");
    expect_fault("backfill && source.offset", 12, "expected bool, but source.offset is int");
    expect_fault("!channel", 1, "expected bool");
    expect_fault("channel == 3", 11, "expected string, but 3 is int");
    expect_fault("3 == channel", 0, "expected string, but 3 is int");
    expect_fault("source.offset == '3'", 17, "expected int, but '3' is string");
    expect_fault("source.offset < 'a'", 16, "expected int");
    expect_fault("direction == 'inbond'", 13, "'inbond' is no Direction (inbound, outbound, echo, internal): did you mean inbound?");
    expect_fault("op in ['create', 'remove']", 17, "'remove' is no Op");
    expect_fault("direction < 'inbound'", 10, "have no order");
    expect_fault("direction == op", 13, "expected Direction");
    expect_fault("direction.contains('in')", 0, "expected string, but direction is Direction");
    expect_fault("author == null && author == author", 18, "author may be null");
    expect_fault("source == source", 7, "Source cannot be compared");
    expect_fault("media == media", 6, "list of Media cannot be compared");
    expect_fault("media == null", 6, "never null, only empty");
    expect_fault("event_id == 'abc'", 12, "32 lower-case hex digits");
    expect_fault("event_id < event_id", 9, "have no order");
    expect_fault("backfill < true", 9, "have no order");
    expect_fault("null < 3", 5, "only be compared with == and !=");
    expect_fault("channel + 'x' == 'y'", 0, "+ takes numbers, but channel is string");
    expect_fault("-channel == 1", 1, "- takes a number");
    expect_fault("tenant ?? 1 == 'x'", 10, "expected string, but 1 is int");
    expect_fault("author.followers ?? 'none' == 'x'", 20, "expected int");
    expect_fault("(text ?? null) == 'x'", 9, "null is no default");
    expect_fault("(author ?? 1) == 1", 8, "?? takes a single value");
    expect_fault("channel in 'instagram'", 11, "write 'instagram'.contains(...)");
    expect_fault("'x' in classification.intents", 7, "look into its items with exists()");
    expect_fault("3 in classification.topics", 0, "expected string");
    expect_fault("channel in ['a', 3]", 17, "expected string");
    expect_fault("channel in [tenant]", 12, "a list holds literals only");
    expect_fault("channel in tenant", 11, "contains(...)");
    expect_fault("channel in 3", 11, "expected list or map");
    expect_fault("attributes[3] == 'x'", 11, "expected string");
    expect_fault("media['x'].type == 'y'", 6, "a list's position");
    expect_fault("channel[0] == 'y'", 7, "a list's position");
    expect_fault("['a', 1].exists(x, true)", 6, "expected string");
    expect_fault("[].exists(x, true)", 0, "the list is empty");
    expect_fault("[channel].exists(x, true)", 1, "literal strings or numbers");
}

Test(rule_checker, refuses_wrong_calls)
{
    expect_fault("contain(channel, 'x')", 0, "unknown function contain: did you mean contains?");
    expect_fault("channel.startswith('x')", 8, "did you mean startsWith?");
    expect_fault("frobnicate(1)", 0, "unknown function frobnicate");
    expect_fault("channel.contains()", 8, "write contains(x, part)");
    expect_fault("has(channel, tenant)", 0, "write has(x)");
    expect_fault("has(null)", 4, "asks about a field");
    expect_fault("media.exists('i', true)", 13, "a name for the item");
    expect_fault("media.exists(text, true)", 13, "text is a field of the record");
    expect_fault("media.exists(i, media.exists(i, true))", 29, "already the item");
    expect_fault("channel.exists(i, true)", 0, "exists() looks into a list");
    expect_fault("media.exists(i, i.type)", 16, "expected bool");
    expect_fault("channel.matches('(')", 16, "the pattern is wrong");
    expect_fault("channel.matches('(a)\\\\1')", 16, "the pattern is wrong");
    expect_fault("channel.matches(tenant)", 16, "as a literal string");
    expect_fault("size(3) == 1", 5, "size() takes");
    expect_fault("duration('7 days') > 1", 9, "duration() takes");
    expect_fault("duration(7) > 1", 9, "duration() takes");
    expect_fault("duration('99999999999999d') > 1", 9, "duration() takes");
    expect_fault("timestamp('yesterday') > 1", 10, "timestamp() takes");
}

Test(rule_checker, bounds_nested_exists_and_operations)
{
    struct cx_buf text;
    cx_buf_init(&text, 1 << 16);
    for (int i = 0; i <= ROUTE_VARIABLES_MAX; i++)
        cx_buf_format(&text, "media.exists(v%d, ", i);
    cx_buf_str(&text, CX_STR("true"));
    for (int i = 0; i <= ROUTE_VARIABLES_MAX; i++)
        cx_buf_byte(&text, ')');
    cx_buf_byte(&text, '\0');

    expect_fault(text.ptr, 13 + 17 * ROUTE_VARIABLES_MAX, "nested more than");
    cx_buf_free(&text);
}

Test(rule_checker, folds_what_is_always_the_same)
{
    cr_expect(is_constant("1 < 2", true));
    cr_expect(is_constant("'a' == 'b' || backfill && false", false));
    cr_expect(is_constant("backfill || !backfill", true));
    cr_expect(is_constant("backfill && !backfill", false));
    cr_expect(is_constant("has(tenant)", true));
    cr_expect(is_constant("tenant == null", false));
    cr_expect(is_constant("op == 'create' && backfill && op == 'edit'", false));
    cr_expect(is_constant("op in []", false));
    cr_expect(is_constant("'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.matches('^a.c$')", true));
    cr_expect(is_constant("media.exists(m, false)", false));
    cr_expect_not(is_constant("media.exists(m, true)", true));
    cr_expect_not(is_constant("op == 'create' || op == 'edit'", true));
}

Test(rule_checker, makes_equal_expressions_one_operation)
{
    struct rules_checked checked;
    rules_check(&checked, CX_STR("channel in ['a', 'b'] && has(text) && media.exists(m, m.type == 'image' && has(m.url))"));
    cr_assert(checked.is_sound);
    size_t count = checked.builder.count;
    struct cx_str again = CX_STR("media.exists(x, x.type == 'image' && x.url != null) && (text != null && channel in ['b', 'a'])");
    uint32_t root;

    const struct route_syntax *syntax = route_parse(rules_arena(), again, &checked.fault);
    cr_assert(route_check(&checked.builder, rules_record_type(), again, syntax, &root, &checked.fault));

    cr_expect_leq(checked.builder.count - count, 2, "%zu new operations beside two &&", checked.builder.count - count);
}
