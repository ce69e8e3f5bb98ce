/* layers.c - a model and the overlays on it, as one model.
 * The whole has heads and scores of its own numbering but no rows: a layer's places lead from its scores to those of the whole. */
#include "text/model.h"

static int misfit(struct cx_error *err, const struct cx_model *overlay, const struct cx_head *head, const char *what)
{
    return cx_fail(err, CX_EXIT_CONFIG, "the overlay %.*s does not fit: its head %.*s %s", CX_STR_ARG(overlay->version), CX_STR_ARG(head->name),
                   what);
}

/* Labels of the overlay that the head lacks come after its own. */
static void add_labels(struct cx_arena *arena, struct cx_head *head, const struct cx_head *more)
{
    struct cx_str *labels = CX_NEW_ARRAY(arena, struct cx_str, head->label_count + more->label_count);
    float *thresholds = CX_NEW_ARRAY(arena, float, head->label_count + more->label_count);
    memcpy(labels, head->labels, head->label_count * sizeof *labels);
    memcpy(thresholds, head->threshold, head->label_count * sizeof *thresholds);
    struct cx_head whole = *head;
    whole.labels = labels;
    whole.threshold = thresholds;
    for (uint32_t i = 0; i < more->label_count; i++) {
        if (cx_head_label(head, more->labels[i]) >= 0)
            continue;
        labels[whole.label_count] = more->labels[i];
        thresholds[whole.label_count++] = more->threshold[i];
    }
    *head = whole;
}

static struct cx_head *find_head(struct cx_model *model, struct cx_head *heads, struct cx_str name)
{
    for (uint32_t i = 0; i < model->head_count; i++)
        if (cx_str_eq(heads[i].name, name))
            return &heads[i];
    return NULL;
}

static int add_head(struct cx_arena *arena, struct cx_model *model, struct cx_head *heads, const struct cx_model *overlay, const struct cx_head *head,
                    struct cx_error *err)
{
    struct cx_head *known = find_head(model, heads, head->name);
    enum cx_feature_kind features = overlay->tables[head->table].features;
    if (known != NULL && !head->adds)
        return misfit(err, overlay, head, "would take the place of one that is there");
    if (known != NULL) {
        if (known->kind != head->kind || model->tables[known->table].features != features)
            return misfit(err, overlay, head, "is of another kind than the one it adds to");
        add_labels(arena, known, head);
        return known->label_count <= CX_MODEL_LABELS ? 0 : misfit(err, overlay, head, "has too many labels");
    }
    if (head->adds)
        return misfit(err, overlay, head, "adds to one that the base has not");
    uint32_t table = 0;
    while (table < model->table_count && model->tables[table].features != features)
        table++;
    if (table == model->table_count || model->head_count == CX_MODEL_HEADS)
        return misfit(err, overlay, head, "reads what the base does not, or is one too many");
    heads[model->head_count] = *head;
    heads[model->head_count++].table = table;
    return 0;
}

/* Where the scores of a layer stand in the whole, once all heads have their labels. */
static const uint32_t *find_places(struct cx_arena *arena, struct cx_model *model, struct cx_head *heads, const struct cx_model *layer)
{
    uint32_t *places = CX_NEW_ARRAY(arena, uint32_t, layer->score_count);
    for (uint32_t h = 0; h < layer->head_count; h++) {
        const struct cx_head *from = &layer->heads[h], *to = find_head(model, heads, from->name);
        for (uint32_t i = 0; i < from->label_count; i++)
            places[from->first + i] = to->first + (uint32_t)cx_head_label(to, from->labels[i]);
    }
    return places;
}

static int check_base(const struct cx_model *base, const struct cx_model *overlay, struct cx_error *err)
{
    if (overlay->base.ptr == NULL || cx_str_eq(overlay->base, base->version))
        return 0;
    return cx_fail(err, CX_EXIT_CONFIG,
                   "the overlay %.*s was made over %.*s, and the model is %.*s: make it anew from the same labels (cx train --base)",
                   CX_STR_ARG(overlay->version), CX_STR_ARG(overlay->base), CX_STR_ARG(base->version));
}

int cx_model_lay(struct cx_arena *arena, const struct cx_model *base, const struct cx_model *const *overlays, size_t n, struct cx_model *model,
                 struct cx_error *err)
{
    if (n >= CX_MODEL_LAYERS)
        return cx_fail(err, CX_EXIT_CONFIG, "more than %d overlays for one company", CX_MODEL_LAYERS - 1);
    struct cx_head *heads = CX_NEW_ARRAY(arena, struct cx_head, CX_MODEL_HEADS);
    struct cx_model_layer *layers = CX_NEW_ARRAY(arena, struct cx_model_layer, n + 1);
    *model = *base;
    memcpy(heads, base->heads, base->head_count * sizeof *heads);
    for (size_t i = 0; i < n; i++) {
        CX_TRY(check_base(base, overlays[i], err));
        for (uint32_t h = 0; h < overlays[i]->head_count; h++)
            CX_TRY(add_head(arena, model, heads, overlays[i], &overlays[i]->heads[h], err));
        model->version = cx_arena_format(arena, "%.*s+%.*s", CX_STR_ARG(model->version), CX_STR_ARG(overlays[i]->version));
    }
    model->score_count = 0;
    for (uint32_t h = 0; h < model->head_count; h++) {
        heads[h].first = model->score_count;
        model->score_count += heads[h].label_count;
    }
    for (size_t i = 0; i <= n; i++) {
        const struct cx_model *layer = i == 0 ? base : overlays[i - 1];
        layers[i] = (struct cx_model_layer){ layer, find_places(arena, model, heads, layer) };
    }
    model->heads = heads;
    model->layers = layers;
    model->layer_count = (uint32_t)n + 1;
    return 0;
}
