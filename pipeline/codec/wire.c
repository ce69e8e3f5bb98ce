#include "codec/resolve.h"

const char *cx_decode_error_text(enum cx_decode_error error)
{
    static const char *const texts[CX_DECODE_ERRORS] = {
        [CX_DECODE_OK] = "the record is whole",
        [CX_DECODE_TRUNCATED] = "the bytes end inside a field",
        [CX_DECODE_VARINT] = "a number is longer than ten bytes or out of its field's range",
        [CX_DECODE_LENGTH] = "a length is negative or more than remains",
        [CX_DECODE_COUNT] = "more than 100000 array and map items in one record",
        [CX_DECODE_ENUM] = "an enum or union index that the schema does not have",
        [CX_DECODE_UTF8] = "a string is not UTF-8",
        [CX_DECODE_TRAILING] = "bytes are left over after the record",
        [CX_DECODE_MAGIC] = "the first byte is not 0: no schema id stands before the record",
        [CX_DECODE_UNKNOWN_SCHEMA] = "the schema id is not known here",
        [CX_DECODE_DEPTH] = "types are nested too deeply",
        [CX_DECODE_INCOMPATIBLE] = "the writer's schema cannot be read as ours",
    };
    cx_assert((unsigned)error < CX_DECODE_ERRORS);
    return texts[error];
}

void cx_wire_header(struct cx_buf *out, int32_t schema_id)
{
    uint32_t id = (uint32_t)schema_id;
    char header[CX_WIRE_HEADER] = { 0, (char)(id >> 24), (char)(id >> 16), (char)(id >> 8), (char)id };
    cx_buf_add(out, header, sizeof header);
}

enum cx_decode_error cx_wire_open(struct cx_str wire, int32_t *schema_id, struct cx_str *body)
{
    const uint8_t *bytes = (const uint8_t *)wire.ptr;
    if (wire.len != 0 && bytes[0] != 0)
        return CX_DECODE_MAGIC;
    if (wire.len < CX_WIRE_HEADER)
        return CX_DECODE_TRUNCATED;
    *schema_id = (int32_t)((uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4]);
    *body = cx_str_skip(wire, CX_WIRE_HEADER);
    return CX_DECODE_OK;
}

void cx_wire_encode(struct cx_buf *out, const struct cx_schema *schema, const void *record)
{
    cx_wire_header(out, schema->id);
    schema->encode(out, record);
}

enum cx_decode_error cx_wire_decode(struct cx_arena *arena, struct cx_str wire, const struct cx_schema *schema, void *record)
{
    int32_t id;
    struct cx_str body;
    enum cx_decode_error error = cx_wire_open(wire, &id, &body);
    if (error == CX_DECODE_OK && id != schema->id)
        error = cx_resolve(arena, id, schema, body, &body);
    return error == CX_DECODE_OK ? schema->decode(arena, body, record) : error;
}

enum cx_decode_error cx_wire_to_json(struct cx_arena *arena, struct cx_str wire, struct cx_buf *out)
{
    int32_t id;
    struct cx_str body;
    enum cx_decode_error error = cx_wire_open(wire, &id, &body);
    if (error != CX_DECODE_OK)
        return error;
    const struct cx_schema_version *version = cx_schema_version_by_id(id);
    const struct cx_schema *schema = version ? cx_schema_by_subject(cx_str(version->subject)) : NULL;
    if (schema == NULL)
        return CX_DECODE_UNKNOWN_SCHEMA;
    void *record = cx_arena_alloc(arena, schema->struct_size);
    error = cx_wire_decode(arena, wire, schema, record);
    if (error == CX_DECODE_OK)
        schema->to_json(out, record);
    return error;
}
