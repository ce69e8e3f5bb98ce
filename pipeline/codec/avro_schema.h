/* avro_schema.h - a parsed Avro schema: what a writer used, or what we read with. Control path, inside this room only.
 * Any schema of the specification 1.11 is understood, logical types by their base type. Nodes live in the arena given. */
#ifndef CX_CODEC_AVRO_SCHEMA_H
#define CX_CODEC_AVRO_SCHEMA_H
#include "codec/codec.h"

enum cx_avro_kind {
    CX_AVRO_NULL,
    CX_AVRO_BOOLEAN,
    CX_AVRO_INT,
    CX_AVRO_LONG,
    CX_AVRO_FLOAT,
    CX_AVRO_DOUBLE,
    CX_AVRO_BYTES,
    CX_AVRO_STRING,
    CX_AVRO_PRIMITIVES,
    CX_AVRO_FIXED = CX_AVRO_PRIMITIVES,
    CX_AVRO_ENUM,
    CX_AVRO_RECORD,
    CX_AVRO_ARRAY,
    CX_AVRO_MAP,
    CX_AVRO_UNION
};
struct cx_avro_field {
    struct cx_str name;
    struct cx_str_list aliases;
    const struct cx_avro_type *type;
    struct cx_str default_bytes; /* the default in Avro's encoding; null: none */
};
struct cx_avro_type {
    enum cx_avro_kind kind;
    struct cx_str name;                   /* full name of a fixed, enum or record */
    struct cx_str_list aliases;           /* full names */
    size_t size;                          /* fixed */
    struct cx_str_list symbols;           /* enum */
    int default_symbol;                   /* enum: index, or -1 */
    struct cx_avro_field *fields;         /* record */
    const struct cx_avro_type **branches; /* union; array and map: [0] is the type of the items */
    size_t count;                         /* of fields or branches */
    bool complete;                        /* false while the definition is being read */
};
#define CX_AVRO_MAX_DEPTH  32
#define CX_AVRO_MAX_FIELDS 512
#define CX_AVRO_MAX_NAMED  1000
#define CX_AVRO_MAX_NAME   256
/* The longest schema text taken, and what an arena for parsing it may need: nodes, names and defaults are a small multiple of the text. */
#define CX_SCHEMA_MAX_TEXT ((size_t)1 << 20)
#define CX_SCHEMA_MEMORY   ((size_t)256 << 20)

/* The root type; NULL with *err filled (NULL allowed) if the text is no schema. */
const struct cx_avro_type *cx_avro_schema_parse(struct cx_arena *arena, struct cx_str avsc, struct cx_error *err);
/* The name after the last dot. */
struct cx_str cx_avro_short_name(struct cx_str full);
#endif
