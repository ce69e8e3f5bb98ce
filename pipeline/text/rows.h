/* rows.h - finding features in a table and adding up their rows. */
#ifndef CX_TEXT_ROWS_H
#define CX_TEXT_ROWS_H
#include "text/model.h"

/* A table has at most so many, up to a multiple of 16. */
#define MODEL_ROW_BYTES_MAX 512
#define MODEL_COLUMNS_MAX   ((CX_MODEL_NARROW + MODEL_ROW_BYTES_MAX + 15) / 16 * 16)
#define ROWS_WIDE_BITS      CX_MODEL_LINE /* of line->wide that say which places have a row */

/* One more than the last row that places of the line have, or where the next line's start. */
static inline uint32_t rows_of_line(const struct cx_model_line *line)
{
    return (line->wide >> ROWS_WIDE_BITS) + (uint32_t)__builtin_popcount(line->wide & ((1u << ROWS_WIDE_BITS) - 1));
}
bool rows_has(const struct cx_model_table *table, uint32_t feature);
/* What the feature weighs in a column. */
int rows_weight(const struct cx_model_table *table, uint32_t feature, uint32_t column);
/* Asks for the memory of their buckets, so that finding them does not wait for it. */
void rows_ask(const struct cx_model_table *table, const uint32_t *features, size_t count);

/* What was found of at most ROWS_AT_ONCE features, before it is added up. */
#define ROWS_AT_ONCE 256
struct rows_found {
    uint32_t rows[ROWS_AT_ONCE + 1];                  /* numbers of those that the features have */
    int8_t narrow[ROWS_AT_ONCE + 8][CX_MODEL_NARROW]; /* of lines: the first columns of features that the table holds */
    size_t row_count, narrow_count, asked;            /* asked: how many features were looked for */
};
static inline void rows_clear(struct rows_found *found)
{
    found->row_count = found->narrow_count = found->asked = 0;
}
/* Finds features, of which there is room for ROWS_AT_ONCE - found->asked, and asks for the memory of their rows; has[i]: the table holds feature i.
 */
void rows_find(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has);
/* Adds the columns of what was found to sums[columns], and clears it. */
void rows_add(const struct cx_model_table *table, struct rows_found *found, int32_t *sums);
#endif
