/* codec.h - records as plain structs: Avro bytes in and out, JSON in and out, the wire header, splicing.
 *
 * tools/dev/avsc2c.py writes codec/records.h and records.c (into the build folder) from the .avsc files of schemas/. How an Avro type becomes C:
 *   record R            struct cx_<snake R>, fields by their own names (C keywords and digits first get a trailing '_')
 *   string              struct cx_str                      ["null","string"]: the same, ptr NULL is null
 *   fixed(16) Id        struct cx_id                       ["null", Id]: const struct cx_id *, NULL is null
 *   boolean             bool                               ["null","boolean"]: struct cx_opt_bool
 *   int, long           int32_t, int64_t                   ["null","int"|"long"]: struct cx_opt_i64
 *   float, double       float, double                      ["null","float"|"double"]: struct cx_opt_f64
 *   enum E              enum cx_<snake E>, CX_<E>_<SYMBOL> ["null", E]: the same enum, CX_<E>_NULL = -1 is null
 *                       CX_<E>_SYMBOLS is how many; cx_<e>_name(value), cx_<e>_from_name(name, &value)
 *   record in a union   const struct cx_<r> *, NULL is null
 *   array of T          struct cx_<t>_list { const T *items; size_t len; } (cx_str_list for strings)
 *   map of string, long struct cx_str_map / cx_i64_map { const struct cx_str_entry *items; size_t len; }, sorted by key when written
 * A type that several files define (Id, Identifier, Source) must be the same in all and becomes one struct.
 * cx_<r>_init(struct cx_<r> *) sets every field to its schema default. Structs hold views: decoded strings point into the input bytes,
 * lists and nested records live in the arena given. */
#ifndef CX_CODEC_H
#define CX_CODEC_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "codec/values.h"
#include "codec/records.h" /* generated */

/* Why bytes are not a record. */
enum cx_decode_error {
    CX_DECODE_OK,
    CX_DECODE_TRUNCATED,      /* the bytes end inside a field */
    CX_DECODE_VARINT,         /* a varint over 10 bytes or out of the field's range */
    CX_DECODE_LENGTH,         /* a negative length, or more than remains */
    CX_DECODE_COUNT,          /* an array or map block beyond the cap */
    CX_DECODE_ENUM,           /* an enum or union index that the schema lacks */
    CX_DECODE_UTF8,           /* a string that is not UTF-8 */
    CX_DECODE_TRAILING,       /* bytes left over */
    CX_DECODE_MAGIC,          /* the wire header's first byte is not 0 */
    CX_DECODE_UNKNOWN_SCHEMA, /* no such schema id here */
    CX_DECODE_INCOMPATIBLE,   /* writer and reader schema cannot be resolved */
    CX_DECODE_DEPTH,          /* types nested in types beyond the cap (writers' schemas only) */
    CX_DECODE_ERRORS
};
const char *cx_decode_error_text(enum cx_decode_error error);

/* One row per record type of our own schemas (newest version of each); generated. */
struct cx_schema {
    const char *subject; /* "cx.Interaction" */
    int32_t id;          /* newest id of ids.def */
    size_t struct_size;
    void (*init)(void *record);
    /* Appends the Avro body (no header). */
    void (*encode)(struct cx_buf *out, const void *record);
    /* Bounded: every length checked, all bytes used. `record` is filled; nested data goes to the arena: at most 16 bytes for each byte
     * of the body, four times that where a writer cuts its lists into many blocks, and never more than 32 MiB. */
    enum cx_decode_error (*decode)(struct cx_arena *arena, struct cx_str body, void *record);
    /* Canonical JSON as DESIGN: schema order, null for absent, times RFC 3339, ids hex. */
    void (*to_json)(struct cx_buf *out, const void *record);
    /* Reads canonical JSON by field names; missing members take the schema default (missing without one: error).
     * Accepts times as RFC 3339 or epoch ms. Unknown members are ignored here; on failure `path` names the member. */
    bool (*from_json)(struct cx_arena *arena, const struct cx_json *node, void *record, struct cx_str *path, const char **why);
    struct cx_str avsc; /* the schema file's own bytes */
};
extern const struct cx_schema cx_interaction_schema, cx_ledger_schema, cx_identity_alias_schema, cx_metric_minute_schema;
const struct cx_schema *cx_schema_by_subject(struct cx_str subject); /* NULL if none */
/* Every schema version we know, by id: rows of ids.def and what was registered since. NULL if unknown. Safe from any thread. */
struct cx_schema_version {
    int32_t id;
    const char *subject;
    int version;
    struct cx_str avsc;
};
const struct cx_schema_version *cx_schema_version_by_id(int32_t id);

/* Makes a writer's schema known under its id; the bytes are copied and stay for the life of the process. Again with equal bytes: nothing
 * happens. Fails (CX_EXIT_DATA) if the text is no Avro schema, or if the id already stands for another one. */
int cx_schema_register(int32_t id, struct cx_str avsc, struct cx_error *err);

/* Wire: 0x00, id big-endian (4 bytes), Avro body. */
#define CX_WIRE_HEADER 5
void cx_wire_header(struct cx_buf *out, int32_t schema_id);
enum cx_decode_error cx_wire_open(struct cx_str wire, int32_t *schema_id, struct cx_str *body);
/* Header and body. */
void cx_wire_encode(struct cx_buf *out, const struct cx_schema *schema, const void *record);
/* Opens, resolves the writer's schema to ours where the ids differ (defaults, aliases, promotion, new and removed fields), decodes. */
enum cx_decode_error cx_wire_decode(struct cx_arena *arena, struct cx_str wire, const struct cx_schema *schema, void *record);

/* Splicing an Interaction: a stage copies the bytes before its section verbatim. enum cx_section is generated from the schema:
 * CX_SECTION_CLASSIFICATION, CX_SECTION_DUPLICATE, CX_SECTION_IDENTITY, CX_SECTION_CONTEXT, CX_SECTION_ROUTING, CX_SECTIONS. */
struct cx_spliceable {
    struct cx_str body;               /* Avro body as received, written with our own schema id; null: not spliceable, encode whole */
    uint32_t section_at[CX_SECTIONS]; /* offset where each section's union index stands */
};
/* cx_wire_decode for an Interaction that also says where its sections stand. */
enum cx_decode_error cx_interaction_open(struct cx_arena *arena, struct cx_str wire, struct cx_interaction *record, struct cx_spliceable *splice);
/* Header, then the bytes before section `from` verbatim (whole encoding if not spliceable), then `from` and all later sections from the struct. */
void cx_interaction_splice(struct cx_buf *out, const struct cx_interaction *record, const struct cx_spliceable *splice, enum cx_section from);

/* Any known record to JSON for people (tap): resolves by id. */
enum cx_decode_error cx_wire_to_json(struct cx_arena *arena, struct cx_str wire, struct cx_buf *out);

/* zstd with a stated maximum for what comes out, and a checksum: what was changed on the way is refused. */
int cx_zstd_compress(struct cx_buf *out, struct cx_str in, int level);
int cx_zstd_decompress(struct cx_buf *out, struct cx_str in);
#endif
