/* model.c - reading an image, and sums to scores. */
#include "text/model.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/pages.h"
#include "text/rows.h"
#include "text/scores.h"
#include "text/sums.h"
#include <math.h>

#define MAGIC        "cx model 3\n"
#define MAGIC_OTHERS "cx model "
#define LIFT_MAX     4

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
    if (!read_u32(node, "table", 0, model->table_count - 1, &head->table) || !read_u32(node, "column", 0, MODEL_COLUMNS_MAX, &head->column) ||
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
    if (cx_json_get(node, CX_STR("lift")) != NULL &&
        (!read_number(node, "lift", &head->lift) || !(head->lift >= 0 && head->lift <= LIFT_MAX) || head->kind != CX_HEAD_ANY_OF))
        return bad(err, "a lift that is not from 0 to 4, or of a head that has one label of several");
    return 0;
}

/* Whether a head goes on where the run ends. */
static bool goes_on(const struct cx_model_run *run, const struct cx_head *head)
{
    return run->table == head->table && run->column + run->count == head->column && run->first + run->count == head->first;
}

static void find_runs(struct cx_arena *arena, struct cx_model *model)
{
    struct cx_model_run *runs = CX_NEW_ARRAY(arena, struct cx_model_run, model->head_count);
    float *scales = CX_NEW_ARRAY(arena, float, model->score_count + SCORES_SLACK),
          *biases = CX_NEW_ARRAY(arena, float, model->score_count + SCORES_SLACK);
    for (const struct cx_head *head = model->heads; head < model->heads + model->head_count; head++) {
        memcpy(scales + head->first, head->scale, head->label_count * sizeof *scales);
        memcpy(biases + head->first, head->bias, head->label_count * sizeof *biases);
        if (model->run_count > 0 && goes_on(&runs[model->run_count - 1], head))
            runs[model->run_count - 1].count += head->label_count;
        else
            runs[model->run_count++] =
                (struct cx_model_run){ head->table, head->column, head->first, head->label_count, scales + head->first, biases + head->first };
    }
    model->runs = runs;
}

/* ---- tables ---- */

/* The rest of an image, and where its tables go. */
struct tables_room {
    struct cx_str bytes;
    char *at;
};

/* Features are looked up all over the tables: in pages of 4 KB the machine would look for pages as long as for what is on them. */
static struct tables_room room_for(struct cx_arena *arena, struct cx_str bytes)
{
    size_t align = bytes.len >= CX_LARGE_PAGE ? CX_LARGE_PAGE : 64, size = bytes.len + (size_t)2 * CX_MODEL_TABLES * 64;
    char *room = cx_arena_alloc(arena, size + align);
    room += -(uintptr_t)room & (align - 1);
    cx_large_pages(room, size);
    return (struct tables_room){ bytes, room };
}

/* The first bytes, cut off and copied to where a cache line starts. */
static const void *take_table(struct tables_room *room, size_t size)
{
    char *copy = memcpy(room->at, room->bytes.ptr, size);
    room->at += (size + 63) / 64 * 64;
    room->bytes = cx_str_skip(room->bytes, size);
    return copy;
}

/* Buckets that are lines; what they say of rows must be there. */
static int read_lines(const struct cx_json *node, struct tables_room *room, struct cx_model_table *table, struct cx_error *err)
{
    if (!read_u32(node, "rows", 0, CX_MODEL_BUCKETS * CX_MODEL_LINE, &table->row_count))
        return bad(err, "the size of a table");
    table->columns = CX_MODEL_NARROW + table->row_bytes;
    if (room->bytes.len < table->buckets * sizeof *table->lines)
        return bad(err, "it is cut short");
    table->lines = take_table(room, table->buckets * sizeof *table->lines);
    for (uint32_t b = 0; b < table->buckets; b++)
        if (rows_of_line(&table->lines[b]) > table->row_count)
            return bad(err, "a row that is not there");
    return 0;
}

static int read_table(struct cx_arena *arena, const struct cx_json *node, struct tables_room *room, struct cx_model_table *table,
                      struct cx_error *err)
{
    struct cx_str features = read_text(arena, node, "features"), buckets = read_text(arena, node, "of");
    bool is_of_lines = cx_str_is(buckets, "lines");
    table->features = cx_str_is(features, "letters") ? CX_FEATURES_LETTERS : CX_FEATURES_WORDS;
    if (table->features == CX_FEATURES_WORDS && !cx_str_is(features, "words"))
        return bad(err, "a table of unknown features");
    if (!is_of_lines && !cx_str_is(buckets, "tags"))
        return bad(err, "a table of an unknown make");
    if (!read_u32(node, "buckets", 1, CX_MODEL_BUCKETS, &table->buckets) ||
        !read_u32(node, "row_bytes", is_of_lines ? 0 : 32, MODEL_ROW_BYTES_MAX, &table->row_bytes) || table->row_bytes % 32 != 0)
        return bad(err, "the size of a table");
    if (is_of_lines) {
        CX_TRY(read_lines(node, room, table, err));
    } else {
        table->row_count = table->buckets * CX_MODEL_BUCKET;
        table->columns = table->row_bytes;
        if (room->bytes.len < table->row_count * sizeof *table->tags)
            return bad(err, "it is cut short");
        table->tags = take_table(room, table->row_count * sizeof *table->tags);
    }
    size_t size = (size_t)table->row_count * table->row_bytes;
    if (room->bytes.len < size)
        return bad(err, "it is cut short");
    table->rows = take_table(room, size);
    return 0;
}

static int read_header(struct cx_arena *arena, const struct cx_json *root, struct cx_str rows, struct cx_model *model, struct cx_error *err)
{
    const struct cx_json *tables = cx_json_get(root, CX_STR("tables")), *heads = cx_json_get(root, CX_STR("heads")), *node;
    model->version = read_text(arena, root, "version");
    model->base = read_text(arena, root, "base");
    if (model->version.ptr == NULL || tables == NULL || tables->type != CX_JSON_ARRAY || tables->count > CX_MODEL_TABLES || tables->count == 0 ||
        heads == NULL || heads->type != CX_JSON_ARRAY || heads->count > CX_MODEL_HEADS)
        return bad(err, "its header");
    struct cx_buf card;
    cx_buf_init(&card, 16u << 20);
    if (cx_json_get(root, CX_STR("card")) != NULL)
        cx_json_dump(&card, cx_json_get(root, CX_STR("card")));
    model->card = cx_arena_copy(arena, cx_buf_view(&card));
    cx_buf_free(&card);
    struct tables_room room = room_for(arena, rows);
    for (node = tables->first; node != NULL; node = node->next)
        CX_TRY(read_table(arena, node, &room, &model->tables[model->table_count++], err));
    if (room.bytes.len != 0)
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
    find_runs(arena, model);
    return 0;
}

/* An image, taken apart. */
struct parts {
    struct cx_str header, rows;
};

static int take_apart(struct cx_str image, struct parts *parts, struct cx_error *err)
{
    if (!cx_str_starts(image, CX_STR(MAGIC)))
        return bad(err, cx_str_starts(image, CX_STR(MAGIC_OTHERS)) ? "it is of an older make, or of a newer one" : "it does not begin like one");
    struct cx_str rest = cx_str_skip(image, sizeof MAGIC - 1), line;
    int64_t length;
    if (!cx_str_cut(&rest, '\n', &line) || rest.ptr == NULL || !cx_str_to_i64(line, &length) || length < 2 || (uint64_t)length > rest.len)
        return bad(err, "the length of its header");
    size_t at = (size_t)(rest.ptr - image.ptr) + (size_t)length;
    *parts = (struct parts){ cx_str_n(rest.ptr, (size_t)length), cx_str_skip(image, (at + 63) / 64 * 64) };
    return 0;
}

int cx_model_read(struct cx_arena *arena, struct cx_str image, struct cx_model *model, struct cx_error *err)
{
    struct parts parts;
    struct cx_json_fault fault;
    *model = (struct cx_model){ 0 };
    CX_TRY(take_apart(image, &parts, err));
    const struct cx_json *root = cx_json_parse(arena, parts.header, &fault);
    if (root == NULL || root->type != CX_JSON_OBJECT)
        return bad(err, "its header is no JSON object");
    return read_header(arena, root, parts.rows, model, err);
}

/* ---- what it is called ---- */

struct cx_str cx_model_name(struct cx_arena *arena, struct cx_str name, struct cx_str header, struct cx_str rows)
{
    struct cx_hasher hasher;
    char hash[32];
    cx_hasher_init(&hasher, "cx.model");
    cx_hasher_id(&hasher, cx_hash128(header.ptr, header.len));
    cx_hasher_id(&hasher, cx_hash128(rows.ptr, rows.len));
    cx_id_hex(cx_hasher_end(&hasher), hash);
    return cx_arena_format(arena, "%.*s@%.8s", CX_STR_ARG(name), hash);
}

int cx_model_check(struct cx_arena *arena, const struct cx_model *model, struct cx_str image, struct cx_error *err)
{
    struct parts parts;
    struct cx_buf begin;
    CX_TRY(take_apart(image, &parts, err));
    cx_buf_init(&begin, 1u << 20);
    cx_buf_str(&begin, CX_STR(CX_MODEL_VERSION_KEY));
    cx_json_string(&begin, model->version);
    bool is_so = cx_str_starts(parts.header, cx_buf_view(&begin));
    struct cx_str rest = cx_str_skip(parts.header, begin.len), name = model->version;
    cx_buf_free(&begin);
    while (name.len > 0 && name.ptr[name.len - 1] != '@')
        name.len--;
    name.len -= name.len > 0;
    if (is_so && cx_str_eq(cx_model_name(arena, name, rest, parts.rows), model->version))
        return 0;
    return cx_fail(err, CX_EXIT_DATA, "it is damaged: it is called %.*s, and holds something else; copy it anew, or make it anew with cx train",
                   CX_STR_ARG(model->version));
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

/* Logits of the heads of a table of the model's own, put where the model has them, or added where `places` says. */
static void put_logits(const struct cx_model *model, uint32_t table, const int32_t *sums, size_t count, const uint32_t *places, float *logits)
{
    float norm = norm_of(count), own[MODEL_COLUMNS_MAX];
    for (const struct cx_model_run *run = model->runs; run < model->runs + model->run_count; run++) {
        if (run->table != table)
            continue;
        scores_logits(run, sums + run->column, norm, places == NULL ? logits + run->first : own);
        for (uint32_t i = 0; i < run->count && places != NULL; i++)
            logits[places[run->first + i]] += own[i];
    }
}

/* Whether in every head of the table the best label leads by so much that what follows would hardly change it. */
struct deciding {
    const struct cx_model *model;
    uint32_t table;
};

static bool is_decided(void *context, const int32_t *sums, size_t count)
{
    const struct deciding *d = context;
    for (uint32_t h = 0; h < d->model->head_count; h++) {
        const struct cx_head *head = &d->model->heads[h];
        if (head->table == d->table && (head->kind == CX_HEAD_ANY_OF || scores_near(head, sums + head->column, norm_of(count), CX_MODEL_LEAD) > 1))
            return false;
    }
    return true;
}

/* Of the kinds of features wanted, a bit each; counts[kind] become no less than how many were read. */
static void own_logits(const struct cx_model *model, unsigned kinds, const struct sums_source *source, const uint32_t *places, float *logits,
                       size_t *counts)
{
    int32_t sums[CX_MODEL_TABLES][MODEL_COLUMNS_MAX + SCORES_SLACK];
    struct deciding deciding[CX_MODEL_TABLES];
    struct sums_wanted wanted[CX_MODEL_TABLES];
    size_t n = 0;
    for (uint32_t t = 0; t < model->table_count; t++) {
        const struct cx_model_table *table = &model->tables[t];
        if (!(kinds >> table->features & 1))
            continue;
        memset(sums[n], 0, (table->columns + SCORES_SLACK) * sizeof *sums[n]);
        deciding[n] = (struct deciding){ model, t };
        wanted[n] = (struct sums_wanted){ table, table->features == CX_FEATURES_LETTERS ? is_decided : NULL, &deciding[n], sums[n], 0 };
        n++;
    }
    sums_add(source, wanted, n);
    for (size_t i = 0; i < n; i++) {
        size_t *count = &counts[wanted[i].table->features];
        put_logits(model, deciding[i].table, sums[i], wanted[i].count, places, logits);
        *count = wanted[i].count > *count ? wanted[i].count : *count;
    }
}

static void all_logits(const struct cx_model *model, unsigned kinds, const struct sums_source *source, float *logits, size_t *counts)
{
    memset(counts, 0, CX_FEATURE_KINDS * sizeof *counts);
    if (model->layer_count == 0) {
        own_logits(model, kinds, source, NULL, logits, counts);
        return;
    }
    for (uint32_t h = 0; h < model->head_count; h++)
        if (kinds >> model->tables[model->heads[h].table].features & 1)
            memset(logits + model->heads[h].first, 0, model->heads[h].label_count * sizeof *logits);
    for (uint32_t l = 0; l < model->layer_count; l++)
        own_logits(model->layers[l].model, kinds, source, model->layers[l].places, logits, counts);
}

void cx_model_logits(const struct cx_model *model, enum cx_feature_kind kind, const struct cx_features *features, float *logits)
{
    size_t counts[CX_FEATURE_KINDS];
    all_logits(model, 1u << kind, &(struct sums_source){ .features = features }, logits, counts);
}

void cx_model_read_text(const struct cx_model *model, struct cx_arena *arena, unsigned kinds, const struct cx_folded *folded, struct cx_str original,
                        float *logits, size_t *counts)
{
    all_logits(model, kinds, &(struct sums_source){ .arena = arena, .folded = folded, .original = original }, logits, counts);
}

void cx_head_scores(const struct cx_head *head, float *values)
{
    scores_of(head, 1, values);
}

void cx_model_scores(const struct cx_model *model, float *values)
{
    if (model->head_count > 0)
        scores_of(model->heads, model->head_count, values);
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
    float norm = norm_of(cx_features_total(features));
    size_t i = 0;
    for (size_t w = 0; w < features->word_count; i = features->words[w++].end) {
        if (!rows_has(table, features->words[w].whole)) {
            for (; i < features->words[w].end; i++)
                weights[i] += head->scale[label] * ((float)rows_weight(table, features->hashes[i], head->column + label) * norm);
        } else if (i < features->words[w].end) {
            weights[i] += head->scale[label] * ((float)rows_weight(table, features->words[w].whole, head->column + label) * norm);
        }
    }
    for (; i < features->count; i++)
        weights[i] += head->scale[label] * ((float)rows_weight(table, features->hashes[i], head->column + label) * norm);
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
