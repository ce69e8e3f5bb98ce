/* config.h - one YAML file for every process, overlaid by CX_* environment variables and --set; option tables beside the code they govern.
 *
 * Reading gives a tree of nodes that know where they stand (file:line:col). An option table turns a map node into a checked struct; the same
 * table prints --help, the reference cx.yaml and docs. Unknown keys, wrong types and values out of range are errors with a place and, for
 * names, a suggestion. Everything lives in the arena given. */
#ifndef CX_CONFIG_H
#define CX_CONFIG_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

enum cx_node_type { CX_NODE_NULL, CX_NODE_SCALAR, CX_NODE_LIST, CX_NODE_MAP };
struct cx_node {
    enum cx_node_type type;
    struct cx_str key;  /* member name in a map */
    struct cx_str text; /* scalar, as written */
    bool quoted;        /* the scalar was quoted: a string whatever it looks like */
    const char *file;
    int line, column; /* from 1 */
    size_t count;
    struct cx_node *first, *next;
};
#define CX_CONFIG_DEPTH 32
/* Parses YAML: at most 16 MiB and 32 levels, one document; aliases, tags and duplicate keys are refused. An empty text is an empty map. `name` is
 * what messages call the text. NULL with *err filled. */
struct cx_node *cx_config_parse(struct cx_arena *arena, const char *name, struct cx_str text, struct cx_error *err);
const struct cx_node *cx_node_get(const struct cx_node *map, const char *key); /* NULL when absent or map NULL */
/* "file:line:col: error: ..."; returns -1 with CX_EXIT_CONFIG. */
int cx_node_fail(const struct cx_node *at, struct cx_error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Scalar as a number or truth value (true false yes no on off); fails with place and what was expected. A quoted scalar is only ever a string. */
int cx_node_i64(const struct cx_node *node, int64_t min, int64_t max, int64_t *out, struct cx_error *err);
int cx_node_f64(const struct cx_node *node, double min, double max, double *out, struct cx_error *err);
int cx_node_bool(const struct cx_node *node, bool *out, struct cx_error *err);
int cx_node_str(const struct cx_node *node, struct cx_str *out, struct cx_error *err);
/* Fails on the first member whose name is not in the NULL-terminated list, with "did you mean". */
int cx_node_only(const struct cx_node *map, const char *const *names, struct cx_error *err);
/* Applies "a.b.c=value"; `origin` is named in messages ("--set"). Creates maps on the way; in a list a number is an index; a name with dots stands
 * in double quotes. A value that begins with [ { " or ' is read as YAML, unless the name is a secret's; any other stands for itself. */
int cx_config_set(struct cx_arena *arena, struct cx_node *root, const char *assignment, const char *origin, struct cx_error *err);
/* For every path (NULL-terminated) the variable named after it, CX_KAFKA_BROKERS for kafka.brokers, as cx_config_set would. Other CX_ variables are
 * none of our business: a cluster puts its own there for a service called cx. */
int cx_config_env(struct cx_arena *arena, struct cx_node *root, char *const *environ_, const char *const *paths, struct cx_error *err);
/* Is it a secret, by its name? Those that end in password, secret, token, key or pem; a name that ends in _file holds a path and is none. */
bool cx_is_secret(struct cx_str name);
/* The tree as YAML text, secrets as ***; so is the password in scheme://user:password@host. */
void cx_config_print(struct cx_buf *out, const struct cx_node *root);

enum cx_type { CX_TYPE_END, CX_TYPE_BOOL, CX_TYPE_I64, CX_TYPE_F64, CX_TYPE_STR, CX_TYPE_NODE };
struct cx_option {        /* one row = parsing, validation, --help and docs */
    const char *name;     /* as written in the file */
    enum cx_type type;    /* derived from the C field by CX_OPTION */
    size_t offset;        /* where the value lands in the config struct */
    const char *fallback; /* default as a user would write it; NULL: required. A NODE is never required: absent, it is a NULL pointer, and
                           * `fallback` only says in the docs what that means */
    double min, max;      /* inclusive; both 0: unbounded */
    const char *unit;     /* "ms", "bytes", "records", "" ; ms values may be written 10s, 5m, 2h, 7d; bytes 64k, 8m */
    const char *doc;      /* one sentence */
};
/* clang-format off */
#define CX_OPTION(cfg, field, fallback_, min_, max_, unit_, doc_)                                                                           \
    { #field, _Generic(((cfg *)0)->field, bool: CX_TYPE_BOOL, int64_t: CX_TYPE_I64, double: CX_TYPE_F64, struct cx_str: CX_TYPE_STR,        \
                       const struct cx_node *: CX_TYPE_NODE),                                                                             \
      offsetof(cfg, field), fallback_, min_, max_, unit_, doc_ }
/* clang-format on */
/* Fills the struct from a map node (NULL: all defaults). `where` names the map in messages, "dedup". Tables end with a zero row. An option without a
 * value (`window:`) has its default. */
int cx_options_read(const struct cx_option *options, const struct cx_node *map, const char *where, void *cfg, struct cx_error *err);
/* Commented YAML with every option at its default, indented; the reference cx.yaml is made of these. */
void cx_options_reference(struct cx_buf *out, const struct cx_option *options, const char *map_name, const char *summary);
/* A markdown table. */
void cx_options_markdown(struct cx_buf *out, const struct cx_option *options);
#endif
