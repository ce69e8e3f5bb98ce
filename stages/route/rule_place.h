/* rule_place.h - from a byte of a YAML scalar's value back to its line and column in the file.
 *
 * The value of a quoted, folded or literal scalar is not what stands in the file; this walks both side by side. */
#ifndef CX_ROUTE_RULE_PLACE_H
#define CX_ROUTE_RULE_PLACE_H
#include "config/config.h"

/* The scalar's node with the place of byte `offset` of its text; `source` is the whole file. */
struct cx_node route_place(struct cx_str source, const struct cx_node *scalar, size_t offset);
#endif
