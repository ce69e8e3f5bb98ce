#include "base/version.h"

#include "base/failpoint.h"

/* Every part is hashed where it stands, without a copy, and joined to what came before: dedup does this for each record. */
static void join(struct cx_content *content, uint64_t part)
{
    const uint64_t both[2] = { content->hash, part };
    content->hash = cx_hash64(both, sizeof both);
}

static uint64_t hash_of(struct cx_str part)
{
    return part.ptr ? cx_hash64(part.ptr, part.len) : 0;
}

void cx_content_begin(struct cx_content *content, struct cx_str text, struct cx_str title)
{
    content->hash = hash_of(text);
    join(content, hash_of(title));
}

static uint64_t bits_of(double v)
{
    v += 0.0; /* -0 is 0 */
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* What follows text and title varies in number, so each part says what it is. */
enum { PART_RATING = 1, PART_MEDIA, PART_MEDIA_URL };

void cx_content_rating(struct cx_content *content, double value, double scale)
{
    join(content, PART_RATING);
    join(content, bits_of(value));
    join(content, bits_of(scale));
}

void cx_content_media(struct cx_content *content, struct cx_str type, struct cx_str url, struct cx_str native_id)
{
    bool has_id = native_id.ptr != NULL;
    join(content, has_id ? PART_MEDIA : PART_MEDIA_URL);
    join(content, hash_of(type));
    join(content, hash_of(has_id ? native_id : url));
}

uint64_t cx_content_end(struct cx_content *content)
{
    return content->hash;
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
    if (cx_failpoint_bug(CX_BUG_RANDOM_IDS))
        cx_hasher_i64(&hasher, random());
    return cx_hasher_end(&hasher);
}
