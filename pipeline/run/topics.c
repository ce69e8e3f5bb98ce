/* topics.c - topics.def compiled to a table. */
#include "run/topics.h"

#include <stdio.h>

#define DAYS(n) ((int64_t)(n)*86400000)
#define CX_TOPIC(symbol, name_, schema_, key_, placement_, partitions_, retention_, cleanup_, pii_, doc_)                                            \
    { name_, schema_, key_, CX_PLACE_##placement_, CX_COUNT_##partitions_, retention_, CX_CLEANUP_##cleanup_, CX_PII_##pii_, doc_ },
const struct cx_topic cx_topics[] = {
#include "schemas/topics.def"
};
#undef CX_TOPIC
const size_t cx_topic_count = sizeof cx_topics / sizeof *cx_topics;

/* "a.<x>.b" matches "a.anything.b". */
static bool matches_pattern(const char *pattern, struct cx_str name)
{
    const char *open = strchr(pattern, '<'), *close = strchr(pattern, '>');
    size_t head = (size_t)(open - pattern), tail = strlen(close + 1);
    return name.len > head + tail && memcmp(name.ptr, pattern, head) == 0 && memcmp(name.ptr + name.len - tail, close + 1, tail) == 0;
}

const struct cx_topic *cx_topic_find(struct cx_str name)
{
    for (size_t i = 0; i < cx_topic_count; i++) {
        const struct cx_topic *t = &cx_topics[i];
        if (cx_topic_is_pattern(t) ? matches_pattern(t->name, name) : cx_str_is(name, t->name))
            return t;
    }
    return NULL;
}

void cx_topic_ledger(const char *chain, char out[128])
{
    snprintf(out, 128, "cx.ledger.%s.v1", chain);
}

int cx_topic_counts(const struct cx_node *partitions, int32_t counts[3], struct cx_error *err)
{
    static const char *const names[] = { "raw", "scope", "route", NULL };
    static const int32_t fallback[3] = { 6, 6, 6 };
    CX_TRY(cx_node_only(partitions, names, err));
    for (int i = 0; i < 3; i++) {
        const struct cx_node *node = cx_node_get(partitions, names[i]);
        int64_t n = fallback[i];
        if (node)
            CX_TRY(cx_node_i64(node, 1, 10000, &n, err));
        counts[i] = (int32_t)n;
    }
    return 0;
}
