/* avro_default.h - a field's JSON default in Avro's encoding. Inside this room only. */
#ifndef CX_CODEC_AVRO_DEFAULT_H
#define CX_CODEC_AVRO_DEFAULT_H
#include <jansson.h>
#include "codec/avro_schema.h"

/* False if the value does not fit the type. A union takes the first branch that fits. */
bool cx_avro_default(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth);
#endif
