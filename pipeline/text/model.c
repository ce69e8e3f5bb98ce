/* model.c - reading an image, and sums to scores. */
#include "text/model.h"
#include "base/json.h"
#include "text/rows.h"
#include "text/scores.h"
#include <math.h>

#define MAGIC         "cx model 2\n"
#define MAGIC_BEFORE  "cx model 1\n"
#define HEADS_MAX     32
#define ROW_BYTES_MAX 512
#define COLUMNS_MAX   (CX_MODEL_NARROW + ROW_BYTES_MAX)

static int bad(struct cx_error *err, const char *what)
{
    return cx_fail(err, CX_EXIT_DATA, "not a model that this version reads: %s; make it anew with cx train or tools/train", what);
}

/* ---- the header ---- */

static bool read_u32(const struct cx_json *object, const char *key, uint32_t least, uint32_t most, uint32_t *out)
{
    const struct cx_json *node = cx_json_get(object, cx_str(key));
    int64_t value;
    if (node == NULL || node->type != CX_JSON_NUMBER || !cx_str_to_i64(node->text, &value) || value < least || value > most)
        return false;
    *out = (uint32_t)value;
    return true;
}

static struct cx_str read_text(struct cx_arena *arena, const struct cx_json *object, const char *key)
{
    const struct cx_json *node = cx_json_get(object, cx_str(key));
    return node != NULL && node->type == CX_JSON_STRING ? cx_arena_copy(arena, node->text) : CX_STR_NULL;
}

/* A list of `n` finite numbers, or NULL. */
static const float *read_numbers(struct cx_arena *arena, const struct cx_json *object, const char *key, uint32_t n)
{
    const struct cx_json *list = cx_json_get(object, cx_str(key)), *node;
    if (list == NULL || list->type != CX_JSON_ARRAY || list->count != n)
        return NULL;
    float *numbers = CX_NEW_ARRAY(arena, float, n + SCORES_SLACK), *to = numbers;
    for (node = list->first; node != NULL; node = node->next) {
        double value;
        if (node->type != CX_JSON_NUMBER || !cx_str_to_f64(node->text, &value) || !(fabs(value) < 1e30))
            return NULL;
        *to++ = (float)value;
    }
    return numbers;
}

static bool read_number(const struct cx_json *object, const char *key, float *out)
{
    const struct cx_json *node = cx_json_get(object, cx_str(key));
    double value;
    if (node == NULL || node->type != CX_JSON_NUMBER || !cx_str_to_f64(node->text, &value) || !(fabs(value) < 1e30))
        return false;
    *out = (float)value;
    return true;
}

static bool read_labels(struct cx_arena *arena, const struct cx_json *node, struct cx_head *head)
{
    const struct cx_json *list = cx_json_get(node, CX_STR("labels"));
    if (list == NULL || list->type != CX_JSON_ARRAY || list->count == 0 || list->count > CX_MODEL_LABELS)
        return false;
    struct cx_str *labels = CX_NEW_ARRAY(arena, struct cx_str, list->count);
    head->labels = labels;
    head->label_count = list->count;
    for (const struct cx_json *label = list->first; label != NULL; label = label->next) {
        if (label->type != CX_JSON_STRING)
            return false;
        *labels++ = cx_arena_copy(arena, label->text);
    }
    return true;
}

static int read_head(struct cx_arena *arena, const struct cx_json *node, const struct cx_model *model, struct cx_head *head, struct cx_error *err)
{
    struct cx_str kind = read_text(arena, node, "kind");
    const struct cx_json *adds = cx_json_get(node, CX_STR("adds"));
    head->name = read_text(arena, node, "name");
    head->kind = cx_str_is(kind, "any_of") ? CX_HEAD_ANY_OF : CX_HEAD_ONE_OF;
    head->adds = adds != NULL && adds->type == CX_JSON_TRUE;
    if (head->name.ptr == NULL || (head->kind == CX_HEAD_ONE_OF && !cx_str_is(kind, "one_of")))
        return bad(err, "a head without a name or a kind");
    if (!read_labels(arena, node, head))
        return bad(err, "the labels of a head");
    if (!read_u32(node, "table", 0, model->table_count - 1, &head->table) || !read_u32(node, "column", 0, COLUMNS_MAX, &head->column) ||
        head->column + head->label_count > model->tables[head->table].columns)
        return bad(err, "a head outside of its table");
    head->scale = read_numbers(arena, node, "scale", head->label_count);
    head->bias = read_numbers(arena, node, "bias", head->label_count);
    head->threshold = read_numbers(arena, node, "threshold", head->label_count);
    if (head->scale == NULL || head->bias == NULL || head->threshold == NULL || !read_number(node, "at_least", &head->at_least))
        return bad(err, "the numbers of a head");
    for (uint32_t i = 0; i < head->label_count; i++)
        if (!(head->threshold[i] > 0))
            return bad(err, "a threshold that is not above 0");
    return 0;
}

/* The first bytes, cut off and copied to where a cache line starts. */
static const void *aligned_copy(struct cx_arena *arena, struct cx_str *bytes, size_t size)
{
    char *copy = cx_arena_alloc(arena, size + 64);
    copy += -(uintptr_t)copy & 63;
    memcpy(copy, bytes->ptr, size);
    *bytes = cx_str_skip(*bytes, size);
    return copy;
}

/* Buckets that are lines; what they say of rows must be there. */
static int read_lines(struct cx_arena *arena, const struct cx_json *node, struct cx_str *bytes, struct cx_model_table *table, struct cx_error *err)
{
    if (!read_u32(node, "rows", 0, CX_MODEL_BUCKETS * CX_MODEL_LINE, &table->row_count))
        return bad(err, "the size of a table");
    table->columns = CX_MODEL_NARROW + table->row_bytes;
    if (bytes->len < table->buckets * sizeof *table->lines)
        return bad(err, "it is cut short");
    table->lines = aligned_copy(arena, bytes, table->buckets * sizeof *table->lines);
    for (uint32_t b = 0; b < table->buckets; b++)
        if (rows_of_line(&table->lines[b]) > table->row_count)
            return bad(err, "a row that is not there");
    return 0;
}

static int read_table(struct cx_arena *arena, const struct cx_json *node, struct cx_str *bytes, struct cx_model_table *table, struct cx_error *err)
{
    struct cx_str features = read_text(arena, node, "features"), buckets = read_text(arena, node, "of");
    bool is_of_lines = cx_str_is(buckets, "lines");
    table->features = cx_str_is(features, "letters") ? CX_FEATURES_LETTERS : CX_FEATURES_WORDS;
    if (table->features == CX_FEATURES_WORDS && !cx_str_is(features, "words"))
        return bad(err, "a table of unknown features");
    if (!is_of_lines && !cx_str_is(buckets, "tags"))
        return bad(err, "a table of an unknown make");
    if (!read_u32(node, "buckets", 1, CX_MODEL_BUCKETS, &table->buckets) ||
        !read_u32(node, "row_bytes", is_of_lines ? 0 : 32, ROW_BYTES_MAX, &table->row_bytes) || table->row_bytes % 32 != 0)
        return bad(err, "the size of a table");
    if (is_of_lines) {
        CX_TRY(read_lines(arena, node, bytes, table, err));
    } else {
        table->row_count = table->buckets * CX_MODEL_BUCKET;
        table->columns = table->row_bytes;
        if (bytes->len < table->row_count * sizeof *table->tags)
            return bad(err, "it is cut short");
        table->tags = aligned_copy(arena, bytes, table->row_count * sizeof *table->tags);
    }
    size_t size = (size_t)table->row_count * table->row_bytes;
    if (bytes->len < size)
        return bad(err, "it is cut short");
    table->rows = aligned_copy(arena, bytes, size);
    return 0;
}

static int read_header(struct cx_arena *arena, const struct cx_json *root, struct cx_str rows, struct cx_model *model, struct cx_error *err)
{
    const struct cx_json *tables = cx_json_get(root, CX_STR("tables")), *heads = cx_json_get(root, CX_STR("heads")), *node;
    model->version = read_text(arena, root, "version");
    model->base = read_text(arena, root, "base");
    if (model->version.ptr == NULL || tables == NULL || tables->type != CX_JSON_ARRAY || tables->count > CX_MODEL_TABLES || tables->count == 0 ||
        heads == NULL || heads->type != CX_JSON_ARRAY || heads->count > HEADS_MAX)
        return bad(err, "its header");
    struct cx_buf card;
    cx_buf_init(&card, 16u << 20);
    if (cx_json_get(root, CX_STR("card")) != NULL)
        cx_json_dump(&card, cx_json_get(root, CX_STR("card")));
    model->card = cx_arena_copy(arena, cx_buf_view(&card));
    cx_buf_free(&card);
    for (node = tables->first; node != NULL; node = node->next)
        CX_TRY(read_table(arena, node, &rows, &model->tables[model->table_count++], err));
    if (rows.len != 0)
        return bad(err, "bytes after its last table");
    struct cx_head *list = CX_NEW_ARRAY(arena, struct cx_head, heads->count);
    model->heads = list;
    for (node = heads->first; node != NULL; node = node->next) {
        struct cx_head *head = &list[model->head_count++];
        CX_TRY(read_head(arena, node, model, head, err));
        for (uint32_t i = 0; i + 1 < model->head_count; i++)
            if (cx_str_eq(list[i].name, head->name))
                return bad(err, "two heads of one name");
        head->first = model->score_count;
        model->score_count += head->label_count;
    }
    return 0;
}

int cx_model_read(struct cx_arena *arena, struct cx_str image, struct cx_model *model, struct cx_error *err)
{
    *model = (struct cx_model){ 0 };
    if (cx_str_starts(image, CX_STR(MAGIC_BEFORE)))
        return bad(err, "it is of an older make");
    if (!cx_str_starts(image, CX_STR(MAGIC)))
        return bad(err, "it does not begin like one");
    struct cx_str rest = cx_str_skip(image, sizeof MAGIC - 1), line;
    int64_t length;
    if (!cx_str_cut(&rest, '\n', &line) || rest.ptr == NULL || !cx_str_to_i64(line, &length) || length < 2 || (uint64_t)length > rest.len)
        return bad(err, "the length of its header");
    struct cx_json_fault fault;
    const struct cx_json *root = cx_json_parse(arena, cx_str_n(rest.ptr, (size_t)length), &fault);
    if (root == NULL || root->type != CX_JSON_OBJECT)
        return bad(err, "its header is no JSON object");
    size_t at = (size_t)(rest.ptr - image.ptr) + (size_t)length;
    return read_header(arena, root, cx_str_skip(image, (at + 63) / 64 * 64), model, err);
}

const struct cx_head *cx_model_head(const struct cx_model *model, struct cx_str name)
{
    for (uint32_t i = 0; i < model->head_count; i++)
        if (cx_str_eq(model->heads[i].name, name))
            return &model->heads[i];
    return NULL;
}

int cx_head_label(const struct cx_head *head, struct cx_str name)
{
    for (uint32_t i = 0; i < head->label_count; i++)
        if (cx_str_eq(head->labels[i], name))
            return (int)i;
    return -1;
}

/* ---- scores ---- */

static float norm_of(size_t count)
{
    return count > 0 ? 1 / sqrtf((float)count) : 0;
}

/* Whether in every head of the table the best label leads by so much that what follows would hardly change it. */
static bool is_decided(const struct cx_model *model, uint32_t table, const int32_t *sums, size_t count)
{
    for (uint32_t h = 0; h < model->head_count; h++) {
        const struct cx_head *head = &model->heads[h];
        if (head->table == table && (head->kind == CX_HEAD_ANY_OF || scores_near(head, sums + head->column, norm_of(count), CX_MODEL_LEAD) > 1))
            return false;
    }
    return true;
}

/* Adds up the rows of a table, of letters until they decide; sums has room for COLUMNS_MAX + SCORES_SLACK. Returns how many features were read. */
static size_t add_up(const struct cx_model *model, uint32_t table, struct cx_features *features, int32_t *sums)
{
    size_t step = model->tables[table].features == CX_FEATURES_LETTERS ? CX_MODEL_LETTERS_STEP : SIZE_MAX, at = 0;
    memset(sums, 0, (model->tables[table].columns + SCORES_SLACK) * sizeof *sums);
    for (;;) {
        while (features->count - at < step && cx_text_features_more(features))
            continue;
        size_t n = features->count - at < step ? features->count - at : step;
        rows_add(&model->tables[table], features->hashes + at, n, sums);
        at += n;
        if (n < step || is_decided(model, table, sums, at))
            return at;
    }
}

/* Logits of the model's own rows, put where the model has them, or added where `places` says. */
static void own_logits(const struct cx_model *model, enum cx_feature_kind kind, struct cx_features *features, const uint32_t *places, float *logits)
{
    for (uint32_t t = 0; t < model->table_count; t++) {
        if (model->tables[t].features != kind)
            continue;
        int32_t sums[COLUMNS_MAX + SCORES_SLACK];
        float norm = norm_of(add_up(model, t, features, sums)), own[CX_MODEL_LABELS];
        for (uint32_t h = 0; h < model->head_count; h++) {
            const struct cx_head *head = &model->heads[h];
            if (head->table != t)
                continue;
            scores_logits(head, sums + head->column, norm, places == NULL ? logits + head->first : own);
            for (uint32_t i = 0; i < head->label_count && places != NULL; i++)
                logits[places[head->first + i]] += own[i];
        }
    }
}

void cx_model_logits(const struct cx_model *model, enum cx_feature_kind kind, struct cx_features *features, float *logits)
{
    if (model->layer_count == 0) {
        own_logits(model, kind, features, NULL, logits);
        return;
    }
    for (uint32_t h = 0; h < model->head_count; h++)
        if (model->tables[model->heads[h].table].features == kind)
            memset(logits + model->heads[h].first, 0, model->heads[h].label_count * sizeof *logits);
    for (uint32_t l = 0; l < model->layer_count; l++)
        own_logits(model->layers[l].model, kind, features, model->layers[l].places, logits);
}

void cx_head_scores(const struct cx_head *head, float *values)
{
    if (head->kind == CX_HEAD_ANY_OF)
        scores_any_of(values, head->label_count);
    else
        scores_one_of(values, head->label_count);
}

int cx_head_choice(const struct cx_head *head, const float *scores)
{
    int best = 0;
    for (uint32_t i = 1; i < head->label_count; i++)
        if (scores[i] / head->threshold[i] > scores[best] / head->threshold[best])
            best = (int)i;
    return scores[best] >= head->at_least ? best : -1;
}

/* Adds what the features weigh in one head of the model's own rows. */
static void own_weights(const struct cx_model *model, const struct cx_head *head, uint32_t label, const struct cx_features *features, float *weights)
{
    const struct cx_model_table *table = &model->tables[head->table];
    float norm = norm_of(features->count);
    for (size_t i = 0; i < features->count; i++) {
        int weight = rows_weight(table, features->hashes[i], head->column + label);
        weights[i] += head->scale[label] * ((float)weight * norm);
    }
}

void cx_model_weigh(const struct cx_model *model, const struct cx_head *head, uint32_t label, const struct cx_features *features, float *weights)
{
    memset(weights, 0, features->count * sizeof *weights);
    if (model->layer_count == 0)
        own_weights(model, head, label, features, weights);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct cx_model *layer = model->layers[l].model;
        for (uint32_t h = 0; h < layer->head_count; h++)
            for (uint32_t i = 0; i < layer->heads[h].label_count; i++)
                if (model->layers[l].places[layer->heads[h].first + i] == head->first + label)
                    own_weights(layer, &layer->heads[h], i, features, weights);
    }
}
