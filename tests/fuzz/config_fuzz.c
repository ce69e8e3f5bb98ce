/* config_fuzz.c - any bytes are a configuration or a message; a configuration prints as YAML that prints the same again. The first line is also laid
 * over it as --set would. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct settings {
    int64_t window;
    double share;
    bool strict;
    struct cx_str name;
    const struct cx_node *rows;
};

static const struct cx_option options[] = {
    CX_OPTION(struct settings, window, "1h", 1000, 86400000, "ms", "A time."),
    CX_OPTION(struct settings, share, "0.5", 0, 1, "", "A share."),
    CX_OPTION(struct settings, strict, "true", 0, 0, "", "A truth."),
    CX_OPTION(struct settings, name, "", 0, 0, "", "A name."),
    CX_OPTION(struct settings, rows, NULL, 0, 0, "", "Rows."),
    { 0 },
};

static void print_twice(struct cx_arena *arena, const struct cx_node *root)
{
    struct cx_buf first, second;
    struct cx_error err;
    cx_buf_init(&first, 1u << 24);
    cx_buf_init(&second, 1u << 24);
    cx_config_print(&first, root);
    const struct cx_node *again = cx_config_parse(arena, "printed", cx_buf_view(&first), &err);
    if (!again)
        fprintf(stderr, "%s\n%.*s\n", err.text, CX_STR_ARG(cx_buf_view(&first)));
    cx_assert(again != NULL);
    cx_config_print(&second, again);
    cx_assert(cx_str_eq(cx_buf_view(&first), cx_buf_view(&second)));
    cx_buf_free(&first);
    cx_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_error err = { 0 };
    struct settings settings;
    struct cx_node *root = cx_config_parse(arena, "fuzz", cx_str_n(data, size), &err);
    if (root) {
        print_twice(arena, root);
        cx_options_read(options, cx_node_get(root, "dedup"), "dedup", &settings, &err);
        struct cx_str rest = cx_str_n(data, size), line;
        cx_str_cut(&rest, '\n', &line);
        const char *assignment = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(line), 0).ptr;
        if (cx_config_set(arena, root, assignment, "--set", &err) == 0)
            print_twice(arena, root);
    } else {
        cx_assert(err.exit == CX_EXIT_CONFIG && err.text[0]);
    }
    cx_arena_free(arena);
    return 0;
}
