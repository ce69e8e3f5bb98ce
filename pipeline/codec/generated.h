/* generated.h - what records.c offers to this room alone. */
#ifndef CX_CODEC_GENERATED_H
#define CX_CODEC_GENERATED_H
#include "codec/avro_in.h"

extern const struct cx_schema *const cx_schemas[]; /* NULL at the end */
extern const struct cx_schema_version cx_schema_versions[];
extern const size_t cx_schema_version_count;

/* Reads an Interaction; in->section_at says where its sections stand. */
const uint8_t *cx_interaction_read(struct cx_avro_in *in, const uint8_t *p, struct cx_interaction *record);
/* Appends section `from` and all after it. */
void cx_interaction_encode_sections(struct cx_buf *out, const struct cx_interaction *record, enum cx_section from);
#endif
