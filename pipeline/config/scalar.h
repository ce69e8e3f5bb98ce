/* scalar.h - writing one YAML scalar. Private to config/. */
#ifndef CX_CONFIG_SCALAR_H
#define CX_CONFIG_SCALAR_H
#include "base/buf.h"

/* Plain where that reads back as the same, else in double quotes. `quoted`: was a string by its quotes and stays one. */
void cx_put_scalar(struct cx_buf *out, struct cx_str text, bool quoted);
#endif
