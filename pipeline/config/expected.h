/* expected.h - the message for a value of the wrong kind. Private to config/. */
#ifndef CX_CONFIG_EXPECTED_H
#define CX_CONFIG_EXPECTED_H
#include "config/config.h"

/* "place: error: window: expected a time, got ..."; secrets are not shown. Returns -1. */
int cx_node_expected(const struct cx_node *node, const char *expected, struct cx_error *err);
#endif
