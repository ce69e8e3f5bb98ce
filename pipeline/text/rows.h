/* rows.h - finding features in a table and adding up their rows. */
#ifndef CX_TEXT_ROWS_H
#define CX_TEXT_ROWS_H
#include "text/model.h"

#define ROWS_WIDE_BITS CX_MODEL_LINE /* of line->wide that say which places have a row */

/* One more than the last row that places of the line have, or where the next line's start. */
static inline uint32_t rows_of_line(const struct cx_model_line *line)
{
    return (line->wide >> ROWS_WIDE_BITS) + (uint32_t)__builtin_popcount(line->wide & ((1u << ROWS_WIDE_BITS) - 1));
}
/* What the feature weighs in a column. */
int rows_weight(const struct cx_model_table *table, uint32_t feature, uint32_t column);
/* Adds the columns of all features that the table holds to sums[columns]. */
void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums);
#endif
