#include "stages/route/rule_builder.h"
#include "stages/route/rule_regex.h"

#define FIRST_CAPACITY 256

void route_builder_init(struct route_builder *builder, struct cx_arena *arena)
{
    *builder = (struct route_builder){ .arena = arena, .capacity = FIRST_CAPACITY, .index_size = FIRST_CAPACITY * 2 };
    builder->ops = CX_NEW_ARRAY(arena, struct route_op, builder->capacity);
    builder->unbound = CX_NEW_ARRAY(arena, uint8_t, builder->capacity);
    builder->index = cx_arena_alloc(arena, builder->index_size * sizeof *builder->index);
    memset(builder->index, 0xFF, builder->index_size * sizeof *builder->index);
}

void route_builder_free(struct route_builder *builder)
{
    for (struct route_pattern *p = builder->patterns; p; p = p->next)
        route_regex_free(p->regex);
    builder->patterns = NULL;
}

/* How many of a and b are operands. */
static unsigned operand_count(const struct route_op *op)
{
    switch (op->code) {
    case ROUTE_OP_BOOL:
    case ROUTE_OP_INT:
    case ROUTE_OP_DOUBLE:
    case ROUTE_OP_STRING:
    case ROUTE_OP_ID:
    case ROUTE_OP_LIST:
    case ROUTE_OP_ROOT:
    case ROUTE_OP_VARIABLE:
        return 0;
    case ROUTE_OP_LOOKUP:
    case ROUTE_OP_DEFAULT:
        return 2;
    case ROUTE_OP_HAS:
    case ROUTE_OP_IN_SYMBOLS:
    case ROUTE_OP_NOT:
    case ROUTE_OP_MATCHES:
        return 1;
    case ROUTE_OP_EXISTS_AMONG:
        return op->b == ROUTE_NO_OP ? 1 : 2;
    default:
        return op->code >= ROUTE_OP_ADD_INT ? 2 : 1;
    }
}

static bool is_constant(const struct route_op *op)
{
    return op->code <= ROUTE_OP_LIST;
}

static bool same_list(const struct route_op *a, const struct route_op *b)
{
    if (a->s.len != b->s.len || a->item_size != sizeof(struct cx_str))
        return a->s.len == b->s.len && memcmp(a->s.ptr, b->s.ptr, a->s.len * a->item_size) == 0;
    const struct cx_str *x = (const struct cx_str *)(const void *)a->s.ptr, *y = (const struct cx_str *)(const void *)b->s.ptr;
    for (size_t i = 0; i < a->s.len; i++)
        if (!cx_str_eq(x[i], y[i]))
            return false;
    return true;
}

static bool same_op(const struct route_op *a, const struct route_op *b)
{
    if (a->code != b->code || a->variable != b->variable || a->item_size != b->item_size || a->a != b->a || a->b != b->b || a->offset != b->offset ||
        a->extra != b->extra)
        return false;
    switch (a->code) {
    case ROUTE_OP_STRING:
    case ROUTE_OP_ID:
        return cx_str_eq(a->s, b->s);
    case ROUTE_OP_LIST:
        return same_list(a, b);
    default:
        return a->i == b->i; /* the bits of d, the pointer of regex */
    }
}

static uint64_t hash_op(const struct route_op *op)
{
    bool has_text = op->code == ROUTE_OP_STRING || op->code == ROUTE_OP_ID;
    uint64_t key[4] = { op->code | (uint64_t)op->variable << 16 | (uint64_t)op->item_size << 32, op->a | (uint64_t)op->b << 32,
                        op->offset | (uint64_t)op->extra << 32,
                        has_text                    ? cx_hash64(op->s.ptr, op->s.len)
                        : op->code == ROUTE_OP_LIST ? op->s.len
                                                    : (uint64_t)op->i };
    return cx_hash64(key, sizeof key);
}

static void index_op(struct route_builder *b, uint32_t at)
{
    size_t slot = hash_op(&b->ops[at]) & (b->index_size - 1);
    while (b->index[slot] != ROUTE_NO_OP)
        slot = (slot + 1) & (b->index_size - 1);
    b->index[slot] = at;
}

static void grow(struct route_builder *b)
{
    struct route_op *ops = CX_NEW_ARRAY(b->arena, struct route_op, b->capacity * 2);
    uint8_t *unbound = CX_NEW_ARRAY(b->arena, uint8_t, b->capacity * 2);
    memcpy(ops, b->ops, b->count * sizeof *ops);
    memcpy(unbound, b->unbound, b->count);
    b->ops = ops;
    b->unbound = unbound;
    b->capacity *= 2;
    b->index_size *= 2;
    b->index = cx_arena_alloc(b->arena, b->index_size * sizeof *b->index);
    memset(b->index, 0xFF, b->index_size * sizeof *b->index);
    for (size_t i = 0; i < b->count; i++)
        index_op(b, (uint32_t)i);
}

static uint8_t unbound_of(const struct route_builder *b, const struct route_op *op)
{
    unsigned operands = operand_count(op);
    uint8_t bits = op->code == ROUTE_OP_VARIABLE ? (uint8_t)(1u << op->variable) : 0;
    if (operands >= 1)
        bits |= b->unbound[op->a];
    if (operands == 2) {
        bool binds = op->code == ROUTE_OP_EXISTS;
        bits |= binds ? b->unbound[op->b] & (uint8_t) ~(1u << op->variable) : b->unbound[op->b];
    }
    return bits;
}

/* The answer of a test whose operands are constants: the machine itself gives it, without a record. */
static bool fold(struct route_builder *b, uint32_t at, bool *value)
{
    const struct route_op *op = &b->ops[at];
    unsigned operands = operand_count(op);
    bool is_test = op->code >= ROUTE_OP_HAS && op->code != ROUTE_OP_EXISTS && op->code != ROUTE_OP_EXISTS_AMONG;
    if (!is_test || !is_constant(&b->ops[op->a]) || (operands == 2 && !is_constant(&b->ops[op->b])))
        return false;
    struct route_machine machine = { .ops = b->ops, .budget = INT64_MAX };
    *value = route_machine_test(&machine, at);
    return true;
}

/* What the machine would find out about a LOAD's place each time. */
static void find_reach(const struct route_builder *b, struct route_op *op)
{
    if (op->code < ROUTE_OP_LOAD_BOOL || op->code > ROUTE_OP_LOAD_RECORD_POINTER)
        return;
    const struct route_op *place = &b->ops[op->a];
    if (place->code == ROUTE_OP_ROOT) {
        op->reach = ROUTE_REACH_ROOT;
    } else if (place->code == ROUTE_OP_VARIABLE) {
        op->reach = ROUTE_REACH_ITEM;
        op->variable = place->variable;
    } else if (place->code == ROUTE_OP_LOAD_RECORD_POINTER && place->reach == ROUTE_REACH_ROOT) {
        op->reach = ROUTE_REACH_SECTION;
        op->extra = place->offset;
    }
}

static uint32_t add_plain(struct route_builder *b, struct route_op op)
{
    op.memo = ROUTE_NO_MEMO;
    find_reach(b, &op);
    size_t slot = hash_op(&op) & (b->index_size - 1);
    for (; b->index[slot] != ROUTE_NO_OP; slot = (slot + 1) & (b->index_size - 1))
        if (same_op(&b->ops[b->index[slot]], &op))
            return b->index[slot];
    if (b->count == ROUTE_OPS_MAX) {
        b->is_full = true;
        return 0;
    }
    if (b->count == b->capacity)
        grow(b);
    uint32_t at = (uint32_t)b->count++;
    b->ops[at] = op;
    b->unbound[at] = unbound_of(b, &op);
    index_op(b, at);
    return at;
}

static int by_bytes(const void *a, const void *b)
{
    return cx_str_cmp(*(const struct cx_str *)a, *(const struct cx_str *)b);
}

uint32_t route_builder_strings(struct route_builder *builder, const struct cx_str *strings, size_t count, int64_t *lengths)
{
    struct cx_str *kept = CX_NEW_ARRAY(builder->arena, struct cx_str, count);
    uint64_t bits = 0;
    memcpy(kept, strings, count * sizeof *kept);
    qsort(kept, count, sizeof *kept, by_bytes);
    for (size_t i = 0; i < count; i++)
        bits |= UINT64_C(1) << (kept[i].len & 63);
    *lengths = (int64_t)bits;
    struct route_op op = { .code = ROUTE_OP_LIST, .item_size = sizeof *kept, .s = cx_str_n(kept, count) };
    return add_plain(builder, op);
}

uint32_t route_builder_bool(struct route_builder *builder, bool value)
{
    return add_plain(builder, (struct route_op){ .code = ROUTE_OP_BOOL, .i = value });
}

uint32_t route_builder_add(struct route_builder *builder, struct route_op op)
{
    bool value;
    const struct route_op a = builder->ops[op.a];
    if (op.code == ROUTE_OP_IN_SYMBOLS && a.code == ROUTE_OP_DEFAULT && builder->ops[a.a].code == ROUTE_OP_LOAD_ENUM &&
        builder->ops[a.b].code == ROUTE_OP_INT) { /* the default's answer is the answer for null */
        op.a = a.a;
        op.i = (int64_t)((uint64_t)op.i | ((uint64_t)op.i >> builder->ops[a.b].i & 1) << 63);
    }
    uint32_t at = add_plain(builder, op);
    return !builder->is_full && fold(builder, at, &value) ? route_builder_bool(builder, value) : at;
}

bool route_builder_is_constant(const struct route_builder *builder, uint32_t op)
{
    return is_constant(&builder->ops[op]);
}

bool route_builder_is(const struct route_builder *builder, uint32_t op, bool value)
{
    return builder->ops[op].code == ROUTE_OP_BOOL && (builder->ops[op].i != 0) == value;
}

uint32_t route_builder_not(struct route_builder *builder, uint32_t a)
{
    if (builder->ops[a].code == ROUTE_OP_NOT)
        return builder->ops[a].a;
    return route_builder_add(builder, (struct route_op){ .code = ROUTE_OP_NOT, .a = a });
}

/* a && !a, and a symbol that would have to be two at once. */
static bool contradicts(const struct route_builder *b, uint32_t at, uint32_t other)
{
    const struct route_op *x = &b->ops[at], *y = &b->ops[other];
    if ((x->code == ROUTE_OP_NOT && x->a == other) || (y->code == ROUTE_OP_NOT && y->a == at))
        return true;
    if (x->code == ROUTE_OP_IN_SYMBOLS && y->code == ROUTE_OP_IN_SYMBOLS)
        return x->a == y->a && (x->i & y->i) == 0;
    return x->code == ROUTE_OP_AND && (contradicts(b, x->a, other) || contradicts(b, x->b, other));
}

uint32_t route_builder_and(struct route_builder *builder, uint32_t a, uint32_t b)
{
    if (route_builder_is(builder, a, false) || route_builder_is(builder, b, true) || a == b)
        return a;
    if (route_builder_is(builder, b, false) || route_builder_is(builder, a, true))
        return b;
    if (contradicts(builder, a, b))
        return route_builder_bool(builder, false);
    return add_plain(builder, (struct route_op){ .code = ROUTE_OP_AND, .a = a, .b = b });
}

uint32_t route_builder_or(struct route_builder *builder, uint32_t a, uint32_t b)
{
    const struct route_op *x = &builder->ops[a], *y = &builder->ops[b];
    if (route_builder_is(builder, a, true) || route_builder_is(builder, b, false) || a == b)
        return a;
    if (route_builder_is(builder, b, true) || route_builder_is(builder, a, false))
        return b;
    if ((x->code == ROUTE_OP_NOT && x->a == b) || (y->code == ROUTE_OP_NOT && y->a == a))
        return route_builder_bool(builder, true);
    return add_plain(builder, (struct route_op){ .code = ROUTE_OP_OR, .a = a, .b = b });
}

/* Whether the test is `string of the item == constant` or `... in constants`; fills in what EXISTS_AMONG needs of it. */
static bool is_among_test(struct route_builder *b, uint32_t at, unsigned variable, struct route_op *exists)
{
    const struct route_op test = b->ops[at], string = b->ops[test.a];
    bool is_equal = test.code == ROUTE_OP_EQ_STRING && b->ops[test.b].code == ROUTE_OP_STRING;
    if ((!is_equal && test.code != ROUTE_OP_IN_STRINGS) || string.code != ROUTE_OP_LOAD_STR || string.reach != ROUTE_REACH_ITEM ||
        string.variable != variable)
        return false;
    exists->offset = string.offset;
    exists->extra = test.b;
    exists->i = test.i;
    if (is_equal)
        exists->extra = route_builder_strings(b, &b->ops[test.b].s, 1, &exists->i);
    return true;
}

/* The leftmost operand of a chain of &&; *rest is the chain without it, or ROUTE_NO_OP. */
static uint32_t leftmost(struct route_builder *b, uint32_t at, uint32_t *rest)
{
    if (b->ops[at].code != ROUTE_OP_AND) {
        *rest = ROUTE_NO_OP;
        return at;
    }
    uint32_t left_rest, right = b->ops[at].b;
    uint32_t first = leftmost(b, b->ops[at].a, &left_rest);
    *rest = left_rest == ROUTE_NO_OP ? right : route_builder_and(b, left_rest, right);
    return first;
}

uint32_t route_builder_split(struct route_builder *builder, uint32_t test, uint32_t *rest)
{
    uint32_t first = leftmost(builder, test, rest);
    if (*rest == ROUTE_NO_OP)
        *rest = route_builder_bool(builder, true);
    return first;
}

uint32_t route_builder_exists(struct route_builder *builder, uint32_t a, uint32_t body, unsigned variable, size_t item_size)
{
    struct route_op op = { .code = ROUTE_OP_EXISTS, .a = a, .b = body, .variable = (uint16_t)variable, .item_size = (uint16_t)item_size };
    if (route_builder_is(builder, body, false))
        return body;
    uint32_t rest, first = leftmost(builder, body, &rest);
    if (is_among_test(builder, first, variable, &op)) {
        op.code = ROUTE_OP_EXISTS_AMONG;
        op.b = rest;
    }
    return route_builder_add(builder, op);
}

uint32_t route_builder_matches(struct route_builder *builder, uint32_t a, struct cx_str pattern, char *why, size_t size)
{
    struct route_pattern *known = builder->patterns;
    while (known && !cx_str_eq(known->text, pattern))
        known = known->next;
    if (!known) {
        struct route_regex *regex = route_regex_new(pattern.ptr, pattern.len, why, size);
        if (!regex)
            return ROUTE_NO_OP;
        known = CX_NEW(builder->arena, struct route_pattern);
        *known = (struct route_pattern){ pattern, regex, builder->patterns };
        builder->patterns = known;
    }
    return route_builder_add(builder, (struct route_op){ .code = ROUTE_OP_MATCHES, .a = a, .regex = known->regex });
}

struct route_program route_builder_finish(struct route_builder *builder, const uint32_t *roots, size_t count)
{
    uint32_t *uses = CX_NEW_ARRAY(builder->arena, uint32_t, builder->count);
    struct route_program program = { .ops = builder->ops, .op_count = builder->count };
    for (size_t i = 0; i < count; i++)
        uses[roots[i]]++;
    for (size_t i = 0; i < builder->count; i++) {
        unsigned operands = operand_count(&builder->ops[i]);
        if (operands >= 1)
            uses[builder->ops[i].a]++;
        if (operands == 2)
            uses[builder->ops[i].b]++;
    }
    for (size_t i = 0; i < builder->count; i++) {
        struct route_op *op = &builder->ops[i];
        if (uses[i] < 2 || builder->unbound[i] != 0)
            continue;
        if (op->code == ROUTE_OP_LOWER)
            op->memo = program.string_memos++;
        else if (op->code >= ROUTE_OP_AND)
            op->memo = program.test_memos++;
    }
    return program;
}
