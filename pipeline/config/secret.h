/* secret.h - which settings never print. Private to config/. */
#ifndef CX_CONFIG_SECRET_H
#define CX_CONFIG_SECRET_H
#include "config/config.h"

/* A value without the password of user:password@ in an address. */
void cx_put_masked(struct cx_buf *out, struct cx_str value);
#endif
