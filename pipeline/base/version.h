/* version.h - what makes two deliveries of a thing the same version of it, and the event_id that follows.
 *
 * The one place where both are computed: normalize makes the event_id of a record, dedup derives the event_id of the version before it from
 * what its slot keeps. A version is (op, time where the platform tells one, content). Content is text, title, rating and media; engagement
 * counters are left out, so that a new like is not a new version. The numbers go to topics and into state: changing any of this is a new generation.
 *
 *     struct cx_content c;
 *     cx_content_begin(&c, record->text, record->title);
 *     if (record->rating)
 *         cx_content_rating(&c, record->rating->value, record->rating->scale);
 *     for (size_t i = 0; i < record->media.len; i++)
 *         cx_content_media(&c, media[i].type, media[i].url, media[i].native_id);
 *     uint64_t content = cx_content_end(&c);
 *     struct cx_version version = { record->op, record->occurred_at_known, record->occurred_at, content };
 *     record->event_id = cx_event_id(record->tenant, record->channel, record->native_id, version); */
#ifndef CX_BASE_VERSION_H
#define CX_BASE_VERSION_H
#include "base/hash.h"

struct cx_version {
    int op;                 /* the number of an enum cx_op: create 0, edit 1, delete 2, merge 3 */
    bool occurred_at_known; /* false: occurred_at is a receipt time and no part of the version */
    int64_t occurred_at;    /* ms */
    uint64_t content;       /* of cx_content_end */
};

/* Hash of a version's content. 64 bits are enough: two contents are only ever compared under one native_id. */
struct cx_content {
    uint64_t hash;
};
/* Null and empty differ. Then the rating, if there is one, then each medium in its order. */
void cx_content_begin(struct cx_content *content, struct cx_str text, struct cx_str title);
void cx_content_rating(struct cx_content *content, double value, double scale);
/* A medium is known by the platform's id of it, and by its address only where it has none: signed addresses change with every delivery. */
void cx_content_media(struct cx_content *content, struct cx_str type, struct cx_str url, struct cx_str native_id);
uint64_t cx_content_end(struct cx_content *content);

struct cx_id cx_event_id(struct cx_str tenant, struct cx_str channel, struct cx_str native_id, struct cx_version version);
#endif
