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

static void pack_column(const struct cx_weights *weights, size_t rows, uint32_t column, float step, int8_t *out, size_t width)
{
    for (size_t r = 0; r < rows; r++)
        out[r * width] = (int8_t)fminf(fmaxf(rintf(weights->rows[r * weights->labels + column] / step), -127), 127);
}

void cx_weights_round(struct cx_weights *weights, size_t rows)
{
    for (uint32_t c = 0; c < weights->labels; c++) {
        float step = step_of(weights, rows, c);
        for (size_t r = 0; r < rows; r++) {
            float *w = &weights->rows[r * weights->labels + c];
            *w = fminf(fmaxf(rintf(*w / step), -127), 127) * step;
        }
    }
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

/* One head: its description, and its columns into the rows. */
static void pack_head(struct cx_buf *header, const struct cx_packed_head *head, uint32_t table, uint32_t column, size_t rows, int8_t *out,
                      size_t width)
{
    const struct cx_learn_task *task = head->task;
    float scale[CX_LABELS_MAX], bias[CX_LABELS_MAX];
    for (uint32_t i = 0; i < task->label_count; i++) {
        float step = step_of(head->weights, rows, i);
        pack_column(head->weights, rows, i, step, out + column + i, width);
        scale[i] = step / head->temperature;
        bias[i] = (head->weights->bias[i] + head->shift) / head->temperature;
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
    if (head->adds)
        cx_buf_str(header, CX_STR(",\"adds\":true"));
    cx_buf_byte(header, '}');
}

static size_t width_of(const struct cx_packed_table *table)
{
    size_t columns = 0;
    for (size_t i = 0; i < table->head_count; i++)
        columns += table->heads[i].task->label_count;
    return columns <= CX_MODEL_NARROW ? CX_MODEL_NARROW : (columns + 31) / 32 * 32;
}

static void pack_table(struct cx_buf *header, struct cx_buf *rows, const struct cx_packed_table *table, uint32_t number)
{
    size_t places = (size_t)table->selection->buckets * CX_MODEL_BUCKET, width = width_of(table), bytes = places * width;
    int8_t *out = calloc(bytes + 1, 1);
    cx_assert(out != NULL);
    uint32_t column = 0;
    for (size_t i = 0; i < table->head_count; i++) {
        if (number > 0 || i > 0)
            cx_buf_byte(header, ',');
        pack_head(header, &table->heads[i], number, column, places, out, width);
        column += table->heads[i].task->label_count;
    }
    cx_buf_add(rows, table->selection->tags, places * sizeof *table->selection->tags);
    cx_buf_add(rows, out, bytes);
    free(out);
}

void cx_pack(struct cx_buf *image, struct cx_str version, struct cx_str base, struct cx_str card, const struct cx_packed_table *tables, size_t n)
{
    struct cx_buf header, heads, rows;
    cx_buf_init(&header, (size_t)1 << 26);
    cx_buf_init(&heads, (size_t)1 << 26);
    cx_buf_init(&rows, (size_t)1 << 30);
    for (size_t i = 0; i < n; i++)
        pack_table(&heads, &rows, &tables[i], (uint32_t)i);
    cx_buf_str(&header, CX_STR("{\"version\":"));
    cx_json_string(&header, version);
    cx_buf_str(&header, CX_STR(",\"base\":"));
    cx_json_string(&header, base);
    cx_buf_str(&header, CX_STR(",\"card\":"));
    cx_buf_str(&header, card);
    cx_buf_str(&header, CX_STR(",\"tables\":["));
    for (size_t i = 0; i < n; i++)
        cx_buf_format(&header, "%s{\"features\":\"%s\",\"buckets\":%u,\"row_bytes\":%zu}", i > 0 ? "," : "",
                      tables[i].features == CX_FEATURES_LETTERS ? "letters" : "words", tables[i].selection->buckets, width_of(&tables[i]));
    cx_buf_str(&header, CX_STR("],\"heads\":["));
    cx_buf_str(&header, cx_buf_view(&heads));
    cx_buf_str(&header, CX_STR("]}"));
    cx_buf_format(image, "cx model 1\n%zu\n", header.len);
    cx_buf_str(image, cx_buf_view(&header));
    while (image->len % 64 != 0)
        cx_buf_byte(image, '\0');
    cx_buf_str(image, cx_buf_view(&rows));
    cx_buf_free(&header);
    cx_buf_free(&heads);
    cx_buf_free(&rows);
}
