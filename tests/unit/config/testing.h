/* testing.h - what the tests of config/ share: an arena, an error, and short ways to parse. */
#ifndef CX_TEST_CONFIG_H
#define CX_TEST_CONFIG_H
#include "config/config.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static struct cx_error err;

static inline void open_arena(void)
{
    arena = cx_arena_new(256 << 20);
}

static inline void close_arena(void)
{
    cx_arena_free(arena);
}

static inline struct cx_node *parse(const char *text)
{
    struct cx_node *root = cx_config_parse(arena, "cx.yaml", cx_str(text), &err);
    cr_assert_not_null(root, "%s", err.text);
    return root;
}

/* The text of the scalar at a.b.c, "(absent)" if there is none. */
static inline const char *at(const struct cx_node *root, const char *path)
{
    struct cx_str rest = cx_str(path), name;
    while (cx_str_cut(&rest, '.', &name))
        root = cx_node_get(root, cx_arena_format(arena, "%.*s%c", CX_STR_ARG(name), 0).ptr);
    return root && root->type == CX_NODE_SCALAR ? cx_arena_format(arena, "%.*s%c", CX_STR_ARG(root->text), 0).ptr : "(absent)";
}
#endif
