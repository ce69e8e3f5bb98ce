/* What --set and the environment lay over the file. */
#include "config/config.h"
#include "config/secret.h"

/* A name off the path: up to the next dot, or in double quotes. */
static bool cut_name(struct cx_str *path, struct cx_str *name)
{
    if (!path->ptr || !path->len || path->ptr[0] != '"')
        return cx_str_cut(path, '.', name) && name->len;
    struct cx_str rest = cx_str_skip(*path, 1);
    ptrdiff_t quote = cx_str_find(rest, '"');
    if (quote <= 0)
        return false;
    *name = cx_str_n(rest.ptr, (size_t)quote);
    rest = cx_str_skip(rest, (size_t)quote + 1);
    if (rest.len && rest.ptr[0] != '.')
        return false;
    *path = rest.len ? cx_str_skip(rest, 1) : CX_STR_NULL;
    return true;
}

/* Child of a map by name (made when it is not there), of a list by its index; NULL if that cannot be. */
static struct cx_node *step_into(struct cx_arena *arena, struct cx_node *parent, struct cx_str name)
{
    int64_t index = -1;
    struct cx_node **link = &parent->first;
    if (parent->type == CX_NODE_NULL)
        parent->type = CX_NODE_MAP;
    if (parent->type == CX_NODE_SCALAR || (parent->type == CX_NODE_LIST && !cx_str_to_i64(name, &index)))
        return NULL;
    for (; *link; link = &(*link)->next)
        if (parent->type == CX_NODE_MAP ? cx_str_eq((*link)->key, name) : index-- == 0)
            return *link;
    if (parent->type == CX_NODE_LIST)
        return NULL;
    parent->count++;
    *link = CX_NEW(arena, struct cx_node);
    (*link)->key = cx_arena_copy(arena, name);
    return *link;
}

/* Names its origin and path as the place of every node of a value. */
static void place(struct cx_node *node, const char *file)
{
    node->file = file;
    node->line = node->column = 0;
    for (struct cx_node *child = node->first; child; child = child->next)
        place(child, file);
}

/* A value in brackets, braces or quotes is YAML; the rest stands for itself, so that passwords need no quoting. */
static int read_value(struct cx_arena *arena, struct cx_str name, struct cx_str text, const char *file, struct cx_node *out, struct cx_error *err)
{
    if (text.len && strchr("[{\"'", text.ptr[0]) && !cx_is_secret(name)) {
        struct cx_node *value = cx_config_parse(arena, file, text, err);
        if (!value)
            return -1;
        *out = *value;
    } else {
        *out = (struct cx_node){ .type = CX_NODE_SCALAR, .text = cx_arena_copy(arena, text), .quoted = text.len == 0 };
    }
    place(out, file);
    return 0;
}

/* Levels below a node, itself included. */
static int height(const struct cx_node *node)
{
    int most = 0;
    for (const struct cx_node *child = node->first; child; child = child->next) {
        int below = height(child);
        most = below > most ? below : most;
    }
    return most + 1;
}

static int set(struct cx_arena *arena, struct cx_node *root, struct cx_str path, struct cx_str text, const char *file, struct cx_error *err)
{
    struct cx_str rest = path, name = CX_STR_NULL;
    struct cx_node *node = root, value;
    int depth = 0;
    while (rest.ptr) {
        if (++depth > CX_CONFIG_DEPTH || !cut_name(&rest, &name))
            return cx_fail(err, CX_EXIT_CONFIG, "%s: error: expected names with dots between them", file);
        node = step_into(arena, node, name);
        if (!node)
            return cx_fail(err, CX_EXIT_CONFIG, "%s: error: there is no place for \"%.*s\" below a value or list", file, CX_STR_ARG(name));
        if (!node->file)
            node->file = file;
    }
    CX_TRY(read_value(arena, name, text, file, &value, err));
    if (depth + height(&value) > CX_CONFIG_DEPTH) /* what is printed must be read again */
        return cx_fail(err, CX_EXIT_CONFIG, "%s: error: nested deeper than %d levels", file, CX_CONFIG_DEPTH);
    value.key = node->key;
    value.next = node->next;
    *node = value;
    return 0;
}

int cx_config_set(struct cx_arena *arena, struct cx_node *root, const char *assignment, const char *origin, struct cx_error *err)
{
    struct cx_str whole = cx_str(assignment);
    ptrdiff_t equals = cx_str_find(whole, '=');
    if (equals <= 0)
        return cx_fail(err, CX_EXIT_CONFIG, "%s: error: expected path=value, such as kafka.brokers=host:9092", origin);
    struct cx_str path = cx_str_n(whole.ptr, (size_t)equals);
    const char *file = cx_arena_format(arena, "%s %.*s%c", origin, CX_STR_ARG(path), 0).ptr;
    return set(arena, root, path, cx_str_skip(whole, (size_t)equals + 1), file, err);
}

/* kafka.brokers -> CX_KAFKA_BROKERS */
static struct cx_str variable_of(struct cx_arena *arena, const char *path)
{
    struct cx_str name = cx_arena_format(arena, "CX_%s%c", path, 0);
    char *at = (char *)name.ptr;
    for (size_t i = 0; i < name.len; i++) {
        if (at[i] >= 'a' && at[i] <= 'z')
            at[i] = (char)(at[i] - 'a' + 'A');
        else if (at[i] == '.' || at[i] == '-')
            at[i] = '_';
    }
    return cx_str_n(name.ptr, name.len - 1);
}

int cx_config_env(struct cx_arena *arena, struct cx_node *root, char *const *environ_, const char *const *paths, struct cx_error *err)
{
    for (; *paths; paths++) {
        struct cx_str variable = variable_of(arena, *paths);
        for (char *const *entry = environ_; *entry; entry++) {
            struct cx_str whole = cx_str(*entry);
            if (!cx_str_starts(whole, variable) || (*entry)[variable.len] != '=')
                continue;
            CX_TRY(set(arena, root, cx_str(*paths), cx_str_skip(whole, variable.len + 1), variable.ptr, err));
            break;
        }
    }
    return 0;
}
