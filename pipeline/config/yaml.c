/* YAML text to nodes, on libyaml's events. What makes a configuration ambiguous or hostile is refused: aliases, anchors, tags, several documents,
 * names given twice, deep nesting. */
#include "config/config.h"
#include <yaml.h>

enum { MAX_BYTES = 16 * 1024 * 1024 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the one at hand */
    bool has_event;
    struct cx_arena *arena;
    const char *file;
    struct cx_error *err;
    int depth;
};

static int next_event(struct reader *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
    if (r->has_event)
        return 0;
    const yaml_mark_t mark = r->parser.problem_mark;
    if (r->parser.error == YAML_READER_ERROR) /* has no mark */
        return cx_fail(r->err, CX_EXIT_CONFIG, "%s: error: byte %zu: %s", r->file, r->parser.problem_offset + 1, r->parser.problem);
    return cx_fail(r->err, CX_EXIT_CONFIG, "%s:%zu:%zu: error: %s", r->file, mark.line + 1, mark.column + 1,
                   r->parser.problem ? r->parser.problem : "not valid YAML");
}

static struct cx_node *new_node(struct reader *r)
{
    struct cx_node *node = CX_NEW(r->arena, struct cx_node);
    node->file = r->file;
    node->line = (int)r->event.start_mark.line + 1;
    node->column = (int)r->event.start_mark.column + 1;
    return node;
}

static void read_scalar(struct reader *r, struct cx_node *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
    node->type = CX_NODE_SCALAR;
    node->text = cx_arena_copy(r->arena, cx_str_n(r->event.data.scalar.value, r->event.data.scalar.length));
    node->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    for (size_t i = 0; !node->quoted && i < sizeof nulls / sizeof *nulls; i++)
        if (cx_str_is(node->text, nulls[i]))
            node->type = CX_NODE_NULL;
}

static int by_name_and_place(const void *left, const void *right)
{
    const struct cx_node *a = *(const struct cx_node *const *)left, *b = *(const struct cx_node *const *)right;
    int order = cx_str_cmp(a->key, b->key);
    if (order == 0)
        order = a->line != b->line ? (a->line > b->line) - (a->line < b->line) : (a->column > b->column) - (a->column < b->column);
    return order;
}

static int check_duplicates(struct reader *r, const struct cx_node *map)
{
    const struct cx_node **sorted = CX_NEW_ARRAY(r->arena, const struct cx_node *, map->count);
    size_t n = 0;
    for (const struct cx_node *node = map->first; node; node = node->next)
        sorted[n++] = node;
    qsort(sorted, n, sizeof *sorted, by_name_and_place);
    for (size_t i = 1; i < n; i++)
        if (cx_str_eq(sorted[i]->key, sorted[i - 1]->key))
            return cx_node_fail(sorted[i], r->err, "\"%.*s\" is given twice, first on line %d", CX_STR_ARG(sorted[i]->key), sorted[i - 1]->line);
    return 0;
}

static int read_node(struct reader *r, struct cx_node **out);

/* The name of a member; the event after it is its value. */
static int read_name(struct reader *r, struct cx_str *name)
{
    struct cx_node *node;
    CX_TRY(read_node(r, &node));
    if (node->type == CX_NODE_LIST || node->type == CX_NODE_MAP)
        return cx_node_fail(node, r->err, "a name is expected here");
    *name = node->text;
    return next_event(r);
}

static int read_children(struct reader *r, struct cx_node *node, yaml_event_type_t end)
{
    struct cx_node **link = &node->first;
    if (++r->depth > CX_CONFIG_DEPTH)
        return cx_node_fail(node, r->err, "nested deeper than %d levels", CX_CONFIG_DEPTH);
    for (;;) {
        struct cx_str name = CX_STR_NULL;
        CX_TRY(next_event(r));
        if (r->event.type == end)
            break;
        /* A member's place is its name's. */
        const yaml_mark_t mark = r->event.start_mark;
        if (node->type == CX_NODE_MAP)
            CX_TRY(read_name(r, &name));
        CX_TRY(read_node(r, link));
        (*link)->key = name;
        (*link)->line = (int)mark.line + 1;
        (*link)->column = (int)mark.column + 1;
        link = &(*link)->next;
        node->count++;
    }
    r->depth--;
    return node->type == CX_NODE_MAP ? check_duplicates(r, node) : 0;
}

static int refuse_tag(struct reader *r, const struct cx_node *node, const yaml_char_t *tag, const yaml_char_t *anchor)
{
    return tag || anchor ? cx_node_fail(node, r->err, "YAML %s are not supported", tag ? "tags" : "anchors and aliases") : 0;
}

/* The value that the event at hand begins. */
static int read_node(struct reader *r, struct cx_node **out)
{
    struct cx_node *node = *out = new_node(r);
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        CX_TRY(refuse_tag(r, node, r->event.data.scalar.tag, r->event.data.scalar.anchor));
        read_scalar(r, node);
        return 0;
    case YAML_SEQUENCE_START_EVENT:
        CX_TRY(refuse_tag(r, node, r->event.data.sequence_start.tag, r->event.data.sequence_start.anchor));
        node->type = CX_NODE_LIST;
        return read_children(r, node, YAML_SEQUENCE_END_EVENT);
    case YAML_MAPPING_START_EVENT:
        CX_TRY(refuse_tag(r, node, r->event.data.mapping_start.tag, r->event.data.mapping_start.anchor));
        node->type = CX_NODE_MAP;
        return read_children(r, node, YAML_MAPPING_END_EVENT);
    default:
        return cx_node_fail(node, r->err, "YAML anchors and aliases are not supported");
    }
}

static int read_document(struct reader *r, struct cx_node **root)
{
    CX_TRY(next_event(r)); /* stream start */
    CX_TRY(next_event(r));
    if (r->event.type == YAML_STREAM_END_EVENT) {
        *root = new_node(r);
        (*root)->type = CX_NODE_MAP;
        return 0;
    }
    CX_TRY(next_event(r));
    CX_TRY(read_node(r, root));
    CX_TRY(next_event(r)); /* document end */
    CX_TRY(next_event(r));
    if (r->event.type != YAML_STREAM_END_EVENT)
        return cx_node_fail(new_node(r), r->err, "a second YAML document is not supported");
    if ((*root)->type == CX_NODE_NULL)
        (*root)->type = CX_NODE_MAP;
    return 0;
}

struct cx_node *cx_config_parse(struct cx_arena *arena, const char *name, struct cx_str text, struct cx_error *err)
{
    struct reader r = { .arena = arena, .file = cx_arena_format(arena, "%s%c", name, 0).ptr, .err = err };
    struct cx_node *root = NULL;
    if (text.len > MAX_BYTES) {
        cx_fail(err, CX_EXIT_CONFIG, "%s: error: larger than %d bytes", name, MAX_BYTES);
        return NULL;
    }
    cx_assert(yaml_parser_initialize(&r.parser));
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.ptr ? text.ptr : ""), text.len);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    int failed = read_document(&r, &root);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return failed ? NULL : root;
}
