/* json.h - a strict JSON reader into a tree of plain nodes, and a writer.
 * Reading (RFC 8259) refuses: invalid UTF-8, depth over 64, duplicate keys, trailing bytes, NaN and infinities, control characters in strings.
 * U+0000 stays where it was escaped, for the reader to judge; a lone surrogate escape becomes U+FFFD. Numbers keep their text exactly as sent, so
 * that ids over 2^53 survive. Strings without escapes are views into the input; the rest is copied to the arena: the tree lives as long as both. A
 * tree takes at most 32 times the length of its text and 8 KiB from the arena: who reads what strangers send bounds the text, or the arena aborts.
 */
#ifndef CX_BASE_JSON_H
#define CX_BASE_JSON_H
#include "base/arena.h"
#include "base/buf.h"

enum cx_json_type { CX_JSON_NULL, CX_JSON_FALSE, CX_JSON_TRUE, CX_JSON_NUMBER, CX_JSON_STRING, CX_JSON_ARRAY, CX_JSON_OBJECT };
struct cx_json {
    enum cx_json_type type;
    uint32_t count;              /* children of an array or object */
    struct cx_str key;           /* member name, null in arrays and at the top */
    struct cx_str text;          /* string contents, or a number's text */
    const struct cx_json *first; /* first child, siblings follow by `next` */
    const struct cx_json *next;
};
enum cx_json_error { CX_JSON_OK, CX_JSON_SYNTAX, CX_JSON_UTF8, CX_JSON_DEPTH, CX_JSON_DUPLICATE_KEY, CX_JSON_TRAILING };
struct cx_json_fault {
    enum cx_json_error error;
    size_t offset; /* byte where it was noticed */
};
#define CX_JSON_MAX_DEPTH 64
/* The tree, or NULL with *fault filled (never NULL). */
const struct cx_json *cx_json_parse(struct cx_arena *arena, struct cx_str text, struct cx_json_fault *fault);
const char *cx_json_error_text(enum cx_json_error error);
/* Member of an object, NULL when absent or when `object` is NULL or no object. */
const struct cx_json *cx_json_get(const struct cx_json *object, struct cx_str key);
/* Compact JSON text of a node, members in their order. */
void cx_json_dump(struct cx_buf *out, const struct cx_json *node);

/* Writing. Strings are escaped minimally (", \, control characters); other UTF-8 goes out as it is. */
void cx_json_string(struct cx_buf *out, struct cx_str s); /* null -> null */
void cx_json_i64(struct cx_buf *out, int64_t v);
void cx_json_f64(struct cx_buf *out, double v); /* shortest text that reads back to the same double; 1.0 -> 1 */
void cx_json_f32(struct cx_buf *out, float v);  /* the same for float */
#endif
