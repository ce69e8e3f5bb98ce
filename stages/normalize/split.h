/* split.h - a message apart into parts, one per item. */
#ifndef NORMALIZE_SPLIT_H
#define NORMALIZE_SPLIT_H
#include "stages/normalize/normalize.h"

/* Parts of a payload as they are found. */
struct normalize_parts {
    struct cx_arena *arena;
    struct normalize_part **items;
    size_t len, cap, max;
    bool is_over; /* more than max */
};
/* A zeroed part with its receipt; when there are too many, one that goes nowhere. */
struct normalize_part *normalize_parts_add(struct normalize_parts *parts, const struct normalize_receipt *receipt);
/* The parts of a payload that an adapter reads. */
void normalize_walk(struct normalize_parts *parts, const struct normalize_receipt *receipt, const struct normalize_adapter *adapter,
                    const struct cx_json *payload);
/* At least one part; a payload that cannot be taken apart is one, with its fault. */
size_t normalize_split(const struct normalize_self *self, struct cx_arena *arena, const struct cx_message *message, struct normalize_part ***items);
#endif
