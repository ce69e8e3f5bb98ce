#include "codec/generated.h"
#include "codec/resolve.h"

_Static_assert(CX_SECTIONS == 5, "codec.h names the sections");

enum cx_decode_error cx_interaction_open(struct cx_arena *arena, struct cx_str wire, struct cx_interaction *record, struct cx_spliceable *splice)
{
    int32_t id = 0;
    struct cx_str body;
    struct cx_avro_in in;
    splice->body = CX_STR_NULL;
    enum cx_decode_error error = cx_wire_open(wire, &id, &body);
    bool own = id == cx_interaction_schema.id;
    if (error == CX_DECODE_OK && !own)
        error = cx_resolve(arena, id, &cx_interaction_schema, body, &body);
    if (error != CX_DECODE_OK)
        return error;
    const uint8_t *p = cx_in_init(&in, arena, body);
    error = cx_in_done(&in, p ? cx_interaction_read(&in, p, record) : NULL);
    if (error == CX_DECODE_OK && own) {
        splice->body = body;
        memcpy(splice->section_at, in.section_at, sizeof splice->section_at);
    }
    return error;
}

void cx_interaction_splice(struct cx_buf *out, const struct cx_interaction *record, const struct cx_spliceable *splice, enum cx_section from)
{
    if (splice->body.ptr == NULL) {
        cx_wire_encode(out, &cx_interaction_schema, record);
        return;
    }
    cx_wire_header(out, cx_interaction_schema.id);
    cx_buf_add(out, splice->body.ptr, splice->section_at[from]);
    cx_interaction_encode_sections(out, record, from);
}
