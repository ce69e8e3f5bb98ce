#include "stages/route/rule_program.h"
#include "codec/codec.h"
#include "stages/route/rule_lower.h"
#include "stages/route/rule_regex.h"

#define BYTES_PER_STEP 64

/* What stays out of the loop of unremembered(), so that it needs few registers. */
#define NOINLINE __attribute__((noinline))

/* Any list of codec.h: where its items are and how many. */
struct items {
    const char *ptr;
    size_t len;
};

static bool test(struct route_machine *m, uint32_t at);
static struct cx_str string(struct route_machine *m, const struct route_op *op);

static inline const struct route_op *operand_a(const struct route_machine *m, const struct route_op *op)
{
    return &m->ops[op->a];
}

static inline const struct route_op *operand_b(const struct route_machine *m, const struct route_op *op)
{
    return &m->ops[op->b];
}

static inline bool spend(struct route_machine *m, size_t steps)
{
    m->budget -= (int64_t)steps;
    return m->budget >= 0;
}

static inline struct items list(struct route_machine *m, const struct route_op *op);

static inline const char *pointer_at(const char *base, uint32_t offset)
{
    return *(const char *const *)(const void *)(base + offset);
}

/* The struct a place stands for; NULL where a nullable record on the way is null. */
static const char *place(struct route_machine *m, const struct route_op *op)
{
    const char *base;
    switch (op->code) {
    case ROUTE_OP_ROOT:
        return m->record;
    case ROUTE_OP_VARIABLE:
        return m->variables[op->variable];
    case ROUTE_OP_LOAD_RECORD:
        base = place(m, operand_a(m, op));
        return base ? base + op->offset : NULL;
    case ROUTE_OP_LOAD_RECORD_POINTER:
        base = place(m, operand_a(m, op));
        return base ? pointer_at(base, op->offset) : NULL;
    default: { /* ROUTE_OP_ITEM */
        struct items items = list(m, operand_a(m, op));
        return (uint64_t)op->i < items.len ? items.ptr + (size_t)op->i * op->item_size : NULL;
    }
    }
}

/* The field an operation loads, or NULL where its record is null. */
static inline const void *field(struct route_machine *m, const struct route_op *op)
{
    const char *base = op->reach == ROUTE_REACH_ROOT      ? m->record
                       : op->reach == ROUTE_REACH_SECTION ? pointer_at(m->record, op->extra)
                       : op->reach == ROUTE_REACH_ITEM    ? m->variables[op->variable]
                                                          : place(m, operand_a(m, op));
    return base ? base + op->offset : NULL;
}

static inline struct items list(struct route_machine *m, const struct route_op *op)
{
    if (op->code == ROUTE_OP_LIST)
        return (struct items){ op->s.ptr, op->s.len };
    const struct items *loaded = field(m, op);
    return loaded ? *loaded : (struct items){ NULL, 0 };
}

static struct cx_str_map map(struct route_machine *m, const struct route_op *op)
{
    const struct cx_str_map *loaded = field(m, op);
    return loaded ? *loaded : (struct cx_str_map){ NULL, 0 };
}

static struct cx_str lookup(struct route_machine *m, const struct route_op *op)
{
    struct cx_str_map entries = map(m, operand_a(m, op));
    struct cx_str key = string(m, operand_b(m, op));
    for (size_t i = 0; i < entries.len && spend(m, 1); i++)
        if (cx_str_eq(entries.items[i].key, key))
            return entries.items[i].value;
    return CX_STR_NULL;
}

static struct cx_str lower(struct route_machine *m, const struct route_op *op)
{
    if (op->memo != ROUTE_NO_MEMO && m->strings[op->memo].ptr)
        return m->strings[op->memo];
    struct cx_str text = string(m, operand_a(m, op));
    if (!spend(m, text.len / BYTES_PER_STEP))
        return text;
    struct cx_str lowered = route_lower(m->arena, text);
    if (op->memo != ROUTE_NO_MEMO)
        m->strings[op->memo] = lowered;
    return lowered;
}

static struct cx_str string(struct route_machine *m, const struct route_op *op)
{
    const struct cx_str *loaded;
    struct cx_str value;
    switch (op->code) {
    case ROUTE_OP_STRING:
        return op->s;
    case ROUTE_OP_LOAD_STR:
        loaded = field(m, op);
        return loaded ? *loaded : CX_STR_NULL;
    case ROUTE_OP_LOOKUP:
        return lookup(m, op);
    case ROUTE_OP_LOWER:
        return lower(m, op);
    default: /* ROUTE_OP_DEFAULT */
        value = string(m, operand_a(m, op));
        return value.ptr ? value : string(m, operand_b(m, op));
    }
}

static const struct cx_id *id(struct route_machine *m, const struct route_op *op)
{
    const struct cx_id *const *pointer;
    const struct cx_id *value;
    switch (op->code) {
    case ROUTE_OP_ID:
        return (const struct cx_id *)(const void *)op->s.ptr;
    case ROUTE_OP_LOAD_ID:
        return field(m, op);
    case ROUTE_OP_LOAD_ID_POINTER:
        pointer = field(m, op);
        return pointer ? *pointer : NULL;
    default: /* ROUTE_OP_DEFAULT */
        value = id(m, operand_a(m, op));
        return value ? value : id(m, operand_b(m, op));
    }
}

/* Not null; of a list or map: not empty. */
static bool present(struct route_machine *m, const struct route_op *op)
{
    const void *at;
    switch (op->code) {
    case ROUTE_OP_LOAD_OPT_BOOL:
        at = field(m, op);
        return at && ((const struct cx_opt_bool *)at)->set;
    case ROUTE_OP_LOAD_OPT_I64:
        at = field(m, op);
        return at && ((const struct cx_opt_i64 *)at)->set;
    case ROUTE_OP_LOAD_OPT_F64:
        at = field(m, op);
        return at && ((const struct cx_opt_f64 *)at)->set;
    case ROUTE_OP_LOAD_BOOL:
    case ROUTE_OP_LOAD_I32:
    case ROUTE_OP_LOAD_I64:
    case ROUTE_OP_LOAD_F32:
    case ROUTE_OP_LOAD_F64:
        return field(m, op) != NULL;
    case ROUTE_OP_LOAD_ENUM:
        at = field(m, op);
        return at && *(const int *)at >= 0;
    case ROUTE_OP_LOAD_STR:
    case ROUTE_OP_LOOKUP:
        return string(m, op).ptr != NULL;
    case ROUTE_OP_LOAD_ID:
    case ROUTE_OP_LOAD_ID_POINTER:
        return id(m, op) != NULL;
    case ROUTE_OP_LOAD_LIST:
        return list(m, op).len > 0;
    case ROUTE_OP_LOAD_MAP:
        return map(m, op).len > 0;
    case ROUTE_OP_ITEM:
    case ROUTE_OP_LOAD_RECORD:
    case ROUTE_OP_LOAD_RECORD_POINTER:
        return place(m, op) != NULL;
    case ROUTE_OP_TO_DOUBLE:
        return present(m, operand_a(m, op));
    case ROUTE_OP_DEFAULT:
        return present(m, operand_a(m, op)) || present(m, operand_b(m, op));
    default:
        return true;
    }
}

static size_t letters(struct route_machine *m, struct cx_str text)
{
    size_t count = 0;
    if (!spend(m, text.len / BYTES_PER_STEP))
        return 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

static int64_t integer(struct route_machine *m, const struct route_op *op);

/* Sum, difference or product, held at the ends of the range. */
static int64_t calculate(struct route_machine *m, const struct route_op *op)
{
    int64_t a = integer(m, operand_a(m, op)), b = integer(m, operand_b(m, op)), result;
    bool is_over, is_negative;
    if (op->code == ROUTE_OP_ADD_INT) {
        is_over = __builtin_add_overflow(a, b, &result);
        is_negative = a < 0;
    } else if (op->code == ROUTE_OP_SUBTRACT_INT) {
        is_over = __builtin_sub_overflow(a, b, &result);
        is_negative = a < 0;
    } else {
        is_over = __builtin_mul_overflow(a, b, &result);
        is_negative = (a < 0) != (b < 0);
    }
    return !is_over ? result : is_negative ? INT64_MIN : INT64_MAX;
}

/* An int or an enum's index; 0, or -1 for an enum, where it is null. */
static int64_t integer(struct route_machine *m, const struct route_op *op)
{
    const void *at;
    switch (op->code) {
    case ROUTE_OP_INT:
        return op->i;
    case ROUTE_OP_LOAD_ENUM:
        at = field(m, op);
        return at ? *(const int *)at : -1;
    case ROUTE_OP_LOAD_I32:
        at = field(m, op);
        return at ? *(const int32_t *)at : 0;
    case ROUTE_OP_LOAD_I64:
        at = field(m, op);
        return at ? *(const int64_t *)at : 0;
    case ROUTE_OP_LOAD_OPT_I64:
        at = field(m, op);
        return at ? ((const struct cx_opt_i64 *)at)->value : 0;
    case ROUTE_OP_SIZE_STRING:
        return (int64_t)letters(m, string(m, operand_a(m, op)));
    case ROUTE_OP_SIZE_LIST:
        return (int64_t)list(m, operand_a(m, op)).len;
    case ROUTE_OP_SIZE_MAP:
        return (int64_t)map(m, operand_a(m, op)).len;
    case ROUTE_OP_DEFAULT:
        return integer(m, present(m, operand_a(m, op)) ? operand_a(m, op) : operand_b(m, op));
    default:
        return calculate(m, op);
    }
}

static double real(struct route_machine *m, const struct route_op *op)
{
    const void *at;
    switch (op->code) {
    case ROUTE_OP_DOUBLE:
        return op->d;
    case ROUTE_OP_LOAD_F32:
        at = field(m, op);
        return at ? (double)*(const float *)at : 0;
    case ROUTE_OP_LOAD_F64:
        at = field(m, op);
        return at ? *(const double *)at : 0;
    case ROUTE_OP_LOAD_OPT_F64:
        at = field(m, op);
        return at ? ((const struct cx_opt_f64 *)at)->value : 0;
    case ROUTE_OP_TO_DOUBLE:
        return (double)integer(m, operand_a(m, op));
    case ROUTE_OP_ADD_DOUBLE:
        return real(m, operand_a(m, op)) + real(m, operand_b(m, op));
    case ROUTE_OP_SUBTRACT_DOUBLE:
        return real(m, operand_a(m, op)) - real(m, operand_b(m, op));
    case ROUTE_OP_MULTIPLY_DOUBLE:
        return real(m, operand_a(m, op)) * real(m, operand_b(m, op));
    case ROUTE_OP_DIVIDE_DOUBLE:
        return real(m, operand_a(m, op)) / real(m, operand_b(m, op));
    default: /* ROUTE_OP_DEFAULT */
        return real(m, present(m, operand_a(m, op)) ? operand_a(m, op) : operand_b(m, op));
    }
}

static bool same_id(const struct cx_id *a, const struct cx_id *b)
{
    return a && b && cx_id_eq(*a, *b);
}

static bool contains(struct route_machine *m, const struct route_op *op)
{
    struct cx_str text = string(m, operand_a(m, op)), part = string(m, operand_b(m, op));
    return spend(m, text.len / BYTES_PER_STEP) && (part.len == 0 || (text.len >= part.len && memmem(text.ptr, text.len, part.ptr, part.len)));
}

static bool starts_or_ends(struct route_machine *m, const struct route_op *op)
{
    struct cx_str text = string(m, operand_a(m, op)), part = string(m, operand_b(m, op));
    if (text.len < part.len)
        return false;
    return cx_str_eq(part, cx_str_n(text.ptr + (op->code == ROUTE_OP_ENDS_WITH ? text.len - part.len : 0), part.len));
}

static bool matches(struct route_machine *m, const struct route_op *op)
{
    struct cx_str text = string(m, operand_a(m, op));
    return spend(m, 1 + text.len / BYTES_PER_STEP) && route_regex_search(op->regex, text.ptr ? text.ptr : "", text.len);
}

/* Binary search; most strings are no constant's length and need none. */
static inline bool is_among(const struct route_op *constants, uint64_t lengths, struct cx_str wanted)
{
    if ((lengths >> (wanted.len & 63) & 1) == 0)
        return false;
    const struct cx_str *strings = (const struct cx_str *)(const void *)constants->s.ptr;
    size_t low = 0, high = constants->s.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = cx_str_cmp(wanted, strings[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool has_item(struct route_machine *m, const struct route_op *op)
{
    struct items items = list(m, operand_a(m, op));
    struct cx_str wanted = string(m, operand_b(m, op));
    const struct cx_str *strings = (const struct cx_str *)(const void *)items.ptr;
    for (size_t i = 0; i < items.len && spend(m, 1); i++)
        if (cx_str_eq(strings[i], wanted))
            return true;
    return false;
}

static NOINLINE bool exists(struct route_machine *m, const struct route_op *op)
{
    struct items items = list(m, operand_a(m, op));
    for (size_t i = 0; i < items.len && spend(m, 1); i++) {
        m->variables[op->variable] = items.ptr + i * op->item_size;
        if (test(m, op->b))
            return true;
    }
    return false;
}

static NOINLINE bool exists_among(struct route_machine *m, const struct route_op *op)
{
    struct items items = list(m, operand_a(m, op));
    for (size_t i = 0; i < items.len && spend(m, 1); i++) {
        const char *item = items.ptr + i * op->item_size;
        if (!is_among(&m->ops[op->extra], (uint64_t)op->i, *(const struct cx_str *)(const void *)(item + op->offset)))
            continue;
        m->variables[op->variable] = item;
        if (op->b == ROUTE_NO_OP || test(m, op->b))
            return true;
    }
    return false;
}

/* Comparisons of two values. */
static NOINLINE bool compare(struct route_machine *m, const struct route_op *op)
{
    const struct route_op *a = operand_a(m, op), *b = operand_b(m, op);
    switch (op->code) {
    case ROUTE_OP_EQ_INT:
        return integer(m, a) == integer(m, b);
    case ROUTE_OP_LT_INT:
        return integer(m, a) < integer(m, b);
    case ROUTE_OP_LE_INT:
        return integer(m, a) <= integer(m, b);
    case ROUTE_OP_EQ_BOOL:
        return test(m, op->a) == test(m, op->b);
    case ROUTE_OP_EQ_DOUBLE:
        return real(m, a) == real(m, b);
    case ROUTE_OP_LT_DOUBLE:
        return real(m, a) < real(m, b);
    case ROUTE_OP_LE_DOUBLE:
        return real(m, a) <= real(m, b);
    case ROUTE_OP_EQ_ID:
        return same_id(id(m, a), id(m, b));
    case ROUTE_OP_EQ_STRING:
        return cx_str_eq(string(m, a), string(m, b));
    case ROUTE_OP_LT_STRING:
        return cx_str_cmp(string(m, a), string(m, b)) < 0;
    default: /* ROUTE_OP_LE_STRING */
        return cx_str_cmp(string(m, a), string(m, b)) <= 0;
    }
}

/* Tests that test() does not answer itself. */
static NOINLINE bool answer(struct route_machine *m, const struct route_op *op)
{
    const void *at;
    switch (op->code) {
    case ROUTE_OP_LOAD_BOOL:
        at = field(m, op);
        return at && *(const bool *)at;
    case ROUTE_OP_LOAD_OPT_BOOL:
        at = field(m, op);
        return at && ((const struct cx_opt_bool *)at)->value;
    case ROUTE_OP_DEFAULT:
        return test(m, present(m, operand_a(m, op)) ? op->a : op->b);
    case ROUTE_OP_HAS:
        return present(m, operand_a(m, op));
    case ROUTE_OP_IN_STRINGS:
        return is_among(operand_b(m, op), (uint64_t)op->i, string(m, operand_a(m, op)));
    case ROUTE_OP_HAS_ITEM:
        return has_item(m, op);
    case ROUTE_OP_HAS_KEY:
        return lookup(m, op).ptr != NULL;
    case ROUTE_OP_CONTAINS:
        return contains(m, op);
    case ROUTE_OP_STARTS_WITH:
    case ROUTE_OP_ENDS_WITH:
        return starts_or_ends(m, op);
    case ROUTE_OP_MATCHES:
        return matches(m, op);
    case ROUTE_OP_EXISTS:
        return exists(m, op);
    default:
        return compare(m, op);
    }
}

static inline bool in_symbols(struct route_machine *m, const struct route_op *op)
{
    const struct route_op *a = operand_a(m, op);
    const int *loaded = a->code == ROUTE_OP_LOAD_ENUM ? field(m, a) : NULL;
    int64_t symbol = loaded ? *loaded : integer(m, a);
    return ((uint64_t)op->i >> (symbol & 63) & 1) != 0; /* null is -1, and has bit 63 */
}

/* What rules consist of, without a call where that can be: the right side of && and || is a turn of the loop. */
static bool unremembered(struct route_machine *m, const struct route_op *op)
{
    for (;;) {
        switch (op->code) {
        case ROUTE_OP_BOOL:
            return op->i != 0;
        case ROUTE_OP_NOT:
            return !test(m, op->a);
        case ROUTE_OP_AND:
            if (!test(m, op->a))
                return false;
            break;
        case ROUTE_OP_OR:
            if (test(m, op->a))
                return true;
            break;
        case ROUTE_OP_IN_SYMBOLS:
            return in_symbols(m, op);
        case ROUTE_OP_EXISTS_AMONG:
            return exists_among(m, op);
        default:
            return answer(m, op);
        }
        op = operand_b(m, op);
        if (op->memo != ROUTE_NO_MEMO)
            return test(m, (uint32_t)(op - m->ops));
    }
}

static bool test(struct route_machine *m, uint32_t at)
{
    const struct route_op *op = &m->ops[at];
    if (op->memo == ROUTE_NO_MEMO)
        return unremembered(m, op);
    uint8_t *memo = &m->tests[op->memo];
    if (*memo == 0)
        *memo = unremembered(m, op) ? 2 : 1;
    return *memo == 2;
}

void route_machine_start(struct route_machine *machine, const struct route_program *program, struct cx_arena *arena, const void *record,
                         int64_t budget)
{
    machine->ops = program->ops;
    machine->record = record;
    machine->arena = arena;
    machine->budget = budget;
    machine->tests = cx_arena_zalloc(arena, program->test_memos);
    machine->strings = CX_NEW_ARRAY(arena, struct cx_str, program->string_memos);
}

bool route_machine_test(struct route_machine *machine, uint32_t op)
{
    return test(machine, op);
}
