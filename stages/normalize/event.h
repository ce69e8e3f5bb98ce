/* event.h - one kind of event of an adapter: an expression per field of the record. */
#ifndef NORMALIZE_EVENT_H
#define NORMALIZE_EVENT_H
#include "stages/normalize/expression.h"
#include "stages/normalize/finish.h"

/* T(symbol, name in the file) */
/* clang-format off */
#define NORMALIZE_TARGETS(T) \
    T(CHANNEL, "channel") T(KIND, "kind") T(OP, "op") T(DIRECTION, "direction") T(OCCURRED_AT, "occurred_at") \
    T(NATIVE_ID, "native_id") T(PARENT_ID, "parent_id") T(CONVERSATION_ID, "conversation_id") \
    T(SUPERSEDES, "supersedes") T(URL, "url") T(TITLE, "title") T(TEXT, "text") T(AUTHOR_ID, "author.native_id") \
    T(AUTHOR_HANDLE, "author.handle") T(AUTHOR_NAME, "author.name") T(FOLLOWERS, "author.followers") \
    T(VERIFIED, "author.verified") T(ACTOR, "author.actor") T(RATING, "rating.value") T(SCALE, "rating.scale") \
    T(LIKES, "reach.likes") T(REPLIES, "reach.replies") T(SHARES, "reach.shares") T(VIEWS, "reach.views")
/* clang-format on */
enum normalize_target {
#define T(symbol, name) TARGET_##symbol,
    NORMALIZE_TARGETS(T)
#undef T
        TARGET_COUNT
};

struct normalize_identifier_rule {
    const struct normalize_condition *when; /* NULL: always */
    struct cx_str type;
    struct normalize_expression value, scope;
};
struct normalize_media_rule {
    const struct normalize_path *each; /* a list, or one object; NULL: the item itself */
    const struct normalize_condition *when;
    struct normalize_expression type, url, native_id;
};
struct normalize_attribute_rule {
    struct cx_str name;
    struct normalize_expression value;
};
struct normalize_event {
    struct cx_str name;
    struct normalize_expression fields[TARGET_COUNT];
    const struct normalize_identifier_rule *identifiers;
    size_t identifier_count;
    const struct normalize_media_rule *media;
    size_t media_count;
    const struct normalize_attribute_rule *attributes;
    size_t attribute_count;
    const struct normalize_path *leftovers;       /* members below it that nothing reads become attributes; NULL: none do */
    const struct normalize_reads *leftover_reads; /* what is read below it */
    struct normalize_reads *reads;                /* what is read below the item */
};

/* Compiles the event `node` of an adapter's `events:`; `base` is what it is `like`, or NULL. */
int normalize_event_compile(struct normalize_compiler compiler, const struct cx_node *node, const struct normalize_event *base,
                            struct normalize_event *event, struct cx_error *err);
/* Fills the draft from a part. */
bool normalize_event_read(const struct normalize_self *self, struct cx_arena *arena, const struct normalize_part *part, struct normalize_draft *draft,
                          struct normalize_fault *fault);
#endif
