/* dead_letter.c - a rejected item as its stage received it, with where and why in headers (invariant 11). */
#include "run/chain_internal.h"

#include <openssl/sha.h>

#define KEEP_BYTES (64u << 10) /* of a part too large for the topic */
#define OWN_BYTES  4096        /* room for the headers added here */

struct payload {
    struct cx_str key, value;
};

/* Key and value as the stage received them: the message itself, or the record as the stage before wrote it. */
static struct payload received(struct cx_task *task, size_t at)
{
    const struct cx_chain *chain = task->chain;
    if (at <= chain->first)
        return (struct payload){ task->message->key, task->message->value };
    const struct cx_topic *between = NULL;
    for (size_t i = 0; i < at; i++)
        if (chain->links[i].ports[0])
            between = chain->links[i].ports[0];
    size_t key_at, key_len;
    cx_task_key(task, between, &key_at, &key_len);
    struct cx_str key = cx_arena_copy(task->arena, cx_str_n(task->bytes.ptr + key_at, key_len));
    cx_task_encode(task);
    return (struct payload){ key, cx_arena_copy(task->arena, cx_str_n(task->bytes.ptr + task->encoded_at, task->encoded_len)) };
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

static struct cx_str hex(struct cx_arena *arena, const unsigned char *bytes, size_t n)
{
    char *text = cx_arena_bytes(arena, n * 2);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    return cx_str_n(text, n * 2);
}

/* What replaces a value that is too large: its head, and what tells whether a copy found elsewhere is the same. */
static struct cx_str cut_value(struct headers *h, struct cx_str value, size_t room)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)value.ptr, value.len, digest);
    add_header(h, "cx-truncated", CX_STR("true"));
    add_header(h, "cx-length", cx_arena_format(h->arena, "%zu", value.len));
    add_header(h, "cx-sha256", hex(h->arena, digest, sizeof digest));
    return cx_str_n(value.ptr, room < KEEP_BYTES ? room : KEEP_BYTES);
}

static void add_where_and_why(struct headers *h, const struct cx_task *task, const char *stage, const struct cx_reason *reason, struct cx_str detail)
{
    const struct cx_message *m = task->message;
    add_header(h, "__connect.errors.topic", cx_arena_copy(h->arena, m->topic));
    add_header(h, "__connect.errors.partition", cx_arena_format(h->arena, "%d", m->partition));
    add_header(h, "__connect.errors.offset", cx_arena_format(h->arena, "%lld", (long long)m->offset));
    add_header(h, "__connect.errors.stage", cx_str(stage));
    add_header(h, "__connect.errors.class.name", cx_str(reason->name));
    add_header(h, "__connect.errors.exception.class.name", cx_str(reason->name));
    add_header(h, "__connect.errors.exception.message", cx_str(reason->doc));
    add_header(h, "cx-error-code", cx_str(reason->name));
    add_header(h, "cx-stage", cx_str(stage));
    add_header(h, "cx-item", cx_arena_format(h->arena, "%d", task->item.index));
    if (detail.ptr)
        add_header(h, "cx-error-detail", cx_utf8_prefix(detail, 512));
}

/* Headers that an earlier dead letter of this record brought along. */
static bool is_own_header(struct cx_str name)
{
    static const char *const own[] = { "cx-error-code", "cx-error-detail", "cx-stage",  "cx-item",
                                       "cx-truncated",  "cx-length",       "cx-sha256", "cx-headers-dropped" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (cx_str_is(name, own[i]))
            return true;
    return cx_str_starts(name, CX_STR("__connect.errors."));
}

/* The message's own headers go with its own bytes, if there is room: then they say how to read them. */
static size_t add_received_headers(struct headers *h, const struct cx_message *m, size_t room)
{
    size_t bytes = 0;
    for (size_t i = 0; i < m->header_count; i++)
        bytes += m->headers[i].name.len + m->headers[i].value.len + 10;
    if (bytes > room) {
        add_header(h, "cx-headers-dropped", CX_STR("true"));
        return 0;
    }
    for (size_t i = 0; i < m->header_count; i++)
        if (!is_own_header(m->headers[i].name))
            h->items[h->len++] = m->headers[i];
    return bytes;
}

/* Key and headers are kept where they leave room for a cut value; what then is still too large is the value. So a dead letter is never refused for
 * its size (invariant 10). */
void cx_dead_letter(struct cx_task *task, size_t at, const struct cx_reason *reason, struct cx_str detail)
{
    const struct cx_message *m = task->message;
    const struct cx_link *link = &task->chain->links[at];
    struct payload payload = received(task, at);
    struct headers h = { task->arena, CX_NEW_ARRAY(task->arena, struct cx_header, m->header_count + 20), 0 };
    size_t most = (size_t)task->chain->max_message, room = most > 2 * OWN_BYTES ? most - OWN_BYTES : most / 2;
    add_where_and_why(&h, task, link->stage->name, reason, detail);
    if (payload.key.len > room / 4)
        payload.key = cx_str_n(payload.key.ptr, room / 4);
    room -= payload.key.len;
    if (at <= task->chain->first)
        room -= add_received_headers(&h, m, room / 4);
    if (payload.value.len > room)
        payload.value = cut_value(&h, payload.value, room);

    struct cx_pending *p = cx_task_add_pending(task);
    p->topic = link->dead_letters;
    p->stage = link->stage->name;
    p->has_key = payload.key.ptr != NULL;
    p->has_value = payload.value.ptr != NULL;
    p->key_len = cx_task_add_bytes(task, payload.key, &p->key_at).len;
    p->value_len = cx_task_add_bytes(task, payload.value, &p->value_at).len;
    p->headers = h.items;
    p->header_count = h.len;
}
