/* The set of adapters: those compiled in, those of the operator, and what they say of channels. */
#include "stages/normalize/adapter.h"

#define FOLDER "schemas/channels/"
enum { ADAPTERS_MAX = 256 };

struct set {
    struct normalize_adapter *items;
    size_t count;
};

static int add(struct set *set, struct cx_arena *arena, const char *file, struct cx_str text, struct cx_error *err)
{
    struct normalize_adapter *made = CX_NEW(arena, struct normalize_adapter);
    CX_TRY(normalize_adapter_compile(arena, file, text, made, err));
    for (size_t i = 0; i < set->count; i++)
        if (cx_str_eq(set->items[i].name, made->name)) {
            set->items[i] = *made;
            return 0;
        }
    if (set->count == ADAPTERS_MAX)
        return cx_fail(err, CX_EXIT_CONFIG, "more than %d adapters", ADAPTERS_MAX);
    set->items[set->count++] = *made;
    return 0;
}

static int add_compiled_in(struct set *set, const struct cx_env *env, struct cx_error *err)
{
    const char *const *names = env->resources(env, FOLDER);
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        struct cx_str path = cx_str(names[i]), suffix = CX_STR(".yaml");
        if (!cx_str_starts(path, CX_STR(FOLDER)))
            path = cx_arena_format(env->arena, FOLDER "%s", names[i]);
        if (path.len < suffix.len || !cx_str_eq(cx_str_skip(path, path.len - suffix.len), suffix))
            continue;
        const char *file = cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(path), 0).ptr;
        CX_TRY(add(set, env->arena, file, env->resource(env, file), err));
    }
    return 0;
}

static int add_file(struct set *set, const struct cx_env *env, const struct cx_node *node, struct cx_error *err)
{
    struct cx_str path, text;
    struct cx_error why;
    CX_TRY(cx_node_str(node, &path, err));
    if (env->read_file(env, path, &text, &why) != 0)
        return cx_node_fail(node, err, "%s", why.text);
    const char *file = cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(path), 0).ptr;
    return add(set, env->arena, file, text, err);
}

static int add_configured(struct set *set, const struct cx_node *node, const struct cx_env *env, struct cx_error *err)
{
    if (node == NULL || node->type == CX_NODE_NULL)
        return 0;
    if (node->type == CX_NODE_SCALAR)
        return add_file(set, env, node, err);
    for (const struct cx_node *file = node->first; file != NULL; file = file->next)
        CX_TRY(add_file(set, env, file, err));
    return 0;
}

static int by_adapter(const void *a, const void *b)
{
    return cx_str_cmp(((const struct normalize_adapter *)a)->name, ((const struct normalize_adapter *)b)->name);
}

static int by_channel(const void *a, const void *b)
{
    return cx_str_cmp(((const struct normalize_channel *)a)->name, ((const struct normalize_channel *)b)->name);
}

static int collect_channels(struct normalize_self *self, struct cx_arena *arena, struct cx_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < self->adapter_count; i++)
        count += self->adapters[i].channel_count;
    struct normalize_channel *channels = CX_NEW_ARRAY(arena, struct normalize_channel, count);
    for (size_t i = 0; i < self->adapter_count; i++)
        for (size_t k = 0; k < self->adapters[i].channel_count; k++)
            channels[self->channel_count++] = self->adapters[i].channels[k];
    qsort(channels, count, sizeof *channels, by_channel);
    for (size_t i = 1; i < count; i++)
        if (cx_str_eq(channels[i].name, channels[i - 1].name))
            return cx_fail(err, CX_EXIT_CONFIG, "two adapters have a row for channel %.*s: leave one", CX_STR_ARG(channels[i].name));
    self->channels = channels;
    return 0;
}

int normalize_adapters_load(struct normalize_self *self, const struct normalize_config *config, const struct cx_env *env, struct cx_error *err)
{
    struct set set = { .items = CX_NEW_ARRAY(env->arena, struct normalize_adapter, ADAPTERS_MAX) };
    CX_TRY(add_compiled_in(&set, env, err));
    CX_TRY(add_configured(&set, config->adapters, env, err));
    qsort(set.items, set.count, sizeof *set.items, by_adapter);
    self->adapters = set.items;
    self->adapter_count = set.count;
    return collect_channels(self, env->arena, err);
}

const struct normalize_adapter *normalize_adapter_find(const struct normalize_self *self, struct cx_str name)
{
    size_t low = 0, high = self->adapter_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = cx_str_cmp(name, self->adapters[middle].name);
        if (order == 0)
            return &self->adapters[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
