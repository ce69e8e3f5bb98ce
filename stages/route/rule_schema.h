/* rule_schema.h - what a rule may say about a record: the fields of schemas/interaction.avsc with their types, and where C keeps them.
 *
 * Names, types, enum symbols and nullability are read from the schema's own text when the stage opens; only the C offsets are a table of
 * ours. Section routing is left out: it is what the rules decide. Everything lives in the arena given. */
#ifndef CX_ROUTE_RULE_SCHEMA_H
#define CX_ROUTE_RULE_SCHEMA_H
#include "base/arena.h"
#include "base/error.h"

enum route_kind {
    ROUTE_NULL,
    ROUTE_BOOL,
    ROUTE_INT,    /* int, long, times in ms */
    ROUTE_DOUBLE, /* float, double */
    ROUTE_STRING,
    ROUTE_ID,   /* 16 bytes; written as 32 hex digits */
    ROUTE_ENUM, /* compares with its symbols */
    ROUTE_LIST,
    ROUTE_MAP, /* string to string */
    ROUTE_RECORD,
};

/* How a value lies in its C struct; see codec.h, "How an Avro type becomes C". */
enum route_storage {
    ROUTE_STORED_BOOL,
    ROUTE_STORED_I32,
    ROUTE_STORED_I64,
    ROUTE_STORED_F32,
    ROUTE_STORED_F64,
    ROUTE_STORED_STR,
    ROUTE_STORED_ID,
    ROUTE_STORED_ID_POINTER,
    ROUTE_STORED_OPT_BOOL,
    ROUTE_STORED_OPT_I64,
    ROUTE_STORED_OPT_F64,
    ROUTE_STORED_MAP,
    ROUTE_STORED_ENUM,   /* an int, -1 for null; from here on a type of its own for every name */
    ROUTE_STORED_LIST,   /* { const T *items; size_t len; } */
    ROUTE_STORED_RECORD, /* inside the outer struct */
    ROUTE_STORED_RECORD_POINTER,
};

struct route_type {
    enum route_kind kind;
    struct cx_str name;             /* as messages call it: "string", "Author", "list of Label" */
    bool is_single;                 /* a DOUBLE that is a float in the record: literals are rounded to float before they are compared */
    const struct route_type *items; /* LIST */
    size_t item_size;               /* LIST: bytes from one item to the next */
    const char *const *symbols;     /* ENUM */
    size_t symbol_count;
    const struct route_field *fields; /* RECORD */
    size_t field_count;
};

struct route_field {
    struct cx_str name;
    const struct route_type *type;
    bool is_nullable;
    bool has_default; /* a test's record may leave it out */
    enum route_storage storage;
    size_t offset;
};

extern const struct route_type route_type_null, route_type_bool, route_type_int, route_type_double, route_type_string, route_type_id;

/* Type of the whole record, from the schema's text. A field without a row in rule_offsets.c cannot be named in rules (a test looks for such). */
const struct route_type *route_schema_read(struct cx_arena *arena, struct cx_str avsc, struct cx_error *err);
const struct route_field *route_schema_field(const struct route_type *record, struct cx_str name); /* NULL if none */
/* The field whose name is nearest to a typo, or NULL. */
const char *route_schema_suggest(struct cx_arena *arena, const struct route_type *record, struct cx_str name);
/* Index of an enum's symbol, or -1. */
int route_schema_symbol(const struct route_type *type, struct cx_str symbol);
/* "low, normal, high, critical" */
struct cx_str route_schema_symbols(struct cx_arena *arena, const struct route_type *type);
#endif
