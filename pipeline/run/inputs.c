/* inputs.c - which topics a chain reads: asked for on the command line, configured, or by default. */
#include "run/inputs.h"

struct topic_list {
    struct cx_arena *arena;
    const char **names;
    size_t len;
};

static void add(struct topic_list *list, struct cx_str name)
{
    for (size_t i = 0; i < list->len; i++)
        if (cx_str_is(name, list->names[i]))
            return;
    if (list->len < CX_INPUTS_MAX)
        list->names[list->len++] = cx_arena_format(list->arena, "%.*s%c", CX_STR_ARG(name), '\0').ptr;
}

size_t cx_inputs_find(const struct cx_settings *settings, const struct cx_stage *first, const char *given, const char *names[CX_INPUTS_MAX])
{
    struct topic_list list = { settings->arena, names, 0 };
    struct cx_str rest = given ? cx_str(given) : CX_STR_NULL, piece;
    while (cx_str_cut(&rest, ',', &piece))
        add(&list, piece);
    const struct cx_node *rows = first->reads_raw ? cx_node_get(settings->root, "inputs") : NULL;
    for (const struct cx_node *row = rows && list.len == 0 ? rows->first : NULL; row; row = row->next)
        if (cx_node_get(row, "topic"))
            add(&list, cx_node_get(row, "topic")->text);
    const struct cx_node *own = cx_node_get(cx_node_get(settings->root, first->name), "input");
    if (list.len == 0 && own && own->type == CX_NODE_SCALAR)
        add(&list, own->text);
    if (list.len == 0)
        add(&list, cx_str(first->input));
    return list.len;
}
