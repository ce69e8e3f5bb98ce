/* rows.h - finding features in a table and adding up their rows. */
#ifndef CX_TEXT_ROWS_H
#define CX_TEXT_ROWS_H
#include "text/model.h"

/* The place of a feature, or -1. */
static inline int64_t rows_find(const struct cx_model_table *table, uint32_t feature)
{
    size_t first = (size_t)cx_model_bucket(feature, table->buckets) * CX_MODEL_BUCKET;
    uint16_t tag = cx_model_tag(feature);
    for (size_t i = first; i < first + CX_MODEL_BUCKET; i++)
        if (table->tags[i] == tag)
            return (int64_t)i;
    return -1;
}
/* Adds the columns of the rows of all features that the table holds to sums[row_bytes]. */
void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums);
#endif
