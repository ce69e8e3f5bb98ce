/* dead_letter.c - a rejected item as its stage received it, with where and why in headers (invariant 11). */
#include "run/chain_internal.h"

#include <openssl/sha.h>

#define KEEP_BYTES (64u << 10) /* of a payload too large for the topic */

/* Key and value as the stage received them: the message itself, or the record as the stage before wrote it. */
static void add_payload(struct cx_task *task, size_t at, struct cx_pending *p)
{
    const struct cx_chain *chain = task->chain;
    if (at <= chain->first) {
        const struct cx_message *m = task->message;
        p->has_key = m->key.ptr != NULL;
        p->has_value = m->value.ptr != NULL;
        p->key_len = cx_task_add_bytes(task, m->key, &p->key_at).len;
        p->value_len = cx_task_add_bytes(task, m->value, &p->value_at).len;
        return;
    }
    const struct cx_topic *between = NULL;
    for (size_t i = 0; i < at; i++)
        if (chain->links[i].ports[0])
            between = chain->links[i].ports[0];
    p->has_key = p->has_value = true;
    cx_task_key(task, between, &p->key_at, &p->key_len);
    cx_task_encode(task);
    p->value_at = task->encoded_at;
    p->value_len = task->encoded_len;
}

struct headers {
    struct cx_arena *arena;
    struct cx_header *items;
    size_t len;
};

static void add_header(struct headers *h, const char *name, struct cx_str value)
{
    h->items[h->len++] = (struct cx_header){ cx_str(name), value };
}

static void cut_value(struct cx_task *task, struct cx_pending *p, struct headers *h)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)task->bytes.ptr + p->value_at, p->value_len, digest);
    char *hex = cx_arena_bytes(task->arena, sizeof digest * 2);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    add_header(h, "cx-truncated", CX_STR("true"));
    add_header(h, "cx-length", cx_arena_format(task->arena, "%zu", p->value_len));
    add_header(h, "cx-sha256", cx_str_n(hex, sizeof digest * 2));
    p->value_len = KEEP_BYTES;
}

static bool is_own_header(struct cx_str name)
{
    return cx_str_starts(name, CX_STR("__connect.errors.")) || cx_str_is(name, "cx-error-code") || cx_str_is(name, "cx-stage") ||
           cx_str_is(name, "cx-item");
}

void cx_dead_letter(struct cx_task *task, size_t at, const struct cx_reason *reason, struct cx_str detail)
{
    const struct cx_message *m = task->message;
    const struct cx_link *link = &task->chain->links[at];
    struct cx_arena *arena = task->arena;
    struct cx_pending *p = cx_task_add_pending(task);
    p->topic = link->dead_letters;
    p->stage = link->stage->name;
    add_payload(task, at, p);

    struct headers h = { arena, CX_NEW_ARRAY(arena, struct cx_header, m->header_count + 16), 0 };
    add_header(&h, "__connect.errors.topic", cx_arena_copy(arena, m->topic));
    add_header(&h, "__connect.errors.partition", cx_arena_format(arena, "%d", m->partition));
    add_header(&h, "__connect.errors.offset", cx_arena_format(arena, "%lld", (long long)m->offset));
    add_header(&h, "__connect.errors.stage", cx_str(link->stage->name));
    add_header(&h, "__connect.errors.class.name", cx_str(reason->name));
    add_header(&h, "__connect.errors.exception.class.name", cx_str(reason->name));
    add_header(&h, "__connect.errors.exception.message", cx_str(reason->doc));
    add_header(&h, "cx-error-code", cx_str(reason->name));
    add_header(&h, "cx-stage", cx_str(link->stage->name));
    add_header(&h, "cx-item", cx_arena_format(arena, "%d", task->item.index));
    if (detail.ptr)
        add_header(&h, "cx-error-detail", detail);
    if ((int64_t)p->value_len > task->chain->max_message - 4096 && p->value_len > KEEP_BYTES)
        cut_value(task, p, &h);
    if (at <= task->chain->first)
        for (size_t i = 0; i < m->header_count; i++)
            if (!is_own_header(m->headers[i].name))
                h.items[h.len++] = m->headers[i];
    p->headers = h.items;
    p->header_count = h.len;
}
