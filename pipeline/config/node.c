#include "config/config.h"
#include "config/expected.h"
#include "config/secret.h"
#include <math.h>
#include <stdarg.h>

const struct cx_node *cx_node_get(const struct cx_node *map, const char *key)
{
    if (!map || map->type != CX_NODE_MAP)
        return NULL;
    for (const struct cx_node *node = map->first; node; node = node->next)
        if (cx_str_is(node->key, key))
            return node;
    return NULL;
}

int cx_node_fail(const struct cx_node *at, struct cx_error *err, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!at || !at->file)
        return cx_fail(err, CX_EXIT_CONFIG, "error: %s", text);
    if (!at->line) /* from --set or the environment */
        return cx_fail(err, CX_EXIT_CONFIG, "%s: error: %s", at->file, text);
    return cx_fail(err, CX_EXIT_CONFIG, "%s:%d:%d: error: %s", at->file, at->line, at->column, text);
}

/* What a node holds, for messages. */
static struct cx_str shown(const struct cx_node *node, char room[80])
{
    static const char *const names[] = { [CX_NODE_NULL] = "nothing", [CX_NODE_LIST] = "a list", [CX_NODE_MAP] = "a map" };
    if (node->type != CX_NODE_SCALAR)
        return cx_str(names[node->type]);
    if (cx_is_secret(node->key))
        return CX_STR("***");
    struct cx_str text = cx_utf8_prefix(node->text, 60);
    snprintf(room, 80, "%s\"%.*s%s\"", node->quoted ? "the string " : "", CX_STR_ARG(text), text.len < node->text.len ? "…" : "");
    return cx_str(room);
}

int cx_node_expected(const struct cx_node *node, const char *expected, struct cx_error *err)
{
    char room[80];
    struct cx_str given = shown(node, room);
    if (node->key.ptr)
        return cx_node_fail(node, err, "%.*s: expected %s, got %.*s", CX_STR_ARG(node->key), expected, CX_STR_ARG(given));
    return cx_node_fail(node, err, "expected %s, got %.*s", expected, CX_STR_ARG(given));
}

int cx_node_i64(const struct cx_node *node, int64_t min, int64_t max, int64_t *out, struct cx_error *err)
{
    char expected[80];
    if (node->type == CX_NODE_SCALAR && !node->quoted && cx_str_to_i64(node->text, out) && *out >= min && *out <= max)
        return 0;
    if (min == INT64_MIN && max == INT64_MAX)
        return cx_node_expected(node, "a whole number", err);
    if (max == INT64_MAX)
        snprintf(expected, sizeof expected, "a whole number of at least %lld", (long long)min);
    else
        snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min, (long long)max);
    return cx_node_expected(node, expected, err);
}

int cx_node_f64(const struct cx_node *node, double min, double max, double *out, struct cx_error *err)
{
    char expected[80];
    if (node->type == CX_NODE_SCALAR && !node->quoted && cx_str_to_f64(node->text, out) && *out >= min && *out <= max)
        return 0;
    if (isinf(min) && isinf(max))
        return cx_node_expected(node, "a number", err);
    snprintf(expected, sizeof expected, "a number from %.15g to %.15g", min, max);
    return cx_node_expected(node, expected, err);
}

int cx_node_bool(const struct cx_node *node, bool *out, struct cx_error *err)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };
    if (node->type == CX_NODE_SCALAR && !node->quoted)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (cx_str_is(node->text, words[i])) {
                *out = i % 2;
                return 0;
            }
    return cx_node_expected(node, "true or false", err);
}

int cx_node_str(const struct cx_node *node, struct cx_str *out, struct cx_error *err)
{
    if (node->type != CX_NODE_SCALAR)
        return cx_node_expected(node, "a string", err);
    *out = node->text;
    return 0;
}

static int fail_unknown(const struct cx_node *node, const char *const *names, size_t n, struct cx_error *err)
{
    const char *meant = cx_did_you_mean(node->key, names, n);
    if (meant)
        return cx_node_fail(node, err, "unknown key \"%.*s\"; did you mean \"%s\"?", CX_STR_ARG(node->key), meant);
    return cx_node_fail(node, err, "unknown key \"%.*s\"", CX_STR_ARG(node->key));
}

int cx_node_only(const struct cx_node *map, const char *const *names, struct cx_error *err)
{
    if (!map || map->type == CX_NODE_NULL)
        return 0;
    if (map->type != CX_NODE_MAP)
        return cx_node_expected(map, "a map", err);
    size_t n = 0;
    while (names[n])
        n++;
    for (const struct cx_node *node = map->first; node; node = node->next) {
        size_t i = 0;
        while (i < n && !cx_str_is(node->key, names[i]))
            i++;
        if (i == n)
            return fail_unknown(node, names, n, err);
    }
    return 0;
}
