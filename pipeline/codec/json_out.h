/* json_out.h - writing a record's values as canonical JSON. For the generated writers, inside this room only. */
#ifndef CX_CODEC_JSON_OUT_H
#define CX_CODEC_JSON_OUT_H
#include "base/time.h"
#include "codec/codec.h"

void cx_out_id(struct cx_buf *out, const struct cx_id *id); /* NULL -> null */
void cx_out_time(struct cx_buf *out, int64_t ms);
void cx_out_str_list(struct cx_buf *out, struct cx_str_list list);
void cx_out_str_map(struct cx_buf *out, struct cx_str_map map); /* sorted by key */
void cx_out_i64_map(struct cx_buf *out, struct cx_i64_map map);

static inline void cx_out_null(struct cx_buf *out)
{
    cx_buf_str(out, CX_STR("null"));
}
/* A string that cannot be null: what was left unset is empty. */
static inline void cx_out_string(struct cx_buf *out, struct cx_str text)
{
    cx_json_string(out, text.ptr ? text : CX_STR(""));
}
static inline void cx_out_bool(struct cx_buf *out, bool value)
{
    cx_buf_str(out, value ? CX_STR("true") : CX_STR("false"));
}
static inline void cx_out_opt_bool(struct cx_buf *out, struct cx_opt_bool value)
{
    value.set ? cx_out_bool(out, value.value) : cx_out_null(out);
}
static inline void cx_out_opt_long(struct cx_buf *out, struct cx_opt_i64 value)
{
    value.set ? cx_json_i64(out, value.value) : cx_out_null(out);
}
static inline void cx_out_opt_time(struct cx_buf *out, struct cx_opt_i64 value)
{
    value.set ? cx_out_time(out, value.value) : cx_out_null(out);
}
static inline void cx_out_opt_double(struct cx_buf *out, struct cx_opt_f64 value)
{
    value.set ? cx_json_f64(out, value.value) : cx_out_null(out);
}
static inline void cx_out_opt_float(struct cx_buf *out, struct cx_opt_f64 value)
{
    value.set ? cx_json_f32(out, (float)value.value) : cx_out_null(out);
}
#endif
