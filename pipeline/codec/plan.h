/* plan.h - how the bytes of one schema become the bytes of another. Inside this room only. */
#ifndef CX_CODEC_PLAN_H
#define CX_CODEC_PLAN_H
#include "codec/avro_schema.h"

enum cx_step_kind {
    CX_STEP_COPY,        /* same encoding: the writer's bytes as they are */
    CX_STEP_INT_TO_REAL, /* int or long to float or double */
    CX_STEP_WIDEN,       /* float to double */
    CX_STEP_ENUM,        /* index by index */
    CX_STEP_RECORD,
    CX_STEP_ITEMS,  /* array or map */
    CX_STEP_UNION,  /* the writer's branch decides */
    CX_STEP_BRANCH, /* no union at the writer, one here: write the branch, then the value */
    CX_STEP_REFUSE, /* a branch of the writer that we have no place for */
};
struct cx_step {
    enum cx_step_kind kind;
    const struct cx_avro_type *writer, *reader;
    const struct cx_step **steps; /* per writer's field, branch or item type; NULL in a record: the field is skipped */
    const int *indexes;           /* record: per reader's field, the writer's field or -1 (default); enum: per writer's symbol, ours or -1 */
    int branch;                   /* CX_STEP_BRANCH */
};
/* NULL: the schemas cannot be resolved. Steps live in the arena, as the types must. */
const struct cx_step *cx_plan_make(struct cx_arena *arena, const struct cx_avro_type *writer, const struct cx_avro_type *reader);
#endif
