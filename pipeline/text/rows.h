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
/* Which of the features the table holds. */
void rows_have(const struct cx_model_table *table, const uint32_t *features, size_t count, bool *has);
/* Asks for the memory of their buckets, so that adding them does not wait for it. */
void rows_ask(const struct cx_model_table *table, const uint32_t *features, size_t count);
/* Adds the columns of all features that the table holds to sums[columns]. */
void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums);
#endif
