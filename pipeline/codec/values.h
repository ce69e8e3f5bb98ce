/* values.h - the shapes of optional values, lists and maps in record structs. See codec.h for the mapping. */
#ifndef CX_CODEC_VALUES_H
#define CX_CODEC_VALUES_H
#include "base/hash.h"
#include "base/str.h"

struct cx_opt_bool {
    bool set, value;
};
struct cx_opt_i64 {
    bool set;
    int64_t value;
};
struct cx_opt_f64 {
    bool set;
    double value;
};
struct cx_str_list {
    const struct cx_str *items;
    size_t len;
};
struct cx_str_entry {
    struct cx_str key, value;
};
struct cx_str_map {
    const struct cx_str_entry *items;
    size_t len;
};
struct cx_i64_entry {
    struct cx_str key;
    int64_t value;
};
struct cx_i64_map {
    const struct cx_i64_entry *items;
    size_t len;
};
#endif
