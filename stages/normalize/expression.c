#include "stages/normalize/expression.h"
#include "stages/normalize/receipt.h"
#include "stages/normalize/tree.h"

enum { SELECT_MAX = 1000 }; /* platforms batch no more; every item of a payload may search the same list */

/* ---- paths ---- */

static bool equals_any_case(struct cx_str a, struct cx_str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

/* A header by name, as the envelope brought it, else of the Kafka record. */
static const struct cx_json *header(const struct normalize_scope *scope, struct cx_str name)
{
    const struct normalize_receipt *receipt = scope->part->receipt;
    for (const struct cx_json *h = receipt->headers != NULL ? receipt->headers->first : NULL; h != NULL; h = h->next)
        if (equals_any_case(h->key, name))
            return h;
    for (size_t i = 0; i < receipt->message->header_count; i++) {
        const struct cx_header *h = &receipt->message->headers[i];
        if (equals_any_case(h->name, name) && cx_utf8_valid(h->value))
            return normalize_string(scope->arena, h->value).node;
    }
    return NULL;
}

/* cx_json_get for the hot path: most names already differ in length or at their first letter. Names of steps are never empty. */
static const struct cx_json *member_of(const struct cx_json *object, struct cx_str name)
{
    if (object->type != CX_JSON_OBJECT)
        return NULL;
    for (const struct cx_json *node = object->first; node != NULL; node = node->next)
        if (node->key.len == name.len && node->key.ptr[0] == name.ptr[0] && memcmp(node->key.ptr, name.ptr, name.len) == 0)
            return node;
    return NULL;
}

static const struct cx_json *element(const struct cx_json *list, int64_t index)
{
    const struct cx_json *node = list->type == CX_JSON_ARRAY ? list->first : NULL;
    for (; node != NULL && index > 0; index--)
        node = node->next;
    return node;
}

static const struct cx_json *last_element(const struct cx_json *list)
{
    const struct cx_json *node = list->type == CX_JSON_ARRAY ? list->first : NULL;
    while (node != NULL && node->next != NULL)
        node = node->next;
    return node;
}

static const struct cx_json *selected(const struct normalize_scope *scope, const struct cx_json *list, const struct normalize_step *step)
{
    struct cx_str wanted = normalize_operand_text(scope, step->equals);
    if (wanted.len == 0 || list->type != CX_JSON_ARRAY)
        return NULL;
    size_t tried = 0;
    for (const struct cx_json *node = list->first; node != NULL && tried < SELECT_MAX; node = node->next, tried++) {
        struct normalize_value member = { .node = member_of(node, step->name) };
        if (cx_str_eq(normalize_value_text(member), wanted))
            return node;
    }
    return NULL;
}

const struct cx_json *normalize_path_get(const struct normalize_scope *scope, const struct normalize_path *path)
{
    const struct normalize_part *part = scope->part;
    const struct cx_json *node = NULL;
    size_t at = 0;
    switch (path->start) {
    case PATH_HERE:
        node = scope->here;
        break;
    case PATH_PAYLOAD:
        node = part->payload;
        break;
    case PATH_LIST:
        node = part->lists[path->list];
        break;
    case PATH_OWN_IDS:
        return part->receipt->own_ids != NULL ? part->receipt->own_ids : part->receipt->input->own_ids;
    case PATH_HEADERS:
        node = path->count > 0 ? header(scope, path->steps[at++].name) : NULL;
        break;
    case PATH_CONTEXT:
        node = part->receipt->context;
        break;
    }
    for (; at < path->count && node != NULL; at++) {
        const struct normalize_step *step = &path->steps[at];
        if (step->kind == STEP_MEMBER)
            node = member_of(node, step->name);
        else if (step->kind == STEP_SELECT)
            node = selected(scope, node, step);
        else
            node = step->kind == STEP_INDEX ? element(node, step->index) : last_element(node);
    }
    return node;
}

struct cx_str normalize_operand_text(const struct normalize_scope *scope, const struct normalize_operand *operand)
{
    if (operand->path == NULL)
        return operand->constant;
    struct normalize_value v = { .node = normalize_path_get(scope, operand->path) };
    return normalize_value_text(v);
}

/* ---- conditions ---- */

static bool list_holds(const struct cx_json *list, struct cx_str text)
{
    for (const struct cx_json *node = list->first; node != NULL; node = node->next) {
        struct normalize_value v = { .node = node };
        if (cx_str_eq(normalize_value_text(v), text))
            return true;
    }
    return false;
}

/* Whether `text` is what the operand gives, or in the list that it gives. */
static bool is_among(const struct normalize_scope *scope, struct cx_str text, const struct normalize_operand *operand)
{
    if (operand->path == NULL)
        return cx_str_eq(text, operand->constant);
    if (operand->path->start == PATH_OWN_IDS)
        return normalize_is_own(scope->part->receipt, text);
    const struct cx_json *node = normalize_path_get(scope, operand->path);
    if (node == NULL)
        return false;
    if (node->type == CX_JSON_ARRAY)
        return list_holds(node, text);
    struct normalize_value v = { .node = node };
    return cx_str_eq(normalize_value_text(v), text);
}

static bool is_true(const struct cx_json *node)
{
    struct normalize_value v = { .node = node };
    return normalize_is_present(v) && node->type != CX_JSON_FALSE && !(node->type == CX_JSON_NUMBER && cx_str_is(node->text, "0"));
}

static bool is_type(const struct cx_json *node, struct cx_str name)
{
    static const char *const names[] = {
        [CX_JSON_NULL] = "null",     [CX_JSON_FALSE] = "boolean", [CX_JSON_TRUE] = "boolean", [CX_JSON_NUMBER] = "number",
        [CX_JSON_STRING] = "string", [CX_JSON_ARRAY] = "list",    [CX_JSON_OBJECT] = "object"
    };
    return node != NULL && cx_str_is(name, names[node->type]);
}

/* As times or numbers where both read as such, else by bytes. */
static bool is_greater(struct cx_str a, struct cx_str b)
{
    double x, y;
    if (a.ptr == NULL || b.ptr == NULL)
        return false;
    return cx_str_to_f64(a, &x) && cx_str_to_f64(b, &y) ? x > y : cx_str_cmp(a, b) > 0;
}

static bool holds(const struct normalize_scope *scope, const struct normalize_condition *c)
{
    struct cx_str left = c->kind < IF_ALL ? normalize_operand_text(scope, &c->left) : CX_STR_NULL;
    const struct cx_json *node = c->kind < IF_ALL && c->left.path != NULL ? normalize_path_get(scope, c->left.path) : NULL;
    switch (c->kind) {
    case IF_PRESENT:
        return is_true(node);
    case IF_EQUAL:
        return left.ptr != NULL && is_among(scope, left, &c->right[0]);
    case IF_IN:
        for (size_t i = 0; i < c->count && left.len > 0; i++)
            if (is_among(scope, left, &c->right[i]))
                return true;
        return false;
    case IF_CONTAINS: {
        struct cx_str part = normalize_operand_text(scope, &c->right[0]);
        if (node != NULL && node->type == CX_JSON_ARRAY)
            return part.len > 0 && list_holds(node, part);
        return left.len > 0 && part.len > 0 && memmem(left.ptr, left.len, part.ptr, part.len) != NULL;
    }
    case IF_GREATER:
        return is_greater(left, normalize_operand_text(scope, &c->right[0]));
    case IF_TYPE:
        return is_type(node, c->right[0].constant);
    case IF_ALL:
    case IF_ANY:
        for (size_t i = 0; i < c->count; i++)
            if (normalize_condition_holds(scope, &c->parts[i]) == (c->kind == IF_ANY))
                return c->kind == IF_ANY;
        return c->kind == IF_ALL;
    }
    return false;
}

bool normalize_condition_holds(const struct normalize_scope *scope, const struct normalize_condition *condition)
{
    return condition == NULL || holds(scope, condition) != condition->is_negated;
}

/* ---- expressions ---- */

static bool evaluate_path(const struct normalize_scope *scope, const struct normalize_expression *e, struct normalize_value *value)
{
    value->node = normalize_path_get(scope, e->path);
    for (size_t i = 0; i < FUNCTIONS_MAX && e->functions[i] != NULL && normalize_is_present(*value); i++) {
        bool is_text = !value->is_time && (value->node->type == CX_JSON_STRING || value->node->type == CX_JSON_NUMBER);
        if (!is_text)
            return normalize_fail(scope->fault, NORMALIZE_WRONG_TYPE, CX_STR_NULL);
        if (!e->functions[i]->apply(scope, value))
            return false;
    }
    return true;
}

/* Parts one after the other; a template needs all of them, a join takes those that are there. */
static bool evaluate_parts(const struct normalize_scope *scope, const struct normalize_expression *e, struct normalize_value *value)
{
    struct cx_str joined = CX_STR_NULL;
    for (size_t i = 0; i < e->count; i++) {
        struct normalize_value part = normalize_absent();
        if (!normalize_evaluate(scope, &e->parts[i], &part))
            return false;
        struct cx_str text = normalize_value_text(part);
        if (text.len == 0 && e->kind == GIVES_TEMPLATE)
            return true;
        if (text.len == 0)
            continue;
        bool is_first = joined.ptr == NULL;
        joined = is_first ? text : normalize_concat(scope->arena, joined, e->separator, text);
    }
    *value = normalize_string(scope->arena, joined);
    return true;
}

static bool evaluate_table(const struct normalize_scope *scope, const struct normalize_expression *e, struct normalize_value *value)
{
    struct normalize_value asked = normalize_absent();
    if (!normalize_evaluate(scope, &e->parts[0], &asked))
        return false;
    struct cx_str text = normalize_value_text(asked);
    for (size_t i = 0; i < e->row_count && text.ptr != NULL; i++)
        if (cx_str_eq(e->rows[i].key, text)) {
            *value = normalize_string(scope->arena, e->rows[i].value);
            return true;
        }
    return normalize_evaluate(scope, &e->parts[1], value);
}

bool normalize_evaluate(const struct normalize_scope *scope, const struct normalize_expression *e, struct normalize_value *value)
{
    *value = normalize_absent();
    switch (e->kind) {
    case GIVES_NOTHING:
        return true;
    case GIVES_CONSTANT:
        value->node = &e->constant;
        return true;
    case GIVES_PATH:
        return evaluate_path(scope, e, value);
    case GIVES_TEMPLATE:
    case GIVES_JOINED:
        return evaluate_parts(scope, e, value);
    case GIVES_FIRST:
        for (size_t i = 0; i < e->count && !normalize_is_present(*value); i++)
            if (!normalize_evaluate(scope, &e->parts[i], value))
                return false;
        return true;
    case GIVES_CHOICE:
        return normalize_evaluate(scope, &e->parts[normalize_condition_holds(scope, e->condition) ? 0 : 1], value);
    case GIVES_TABLE:
        return evaluate_table(scope, e, value);
    }
    return true;
}
