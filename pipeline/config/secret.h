/* secret.h - which settings never print. Private to config/. */
#ifndef CX_CONFIG_SECRET_H
#define CX_CONFIG_SECRET_H
#include "base/buf.h"

/* By name: ends in password, secret, token, key or pem. The name of a file that holds one ends in _file and is none. */
bool cx_is_secret(struct cx_str name);
/* A value without the password of user:password@ in an address. */
void cx_put_masked(struct cx_buf *out, struct cx_str value);
#endif
