/* unit.h - numbers with a unit, as people write them: 10s, 5m, 64k. Private to config/. */
#ifndef CX_CONFIG_UNIT_H
#define CX_CONFIG_UNIT_H
#include "base/str.h"

/* `unit` "ms" takes ms s m h d, "bytes" takes k m g (of 1024), others and NULL none. False on anything else and on overflow. */
bool cx_unit_read(struct cx_str text, const char *unit, int64_t *out);
/* An option's maximum from here on is none. */
#define CX_UNIT_NO_LIMIT 9e18
/* What to write, for messages: "a size (4096, 64k, 8m, 1g)". */
const char *cx_unit_example(const char *unit);
/* The shortest way to write v with a suffix that divides it. */
#define CX_UNIT_TEXT 32
void cx_unit_write(int64_t v, const char *unit, char out[CX_UNIT_TEXT]);
#endif
