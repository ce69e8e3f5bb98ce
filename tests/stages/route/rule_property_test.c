#include "stages/route/rule_regex.h"
#include "tests/stages/route/rules.h"
#include <math.h>

/* Random expressions, each made together with its answer by the plain C operators: the text goes through lexer, parser, checker, folding,
 * memo slots and machine, and must come out the same. */
struct maker {
    uint64_t seed;
    struct cx_buf text;
    const struct cx_interaction *record;
};

static unsigned pick(struct maker *m, unsigned n)
{
    m->seed ^= m->seed << 13; /* xorshift64 */
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return (unsigned)(m->seed >> 33) % n;
}

static int64_t make_int(struct maker *m, unsigned depth)
{
    const struct cx_interaction *r = m->record;
    switch (pick(m, depth > 0 ? 9 : 5)) {
    case 0:
        cx_buf_str(&m->text, CX_STR("source.offset"));
        return r->source.offset;
    case 1:
        cx_buf_str(&m->text, CX_STR("(author.followers ?? 3)"));
        return r->author && r->author->followers.set ? r->author->followers.value : 3;
    case 2:
        cx_buf_str(&m->text, CX_STR("size(identifiers)"));
        return (int64_t)r->identifiers.len;
    case 3:
        cx_buf_str(&m->text, CX_STR("classification.topics.size()"));
        return r->classification ? (int64_t)r->classification->topics.len : 0;
    case 4: {
        int64_t value = pick(m, 10);
        cx_buf_format(&m->text, "%lld", (long long)value);
        return value;
    }
    case 5: {
        cx_buf_str(&m->text, CX_STR("-("));
        int64_t value = make_int(m, depth - 1);
        cx_buf_byte(&m->text, ')');
        return -value;
    }
    default: {
        static const char signs[] = "+-*";
        char sign = signs[pick(m, 3)];
        cx_buf_byte(&m->text, '(');
        int64_t a = make_int(m, depth - 1);
        cx_buf_byte(&m->text, sign);
        int64_t b = make_int(m, depth - 1);
        cx_buf_byte(&m->text, ')');
        return sign == '+' ? a + b : sign == '-' ? a - b : a * b;
    }
    }
}

static struct cx_str make_string(struct maker *m)
{
    static const char *const words[] = { "a", "ab", "acme", "", "refund" };
    const struct cx_interaction *r = m->record;
    switch (pick(m, 5)) {
    case 0:
        cx_buf_str(&m->text, CX_STR("tenant"));
        return r->tenant;
    case 1:
        cx_buf_str(&m->text, CX_STR("(text ?? brand ?? 'ab')"));
        return r->text.ptr ? r->text : r->brand.ptr ? r->brand : CX_STR("ab");
    case 2:
        cx_buf_str(&m->text, CX_STR("lower(title ?? 'A')"));
        return r->title.ptr ? CX_STR("refund") : CX_STR("a");
    default: {
        const char *word = words[pick(m, 5)];
        cx_buf_format(&m->text, pick(m, 2) ? "'%s'" : "\"%s\"", word);
        return cx_str(word);
    }
    }
}

static bool compare_ints(struct maker *m)
{
    static const char *const signs[] = { "==", "!=", "<", "<=", ">", ">=" };
    unsigned sign = pick(m, 6);
    bool as_double = pick(m, 4) == 0;
    int64_t a = make_int(m, 2);
    cx_buf_format(&m->text, " %s ", signs[sign]);
    int64_t b = make_int(m, 2);
    if (as_double)
        cx_buf_str(&m->text, CX_STR(" * 1.0"));
    bool answers[] = { a == b, a != b, a<b, a <= b, a> b, a >= b };
    return answers[sign];
}

static bool compare_strings(struct maker *m)
{
    static const char *const signs[] = { " == ", " != ", " < ", " >= ", ".contains(", ".startsWith(", ".endsWith(" };
    unsigned sign = pick(m, 7);
    cx_buf_byte(&m->text, '(');
    struct cx_str a = make_string(m);
    cx_buf_format(&m->text, ")%s", signs[sign]);
    struct cx_str b = make_string(m);
    if (sign >= 4)
        cx_buf_byte(&m->text, ')');
    int order = cx_str_cmp(a, b);
    bool fits = a.len >= b.len;
    bool answers[] = { order == 0,
                       order != 0,
                       order < 0,
                       order >= 0,
                       b.len == 0 || (fits && memmem(a.ptr, a.len, b.ptr, b.len) != NULL),
                       fits && memcmp(a.ptr, b.ptr, b.len) == 0,
                       fits && memcmp(a.ptr + a.len - b.len, b.ptr, b.len) == 0 };
    return answers[sign];
}

static bool make_exists(struct maker *m)
{
    static const char *const types[] = { "email", "phone", "none" };
    const char *type = types[pick(m, 3)];
    size_t least = pick(m, 8);
    bool is_turned = pick(m, 2), is_list = pick(m, 3) == 0, answer = false;
    if (is_list) {
        cx_buf_format(&m->text, "identifiers.exists(i, i.type in ['none', '%s', 'fax'] && size(i.value) >= %zu)", type, least);
    } else if (is_turned)
        cx_buf_format(&m->text, "exists(identifiers, i, size(i.value) >= %zu && '%s' == i.type)", least, type);
    else
        cx_buf_format(&m->text, "identifiers.exists(i, i.type == '%s' && size(i.value) >= %zu)", type, least);
    for (size_t i = 0; i < m->record->identifiers.len; i++)
        answer = answer || (cx_str_is(m->record->identifiers.items[i].type, type) && m->record->identifiers.items[i].value.len >= least);
    return answer;
}

static bool make_leaf(struct maker *m)
{
    const struct cx_interaction *r = m->record;
    switch (pick(m, 11)) {
    case 9: {
        enum cx_urgency urgency = r->classification ? r->classification->urgency : CX_URGENCY_NULL;
        cx_buf_str(&m->text, CX_STR("(classification.urgency ?? 'normal') in ['critical', 'normal']"));
        return urgency == CX_URGENCY_NULL || urgency == CX_URGENCY_NORMAL || urgency == CX_URGENCY_CRITICAL;
    }
    case 10: {
        enum cx_urgency urgency = r->classification ? r->classification->urgency : CX_URGENCY_NULL;
        cx_buf_str(&m->text, CX_STR("classification.urgency ?? 'normal' != 'normal'"));
        return urgency != CX_URGENCY_NULL && urgency != CX_URGENCY_NORMAL;
    }
    case 0:
        cx_buf_str(&m->text, CX_STR("backfill"));
        return r->backfill;
    case 1:
        cx_buf_str(&m->text, CX_STR("has(author.followers)"));
        return r->author && r->author->followers.set;
    case 2:
        cx_buf_str(&m->text, CX_STR("op in ['create', 'edit']"));
        return r->op == CX_OP_CREATE || r->op == CX_OP_EDIT;
    case 3:
        cx_buf_str(&m->text, CX_STR("'refund' in classification.topics"));
        for (size_t i = 0; r->classification && i < r->classification->topics.len; i++)
            if (cx_str_is(r->classification->topics.items[i], "refund"))
                return true;
        return false;
    case 4:
        cx_buf_str(&m->text, CX_STR("tenant in ['beta', 'acme', 'zeta']"));
        return cx_str_is(r->tenant, "acme");
    case 5:
        cx_buf_str(&m->text, CX_STR("text != null && text == 'ab'"));
        return r->text.ptr && cx_str_is(r->text, "ab");
    case 6:
        return make_exists(m);
    case 7:
        return compare_strings(m);
    default:
        return compare_ints(m);
    }
}

static bool make_test(struct maker *m, unsigned depth)
{
    unsigned kind = depth == 0 ? 3 : pick(m, 5);
    if (kind >= 3)
        return make_leaf(m);
    if (kind == 0) {
        cx_buf_str(&m->text, CX_STR("!("));
        bool answer = make_test(m, depth - 1);
        cx_buf_byte(&m->text, ')');
        return !answer;
    }
    cx_buf_byte(&m->text, '(');
    bool a = make_test(m, depth - 1);
    cx_buf_str(&m->text, kind == 1 ? CX_STR(") && (") : CX_STR(") || ("));
    bool b = make_test(m, depth - 1);
    cx_buf_byte(&m->text, ')');
    return kind == 1 ? a && b : a || b;
}

Test(rule_property, answers_random_expressions_as_plain_c_does)
{
    const struct cx_interaction records[] = {
        rules_record(""),
        rules_record("\"text\":\"ab\",\"title\":\"ReFund\",\"author\":{\"name\":\"x\",\"followers\":5},\"backfill\":true,"
                     "\"identifiers\":[{\"type\":\"email\",\"value\":\"a@b.c\"},{\"type\":\"phone\",\"value\":\"+1\"}]"),
        rules_record("\"brand\":\"acme\",\"author\":{\"name\":\"x\"},\"identifiers\":[{\"type\":\"phone\",\"value\":\"+15551234\"}],"
                     "\"classification\":{\"language\":\"en\",\"language_confidence\":1,\"topics\":[\"shop\",\"refund\"],\"urgency\":\"high\"}"),
    };
    for (unsigned round = 0; round < 6000; round++) {
        struct maker maker = { .seed = round * 2654435761u + 88172645463325252u, .record = &records[round % 3] };
        struct rules_checked checked;
        struct route_machine machine;
        cx_buf_init(&maker.text, 1 << 16);
        bool expected = make_test(&maker, 4);
        struct cx_str text = cx_arena_copy(rules_arena(), cx_buf_view(&maker.text));
        cx_buf_free(&maker.text);
        if (text.len > ROUTE_TEXT_MAX)
            continue;

        rules_check(&checked, text);
        cr_assert(checked.is_sound, "round %u: %.*s: %zu: %s", round, CX_STR_ARG(text), checked.fault.at, checked.fault.text);
        struct route_program program = route_builder_finish(&checked.builder, &checked.root, 1);
        route_machine_start(&machine, &program, rules_arena(), maker.record, INT64_MAX);

        cr_assert_eq(route_machine_test(&machine, checked.root), expected, "round %u: %.*s", round, CX_STR_ARG(text));
        route_builder_free(&checked.builder);
    }
}
