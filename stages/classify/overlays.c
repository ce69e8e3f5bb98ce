/* overlays.c - from files to models by tenant. */
#include "stages/classify/overlays.h"
#include <stdlib.h>

int classify_model_file(const struct cx_node *node, const struct cx_env *env, struct cx_model *model, struct cx_error *err)
{
    struct cx_str path, content;
    struct cx_error why;
    CX_TRY(cx_node_str(node, &path, err));
    if (env->read_file(env, path, &content, &why) != 0)
        return cx_node_fail(node, err, "%s", why.text);
    if (classify_learned_read(env->arena, content, model, &why) != 0)
        return cx_node_fail(node, err, "%.*s: %s", CX_STR_ARG(path), why.text);
    return 0;
}

/* One file, or a list of them. */
static int lay(const struct cx_node *node, const struct classify_learned *base, const struct cx_env *env, struct classify_learned *learned,
               struct cx_error *err)
{
    const struct cx_model *list[CX_MODEL_LAYERS];
    struct cx_error why;
    size_t n = 0;
    bool is_list = node->type == CX_NODE_LIST;
    for (const struct cx_node *file = is_list ? node->first : node; file != NULL; file = is_list ? file->next : NULL) {
        struct cx_model *overlay = CX_NEW(env->arena, struct cx_model);
        if (n == CX_MODEL_LAYERS - 1)
            return cx_node_fail(file, err, "a tenant has at most %d overlays", CX_MODEL_LAYERS - 1);
        CX_TRY(classify_model_file(file, env, overlay, err));
        for (size_t i = 0; i < n; i++)
            if (cx_str_eq(list[i]->version, overlay->version))
                return cx_node_fail(file, err, "%.*s: %.*s is listed already, and would count twice", CX_STR_ARG(file->text),
                                    CX_STR_ARG(overlay->version));
        list[n++] = overlay;
    }
    *learned = (struct classify_learned){ .at_least = base->at_least };
    if (cx_model_lay(env->arena, &base->model, list, n, &learned->model, &why) != 0)
        return cx_node_fail(node, err, "%s", why.text);
    classify_learned_bind(learned, env->arena);
    return 0;
}

static int by_tenant(const void *a, const void *b)
{
    return cx_str_cmp(((const struct classify_overlay *)a)->tenant, ((const struct classify_overlay *)b)->tenant);
}

int classify_overlays_open(struct classify_overlays *overlays, const struct cx_node *map, const struct classify_learned *base,
                           const struct cx_env *env, struct cx_error *err)
{
    *overlays = (struct classify_overlays){ NULL, 0 };
    if (map == NULL || map->type == CX_NODE_NULL)
        return 0;
    if (map->type != CX_NODE_MAP)
        return cx_node_fail(map, err, "expected a map of tenants to files: { acme: acme.cxm }");
    if (base == NULL)
        return cx_node_fail(map, err, "overlays need a model under them, and classify.model is none");
    struct classify_overlay *items = CX_NEW_ARRAY(env->arena, struct classify_overlay, map->count);
    for (const struct cx_node *node = map->first; node != NULL; node = node->next) {
        items[overlays->count].tenant = node->key;
        CX_TRY(lay(node, base, env, &items[overlays->count++].learned, err));
    }
    qsort(items, overlays->count, sizeof *items, by_tenant);
    overlays->items = items;
    return 0;
}

const struct classify_learned *classify_overlays_find(const struct classify_overlays *overlays, struct cx_str tenant)
{
    size_t low = 0, high = overlays->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = cx_str_cmp(overlays->items[middle].tenant, tenant);
        if (order == 0)
            return &overlays->items[middle].learned;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
