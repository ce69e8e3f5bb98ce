/* rule_offsets.h - where the C structs of codec/records.h keep what the schema names. */
#ifndef CX_ROUTE_RULE_OFFSETS_H
#define CX_ROUTE_RULE_OFFSETS_H
#include "stages/route/rule_schema.h"

struct route_offset {
    const char *record, *field; /* names of the schema */
    size_t offset;
    enum route_storage storage; /* taken from the C field; ENUM stands for all that has a type of its own */
};
extern const struct route_offset route_offsets[]; /* ends with a zero row */

struct route_size {
    const char *record;
    size_t size;
};
extern const struct route_size route_sizes[]; /* records that lists hold; ends with a zero row */
#endif
