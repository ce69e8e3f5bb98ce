/* An option table and a map to a checked struct. */
#include "config/config.h"
#include "config/expected.h"
#include "config/unit.h"
#include <math.h>

enum { MOST_OPTIONS = 128 };

static const struct cx_option *find_option(const struct cx_option *options, struct cx_str name)
{
    for (; options->name; options++)
        if (cx_str_is(name, options->name))
            return options;
    return NULL;
}

static int check_names(const struct cx_option *options, const struct cx_node *map, const char *where, struct cx_error *err)
{
    const char *names[MOST_OPTIONS];
    size_t n = 0;
    for (; options[n].name; n++) {
        cx_assert(n < MOST_OPTIONS);
        names[n] = options[n].name;
    }
    for (const struct cx_node *node = map->first; node; node = node->next) {
        if (find_option(options, node->key))
            continue;
        const char *meant = cx_did_you_mean(node->key, names, n);
        if (meant)
            return cx_node_fail(node, err, "unknown key \"%.*s\" in %s; did you mean \"%s\"?", CX_STR_ARG(node->key), where, meant);
        return cx_node_fail(node, err, "unknown key \"%.*s\" in %s", CX_STR_ARG(node->key), where);
    }
    return 0;
}

static bool is_bounded(const struct cx_option *o)
{
    return o->min != 0 || o->max != 0;
}

static int fail_number(const struct cx_option *o, const struct cx_node *node, struct cx_error *err)
{
    char low[CX_UNIT_TEXT], high[CX_UNIT_TEXT], expected[160];
    const char *what = cx_unit_example(o->unit);
    if (!is_bounded(o))
        return cx_node_expected(node, what, err);
    cx_unit_write((int64_t)o->min, o->unit, low);
    if (o->max >= CX_UNIT_NO_LIMIT) {
        snprintf(expected, sizeof expected, "%s of at least %s", what, low);
    } else {
        cx_unit_write((int64_t)o->max, o->unit, high);
        snprintf(expected, sizeof expected, "%s from %s to %s", what, low, high);
    }
    return cx_node_expected(node, expected, err);
}

static int read_i64(const struct cx_option *o, const struct cx_node *node, int64_t *out, struct cx_error *err)
{
    bool number = node->type == CX_NODE_SCALAR && !node->quoted && cx_unit_read(node->text, o->unit, out);
    bool within = number && (!is_bounded(o) || ((double)*out >= o->min && (double)*out <= o->max));
    return within ? 0 : fail_number(o, node, err);
}

static int read_option(const struct cx_option *o, const struct cx_node *node, void *field, struct cx_error *err)
{
    switch (o->type) {
    case CX_TYPE_BOOL:
        return cx_node_bool(node, field, err);
    case CX_TYPE_I64:
        return read_i64(o, node, field, err);
    case CX_TYPE_F64:
        return is_bounded(o) ? cx_node_f64(node, o->min, o->max, field, err) : cx_node_f64(node, -HUGE_VAL, HUGE_VAL, field, err);
    case CX_TYPE_STR:
        return cx_node_str(node, field, err);
    case CX_TYPE_NODE:
        *(const struct cx_node **)field = node;
        return 0;
    case CX_TYPE_END:
        break;
    }
    cx_assert(!"an option has a type");
    return -1;
}

/* A map that --set or the environment made is no place to send anybody to. */
static int fail_missing(const struct cx_option *o, const struct cx_node *at, const char *where, struct cx_error *err)
{
    return cx_node_fail(at && at->line ? at : NULL, err, "%s.%s is required", where, o->name);
}

int cx_options_read(const struct cx_option *options, const struct cx_node *map, const char *where, void *cfg, struct cx_error *err)
{
    if (map && map->type != CX_NODE_MAP && map->type != CX_NODE_NULL)
        return cx_node_fail(map, err, "%s: expected a map of options", where);
    if (map)
        CX_TRY(check_names(options, map, where, err));
    for (const struct cx_option *o = options; o->name; o++) {
        void *field = (char *)cfg + o->offset;
        const struct cx_node *node = cx_node_get(map, o->name);
        if (node && node->type != CX_NODE_NULL) {
            CX_TRY(read_option(o, node, field, err));
        } else if (o->type == CX_TYPE_NODE) {
            *(const struct cx_node **)field = NULL;
        } else if (o->fallback) {
            const struct cx_node fallback = { .type = CX_NODE_SCALAR, .key = cx_str(o->name), .text = cx_str(o->fallback), .file = "default" };
            cx_assert(read_option(o, &fallback, field, err) == 0);
        } else {
            return fail_missing(o, node ? node : map, where, err);
        }
    }
    return 0;
}
