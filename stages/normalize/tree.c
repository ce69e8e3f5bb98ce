#include "stages/normalize/tree.h"
#include "base/error.h"

static struct cx_json *append(struct normalize_tree *parent, struct cx_str key, enum cx_json_type type)
{
    struct cx_json *node = CX_NEW(parent->arena, struct cx_json);
    node->type = type;
    node->key = key;
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->node->first = node;
    parent->last = node;
    parent->node->count++;
    return node;
}

struct normalize_tree normalize_tree_new(struct cx_arena *arena, struct normalize_tree *parent, struct cx_str key, enum cx_json_type type)
{
    struct normalize_tree tree = { .arena = arena };
    if (parent != NULL) {
        tree.node = append(parent, key, type);
    } else {
        tree.node = CX_NEW(arena, struct cx_json);
        tree.node->type = type;
    }
    return tree;
}

void normalize_tree_string(struct normalize_tree *parent, struct cx_str key, struct cx_str value)
{
    if (value.ptr != NULL)
        append(parent, key, CX_JSON_STRING)->text = value;
}

void normalize_tree_link(struct normalize_tree *parent, struct cx_str key, const struct cx_json *node)
{
    if (node == NULL)
        return;
    struct cx_json *copy = append(parent, key, node->type);
    copy->count = node->count;
    copy->text = node->text;
    copy->first = node->first;
}

/* No shorter than the node's JSON text: a byte becomes at most \u00XX. */
static size_t text_bound(const struct cx_json *node)
{
    size_t bound = node->key.len * 6 + node->text.len * 6 + 8;
    for (const struct cx_json *child = node->first; child != NULL; child = child->next)
        bound += text_bound(child);
    return bound;
}

struct cx_str normalize_tree_text(struct cx_arena *arena, const struct cx_json *node)
{
    switch (node->type) {
    case CX_JSON_NULL:
        return CX_STR_NULL;
    case CX_JSON_FALSE:
        return CX_STR("false");
    case CX_JSON_TRUE:
        return CX_STR("true");
    case CX_JSON_NUMBER:
    case CX_JSON_STRING:
        return node->text;
    default:
        break;
    }
    struct cx_buf buf = { .cap = text_bound(node) };
    buf.max = buf.cap;
    buf.ptr = cx_arena_bytes(arena, buf.cap); /* borrowed: it never has to grow */
    cx_json_dump(&buf, node);
    cx_assert(!buf.overflow);
    return cx_buf_view(&buf);
}

struct cx_str normalize_concat(struct cx_arena *arena, struct cx_str a, struct cx_str separator, struct cx_str b)
{
    const struct cx_str parts[] = { a, separator, b };
    char *out = cx_arena_bytes(arena, a.len + separator.len + b.len);
    size_t len = 0;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].len > 0)
            memcpy(out + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    return cx_str_n(out, len);
}
