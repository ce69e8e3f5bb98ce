#include "base/version.h"

void cx_content_begin(struct cx_content *content, struct cx_str text, struct cx_str title)
{
    cx_hasher_init(&content->hasher, "cx.content.v1");
    cx_hasher_str(&content->hasher, text);
    cx_hasher_str(&content->hasher, title);
}

static int64_t bits_of(double v)
{
    v += 0.0; /* -0 is 0 */
    int64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* What follows text and title varies in number, so each part says what it is. */
void cx_content_rating(struct cx_content *content, double value, double scale)
{
    cx_hasher_str(&content->hasher, CX_STR("rating"));
    cx_hasher_i64(&content->hasher, bits_of(value));
    cx_hasher_i64(&content->hasher, bits_of(scale));
}

void cx_content_media(struct cx_content *content, struct cx_str type, struct cx_str url, struct cx_str native_id)
{
    bool has_id = native_id.ptr != NULL;
    cx_hasher_str(&content->hasher, has_id ? CX_STR("media") : CX_STR("media url"));
    cx_hasher_str(&content->hasher, type);
    cx_hasher_str(&content->hasher, has_id ? native_id : url);
}

uint64_t cx_content_end(struct cx_content *content)
{
    struct cx_id id = cx_hasher_end(&content->hasher);
    uint64_t first = 0;
    for (int i = 0; i < 8; i++)
        first = first << 8 | id.bytes[i];
    return first;
}

struct cx_id cx_event_id(struct cx_str tenant, struct cx_str channel, struct cx_str native_id, struct cx_version version)
{
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "cx.event.v1");
    cx_hasher_str(&hasher, tenant);
    cx_hasher_str(&hasher, channel);
    cx_hasher_str(&hasher, native_id);
    cx_hasher_i64(&hasher, version.op);
    if (version.occurred_at_known)
        cx_hasher_i64(&hasher, version.occurred_at);
    else
        cx_hasher_str(&hasher, CX_STR_NULL);
    cx_hasher_i64(&hasher, (int64_t)version.content);
    return cx_hasher_end(&hasher);
}
