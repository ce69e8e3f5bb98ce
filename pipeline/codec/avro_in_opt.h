/* avro_in_opt.h - reading the values of ["null", T]: the branch, then the value if there is one. See avro_in.h. */
#ifndef CX_CODEC_AVRO_IN_OPT_H
#define CX_CODEC_AVRO_IN_OPT_H
#include "codec/avro_in.h"

CX_IN_LINE const uint8_t *cx_in_opt_string(struct cx_avro_in *in, const uint8_t *p, struct cx_str *text)
{
    bool present;
    p = cx_in_present(in, p, &present);
    if (present)
        return cx_in_string(in, p, text);
    *text = CX_STR_NULL;
    return p;
}
CX_IN_LINE const uint8_t *cx_in_opt_id(struct cx_avro_in *in, const uint8_t *p, const struct cx_id **id)
{
    bool present;
    *id = NULL;
    p = cx_in_present(in, p, &present);
    return present ? cx_in_id_view(in, p, id) : p;
}
CX_IN_LINE const uint8_t *cx_in_opt_bool(struct cx_avro_in *in, const uint8_t *p, struct cx_opt_bool *value)
{
    value->value = false;
    p = cx_in_present(in, p, &value->set);
    return value->set ? cx_in_bool(in, p, &value->value) : p;
}
CX_IN_LINE const uint8_t *cx_in_opt_long(struct cx_avro_in *in, const uint8_t *p, struct cx_opt_i64 *value)
{
    value->value = 0;
    p = cx_in_present(in, p, &value->set);
    return value->set ? cx_in_long(in, p, &value->value) : p;
}
CX_IN_LINE const uint8_t *cx_in_opt_int(struct cx_avro_in *in, const uint8_t *p, struct cx_opt_i64 *value)
{
    int32_t narrow = 0;
    p = cx_in_present(in, p, &value->set);
    p = value->set ? cx_in_int(in, p, &narrow) : p;
    value->value = narrow;
    return p;
}
CX_IN_LINE const uint8_t *cx_in_opt_double(struct cx_avro_in *in, const uint8_t *p, struct cx_opt_f64 *value)
{
    value->value = 0;
    p = cx_in_present(in, p, &value->set);
    return value->set ? cx_in_double(in, p, &value->value) : p;
}
CX_IN_LINE const uint8_t *cx_in_opt_float(struct cx_avro_in *in, const uint8_t *p, struct cx_opt_f64 *value)
{
    float narrow = 0;
    p = cx_in_present(in, p, &value->set);
    p = value->set ? cx_in_float(in, p, &narrow) : p;
    value->value = (double)narrow;
    return p;
}
#endif
