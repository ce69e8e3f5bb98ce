#include "tests/stages/route/rules.h"

static const char full[] =
    "\"brand\":\"Acme\",\"text\":\"Where is my REFUND?\",\"title\":\"Çok kötü\",\"author\":{\"name\":\"A\",\"followers\":1200,\"verified\":true},"
    "\"identifiers\":[{\"type\":\"email\",\"value\":\"a@b.com\"},{\"type\":\"ig_sid\",\"value\":\"9\",\"scope\":\"page1\"}],"
    "\"rating\":{\"value\":2,\"scale\":5},\"media\":[{\"type\":\"image\",\"url\":\"https://x/1.jpg\"},{\"type\":\"video\"}],\"reach\":{\"likes\":3},"
    "\"attributes\":{\"order\":\"A-1\",\"empty\":\"\"},"
    "\"classification\":{\"language\":\"en\",\"language_confidence\":0.9,\"sentiment\":\"negative\",\"sentiment_score\":-0.7,"
    "\"intents\":[{\"name\":\"complaint\",\"score\":0.7},{\"name\":\"refund_request\",\"score\":0.4}],\"functions\":[{\"name\":\"care\",\"score\":0."
    "8}],"
    "\"topics\":[\"refund\",\"delivery\"],\"urgency\":\"high\",\"toxicity\":0.1},"
    "\"identity\":{\"ucid\":\"00112233445566778899aabbccddeeff\"}";

struct row {
    const char *text;
    int on_full, on_bare; /* the answers about a record with everything and one with only what it must have */
};

static void expect_rows(const struct row *rows)
{
    struct cx_interaction everything = rules_record(full), bare = rules_record("");
    for (; rows->text; rows++) {
        cr_expect_eq(rules_answer(rows->text, &everything), rows->on_full, "full: %s", rows->text);
        cr_expect_eq(rules_answer(rows->text, &bare), rows->on_bare, "bare: %s", rows->text);
    }
}

Test(rule_machine, compares_every_kind_of_field)
{
    expect_rows((struct row[]){ { "tenant == 'acme'", 1, 1 },
                                { "tenant != 'acme'", 0, 0 },
                                { "tenant < 'acmf' && tenant > 'acm' && tenant <= 'acme' && tenant >= 'acme'", 1, 1 },
                                { "direction == 'inbound' && op != 'edit'", 1, 1 },
                                { "'edit' == op", 0, 0 },
                                { "source.partition == 3 && source.offset == 7 && source.index == 0", 1, 1 },
                                { "source.offset in [1, 7]", 1, 1 },
                                { "source.offset in [-7, 8, 9]", 0, 0 },
                                { "source.offset in [6.5, 7]", 1, 1 },
                                { "occurred_at == timestamp('2025-11-24T16:00:00Z')", 1, 1 },
                                { "ingested_at - occurred_at == duration('1s')", 1, 1 },
                                { "backfill", 0, 0 },
                                { "occurred_at_known == true && backfill != true", 1, 1 },
                                { "event_id == '000102030405060708090a0b0c0d0e0f'", 1, 1 },
                                { "event_id == 'ff0102030405060708090a0b0c0d0e0f'", 0, 0 },
                                { "has(identity.ucid) && identity.ucid == '00112233445566778899aabbccddeeff'", 1, 0 },
                                { "has(identity.ucid) && identity.ucid != event_id", 1, 0 },
                                { "has(rating) && rating.value <= 0.4 * rating.scale", 1, 0 },
                                { "(rating.value ?? 5.0) < 2.5", 1, 0 },
                                { "(classification.sentiment ?? 'neutral') == 'negative'", 1, 0 },
                                { "(classification.sentiment ?? 'neutral') in ['neutral', 'positive']", 0, 1 },
                                { "(classification.urgency ?? 'normal') != 'normal'", 1, 0 },
                                { "classification.sentiment == null", 0, 1 },
                                { "(author.verified ?? false) == true", 1, 0 },
                                { "author.verified ?? false", 1, 0 },
                                { "(author.actor ?? 'bot') == 'customer'", 1, 0 },
                                { "classification.five_c != null", 0, 0 },
                                { 0 } });
}

Test(rule_machine, reads_floats_as_they_are_written)
{
    expect_rows((struct row[]){ { "classification.intents.exists(i, i.score >= 0.7 && i.score <= 0.7 && i.score == 0.7)", 1, 0 },
                                { "0.7 == (classification.intents[0].score ?? 0.0)", 1, 0 },
                                { "(classification.sentiment_score ?? 0.0) == -0.7", 1, 0 },
                                { "(classification.toxicity ?? 0.1) == 0.1", 1, 1 },
                                { "(classification.intents[0].score ?? 0) in [0.5, 0.7]", 1, 0 },
                                { 0 } });
}

Test(rule_machine, gives_defaults_for_what_is_null)
{
    expect_rows((struct row[]){ { "author.followers ?? 0 >= 1000", 1, 0 },
                                { "author.followers ?? 5000 >= 1000", 1, 1 },
                                { "(author.followers ?? 0.5) == 0.5", 0, 1 },
                                { "(reach.likes ?? reach.shares ?? 9) == 9", 0, 1 },
                                { "(reach.shares ?? reach.likes ?? 9) == 3", 1, 0 },
                                { "(title ?? text ?? 'none') == 'none'", 0, 1 },
                                { "(attributes['order'] ?? '-') == 'A-1'", 1, 0 },
                                { "(attributes['empty'] ?? '-') == ''", 1, 0 },
                                { "attributes['nothing'] == null", 1, 1 },
                                { "(identity.ucid ?? event_id) == event_id", 0, 1 },
                                { "(classification.intents[1].name ?? '') == 'refund_request'", 1, 0 },
                                { "classification.intents[2].name == null", 1, 1 },
                                { "(classification.topics[1] ?? '') == 'delivery'", 1, 0 },
                                { 0 } });
}

Test(rule_machine, asks_what_is_there)
{
    expect_rows((struct row[]){ { "has(text)", 1, 0 },
                                { "has(author)", 1, 0 },
                                { "has(author.followers) && author.followers == 1200", 1, 0 },
                                { "has(author.handle)", 0, 0 },
                                { "has(rating.scale)", 1, 0 },
                                { "has(media)", 1, 0 },
                                { "has(attributes)", 1, 0 },
                                { "has(attributes['empty'])", 1, 0 },
                                { "has(classification.pii)", 0, 0 },
                                { "has(classification.urgency)", 1, 0 },
                                { "has(context)", 0, 0 },
                                { "has(identity.ucid)", 1, 0 },
                                { "has(classification.intents[1])", 1, 0 },
                                { "has(classification.intents[2])", 0, 0 },
                                { "has(author.followers ?? reach.likes)", 1, 0 },
                                { 0 } });
}

Test(rule_machine, looks_into_lists_and_maps)
{
    expect_rows(
        (struct row[]){ { "classification.intents.exists(i, i.name == 'complaint' && i.score >= 0.5)", 1, 0 },
                        { "classification.intents.exists(i, i.name == 'refund_request' && i.score >= 0.5)", 0, 0 },
                        { "classification.intents.exists(i, i.score >= 0.5 && i.name == 'refund_request')", 0, 0 },
                        { "classification.intents.exists(i, i.name == 'refund_request')", 1, 0 },
                        { "classification.intents.exists(i, i.name in ['praise', 'complaint'] && i.score >= 0.5)", 1, 0 },
                        { "exists(classification.intents, i, true)", 1, 0 },
                        { "!classification.intents.exists(i, i.score > 1)", 1, 1 },
                        { "identifiers.exists(i, i.type == 'ig_sid' && (i.scope ?? '') == 'page1')", 1, 0 },
                        { "identifiers.exists(i, i.type == 'email' && i.scope != null)", 0, 0 },
                        { "identifiers.exists(i, identifiers.exists(j, i.type != j.type))", 1, 0 },
                        { "identifiers.exists(i, identifiers.exists(j, i.type == 'email' && j.type == 'ig_sid' && i.value != j.value))", 1, 0 },
                        { "media.exists(m, m.type == 'video' && m.url == null)", 1, 0 },
                        { "'refund' in classification.topics", 1, 0 },
                        { "'refunds' in classification.topics", 0, 0 },
                        { "classification.topics.contains('delivery')", 1, 0 },
                        { "classification.topics.exists(t, t.startsWith('deli'))", 1, 0 },
                        { "classification.topics.exists(t, t == 'delivery')", 1, 0 },
                        { "['nothing', 'refund'].exists(w, (text ?? '').lower().contains(w))", 1, 0 },
                        { "[2, 3].exists(n, n == source.partition)", 1, 1 },
                        { "[2, 4].exists(n, n == source.partition)", 0, 0 },
                        { "channel in ['facebook', 'instagram', 'x']", 1, 1 },
                        { "['facebook', 'x'].contains(channel)", 0, 0 },
                        { "'order' in attributes", 1, 0 },
                        { "attributes.contains('missing')", 0, 0 },
                        { "size(attributes) == 2 && size(media) == 2", 1, 0 },
                        { "size(classification.topics) == 0", 0, 1 },
                        { 0 } });
}

Test(rule_machine, searches_text)
{
    expect_rows((struct row[]){ { "(text ?? '').contains('REFUND')", 1, 0 },
                                { "(text ?? '').contains('refund')", 0, 0 },
                                { "lower(text ?? '').contains('refund')", 1, 0 },
                                { "(text ?? '').contains('')", 1, 1 },
                                { "(text ?? '').startsWith('Where') && (text ?? '').endsWith('?')", 1, 0 },
                                { "(text ?? '').startsWith('where') || (text ?? '').endsWith('!')", 0, 0 },
                                { "(text ?? '').matches('(?i)refund\\\\?$')", 1, 0 },
                                { "(text ?? '').matches('^$')", 0, 1 },
                                { "size(title ?? '') == 8", 1, 0 },
                                { "lower(title ?? '') == 'çok kötü'", 1, 0 },
                                { "(title ?? '').matches('k.t.$')", 1, 0 },
                                { 0 } });
}

Test(rule_machine, calculates)
{
    expect_rows((struct row[]){ { "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 - 2 - 1 == 4", 1, 1 },
                                { "7 / 2 == 3.5 && -7 + 10 == 3 && 2 * 0.5 == 1", 1, 1 },
                                { "9223372036854775807 + source.offset == 9223372036854775807", 1, 1 },
                                { "-9223372036854775807 - source.offset < -9223372036854775807", 1, 1 },
                                { "9223372036854775807 * -source.offset < -9223372036854775807", 1, 1 },
                                { "source.offset / 0 > 1e300", 1, 1 },
                                { "0 / 0 == 0 / 0 || 0 / 0 < 1 || 0 / 0 > 1", 0, 0 },
                                { "-source.offset == -7 && -(rating.value ?? 1.5) < 0", 1, 1 },
                                { "(author.followers ?? 0) * 2 + 1 > 2400.5", 1, 0 },
                                { 0 } });
}

Test(rule_machine, spends_its_budget_on_lists_and_text_and_stops)
{
    struct cx_interaction record = rules_record(full);
    struct rules_checked checked;
    struct route_machine machine;
    rules_check(&checked,
                CX_STR("identifiers.exists(i, identifiers.exists(j, identifiers.exists(k, i.type == 'none' && j.type == 'x' && k.type == 'y')))"));
    cr_assert(checked.is_sound);
    struct route_program program = route_builder_finish(&checked.builder, &checked.root, 1);

    route_machine_start(&machine, &program, rules_arena(), &record, 14); /* 2 + 4 + 8 */
    cr_expect_not(route_machine_test(&machine, checked.root));
    cr_expect_not(route_machine_is_spent(&machine));

    route_machine_start(&machine, &program, rules_arena(), &record, 13);
    cr_expect_not(route_machine_test(&machine, checked.root));
    cr_expect(route_machine_is_spent(&machine));
}

Test(rule_machine, answers_shared_tests_once_for_each_record)
{
    struct rules_checked checked;
    struct route_machine machine;
    rules_check(&checked, CX_STR("(text ?? '').contains('a') && (has(brand) || (text ?? '').contains('a'))"));
    cr_assert(checked.is_sound);
    struct route_program program = route_builder_finish(&checked.builder, &checked.root, 1);
    cr_assert_eq(program.test_memos, 1);

    struct cx_interaction with = rules_record("\"text\":\"a\""), without = rules_record("\"text\":\"b\"");
    route_machine_start(&machine, &program, rules_arena(), &with, 100);
    cr_expect(route_machine_test(&machine, checked.root));
    cr_expect(route_machine_test(&machine, checked.root));
    route_machine_start(&machine, &program, rules_arena(), &without, 100);
    cr_expect_not(route_machine_test(&machine, checked.root));
}
