/* resolve.h - a writer's bytes to the bytes of our own schema, by the Avro specification's schema resolution. Inside this room only.
 * The plan for a pair of schemas is made once and kept; safe from any thread. */
#ifndef CX_CODEC_RESOLVE_H
#define CX_CODEC_RESOLVE_H
#include "codec/codec.h"

/* `resolved` lives in the arena. */
enum cx_decode_error cx_resolve(struct cx_arena *arena, int32_t writer_id, const struct cx_schema *reader, struct cx_str body,
                                struct cx_str *resolved);
#endif
