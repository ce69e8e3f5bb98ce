/* pack.c - weights to int8 and the image. */
#include "learn/learn.h"
#include "base/error.h"
#include "base/json.h"
#include <math.h>

/* The step of a column's int8: what is beyond 127 steps is cut. The largest weights are few and cutting them costs less than coarse steps for all, so
 * that several are tried and the one with the least squared error is taken. */
static float step_of(const struct cx_weights *weights, size_t rows, uint32_t column)
{
    static const float shares[] = { 1.0f, 0.8f, 0.65f, 0.5f, 0.4f, 0.3f };
    float most = 0, best = 0;
    double least = INFINITY;
    for (size_t r = 0; r < rows; r++)
        most = fmaxf(most, fabsf(weights->rows[r * weights->labels + column]));
    if (most == 0)
        return 1;
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        float step = most * shares[s] / 127;
        double error = 0;
        for (size_t r = 0; r < rows; r++) {
            float w = weights->rows[r * weights->labels + column], q = fminf(fmaxf(rintf(w / step), -127), 127) * step;
            error += (double)((w - q) * (w - q));
        }
        if (error < least) {
            least = error;
            best = step;
        }
    }
    return best;
}

static int8_t rounded(float weight, float step)
{
    return (int8_t)fminf(fmaxf(rintf(weight / step), -127), 127);
}

static void pack_column(const struct cx_weights *weights, size_t rows, uint32_t column, float step, int8_t *out, size_t width)
{
    for (size_t r = 0; r < rows; r++)
        out[r * width] = rounded(weights->rows[r * weights->labels + column], step);
}

static void add_list(struct cx_buf *out, const char *name, const float *values, uint32_t n)
{
    cx_buf_format(out, ",\"%s\":[", name);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            cx_buf_byte(out, ',');
        cx_json_f32(out, values[i]);
    }
    cx_buf_byte(out, ']');
}

/* What a table is packed into. */
struct room {
    const struct cx_selection *selection;
    struct cx_model_line *lines; /* NULL: of tags */
    int8_t *rows;
    size_t width;
    uint32_t narrow_used, wide_used; /* columns */
};

/* The columns of a head into the lines or the rows. Returns the first one's number. */
static uint32_t pack_columns(struct room *room, const struct cx_packed_head *head, float *steps)
{
    const struct cx_weights *weights = head->weights;
    size_t rows = cx_selection_rows(room->selection, head->is_narrow);
    uint32_t *used = head->is_narrow ? &room->narrow_used : &room->wide_used, first = *used;
    for (uint32_t i = 0; i < weights->labels; i++) {
        uint32_t column = (*used)++;
        steps[i] = step_of(weights, rows, i);
        if (!head->is_narrow)
            pack_column(weights, rows, i, steps[i], room->rows + column, room->width);
        for (size_t r = 0; r < rows && head->is_narrow; r++)
            room->lines[r / CX_MODEL_LINE].narrow[r % CX_MODEL_LINE][column] = rounded(weights->rows[r * weights->labels + i], steps[i]);
    }
    return first + (head->is_narrow || room->lines == NULL ? 0 : CX_MODEL_NARROW);
}

/* One head: its description, and its columns. */
static void pack_head(struct cx_buf *header, const struct cx_packed_head *head, uint32_t table, struct room *room)
{
    const struct cx_learn_task *task = head->task;
    float scale[CX_LABELS_MAX], bias[CX_LABELS_MAX];
    uint32_t column = pack_columns(room, head, scale);
    for (uint32_t i = 0; i < task->label_count; i++) {
        scale[i] /= head->temperature;
        bias[i] = (head->weights->bias[i] + head->shift[i]) / head->temperature;
    }
    cx_buf_str(header, CX_STR("{\"name\":"));
    cx_json_string(header, task->name);
    cx_buf_format(header, ",\"kind\":\"%s\",\"table\":%u,\"column\":%u,\"labels\":[", task->plan->kind == CX_HEAD_ANY_OF ? "any_of" : "one_of", table,
                  column);
    for (uint32_t i = 0; i < task->label_count; i++) {
        if (i > 0)
            cx_buf_byte(header, ',');
        cx_json_string(header, task->labels[i]);
    }
    cx_buf_byte(header, ']');
    add_list(header, "scale", scale, task->label_count);
    add_list(header, "bias", bias, task->label_count);
    add_list(header, "threshold", head->threshold, task->label_count);
    cx_buf_str(header, CX_STR(",\"at_least\":"));
    cx_json_f32(header, head->at_least);
    if (head->lift > 0) {
        cx_buf_str(header, CX_STR(",\"lift\":"));
        cx_json_f32(header, head->lift);
    }
    if (head->adds)
        cx_buf_str(header, CX_STR(",\"adds\":true"));
    cx_buf_byte(header, '}');
}

/* Bytes of a row: of what does not stand in lines. */
static size_t width_of(const struct cx_packed_table *table)
{
    size_t columns = 0;
    for (size_t i = 0; i < table->head_count; i++)
        columns += table->heads[i].is_narrow ? 0 : table->heads[i].task->label_count;
    return (columns + 31) / 32 * 32;
}

/* Tags, and where rows are. */
static void fill_lines(const struct cx_selection *selection, struct cx_model_line *lines)
{
    uint32_t row = 0;
    for (uint32_t b = 0; b < selection->buckets; b++) {
        lines[b].wide = row << CX_MODEL_LINE;
        for (uint32_t k = 0; k < CX_MODEL_LINE; k++) {
            size_t place = (size_t)b * CX_MODEL_LINE + k;
            bool has_row = selection->rows[place] != CX_SELECTION_NONE;
            lines[b].tags[k] = selection->tags[place];
            lines[b].wide |= (uint32_t)has_row << k;
            row += has_row;
        }
    }
}

static void pack_table(struct cx_buf *header, struct cx_buf *out, const struct cx_packed_table *table, uint32_t number)
{
    const struct cx_selection *selection = table->selection;
    bool is_of_lines = selection->rows != NULL;
    struct room room = { .selection = selection, .width = width_of(table) };
    size_t bytes = selection->row_count * room.width;
    room.rows = calloc(bytes + 1, 1);
    room.lines = is_of_lines ? calloc(selection->buckets, sizeof *room.lines) : NULL;
    cx_assert(room.rows != NULL && (room.lines != NULL) == is_of_lines);
    if (is_of_lines)
        fill_lines(selection, room.lines);
    for (size_t i = 0; i < table->head_count; i++) {
        if (number > 0 || i > 0)
            cx_buf_byte(header, ',');
        pack_head(header, &table->heads[i], number, &room);
    }
    if (is_of_lines)
        cx_buf_add(out, room.lines, selection->buckets * sizeof *room.lines);
    else
        cx_buf_add(out, selection->tags, (size_t)selection->buckets * selection->places * sizeof *selection->tags);
    cx_buf_add(out, room.rows, bytes);
    free(room.lines);
    free(room.rows);
}

static void add_table(struct cx_buf *header, const struct cx_packed_table *table)
{
    const struct cx_selection *selection = table->selection;
    cx_buf_format(header, "{\"features\":\"%s\",\"of\":\"%s\",\"buckets\":%u,\"rows\":%u,\"row_bytes\":%zu}",
                  table->features == CX_FEATURES_LETTERS ? "letters" : "words", selection->rows != NULL ? "lines" : "tags", selection->buckets,
                  selection->row_count, width_of(table));
}

struct cx_str cx_pack(struct cx_buf *image, struct cx_arena *arena, struct cx_str name, struct cx_str base, struct cx_str card,
                      const struct cx_packed_table *tables, size_t n)
{
    struct cx_buf named, header, heads, rows;
    cx_buf_init(&named, (size_t)1 << 26);
    cx_buf_init(&header, (size_t)1 << 26);
    cx_buf_init(&heads, (size_t)1 << 26);
    cx_buf_init(&rows, (size_t)1 << 30);
    for (size_t i = 0; i < n; i++)
        pack_table(&heads, &rows, &tables[i], (uint32_t)i);
    cx_buf_str(&header, CX_STR(",\"base\":"));
    cx_json_string(&header, base);
    cx_buf_str(&header, CX_STR(",\"card\":"));
    cx_buf_str(&header, card);
    cx_buf_str(&header, CX_STR(",\"tables\":["));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            cx_buf_byte(&header, ',');
        add_table(&header, &tables[i]);
    }
    cx_buf_str(&header, CX_STR("],\"heads\":["));
    cx_buf_str(&header, cx_buf_view(&heads));
    cx_buf_str(&header, CX_STR("]}"));
    struct cx_str version = cx_model_name(arena, name, cx_buf_view(&header), cx_buf_view(&rows));
    cx_buf_str(&named, CX_STR(CX_MODEL_VERSION_KEY));
    cx_json_string(&named, version);
    cx_buf_str(&named, cx_buf_view(&header));
    cx_buf_format(image, "cx model 3\n%zu\n", named.len);
    cx_buf_str(image, cx_buf_view(&named));
    while (image->len % 64 != 0)
        cx_buf_byte(image, '\0');
    cx_buf_str(image, cx_buf_view(&rows));
    cx_buf_free(&named);
    cx_buf_free(&header);
    cx_buf_free(&heads);
    cx_buf_free(&rows);
    return version;
}
