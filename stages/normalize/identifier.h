/* identifier.h - what may tell who the author is: clean values, and which type an author's id has on a channel. */
#ifndef NORMALIZE_IDENTIFIER_H
#define NORMALIZE_IDENTIFIER_H
#include "stages/normalize/normalize.h"

/* A row of an adapter's `channels:`. */
struct normalize_channel {
    struct cx_str name;
    struct cx_str_list types; /* the first that a value fits is its type; empty: the author's id is no identifier */
    bool is_scoped;           /* the id means something inside one account only */
    bool is_dialled;          /* phone numbers come as digits that begin with the calling code */
};
/* NULL for a channel without a row. */
const struct normalize_channel *normalize_channel_find(const struct normalize_self *self, struct cx_str name);

/* The value as it belongs in the record: e-mail in lower case, phone as E.164, blanks off the ends; null when it is none ("", "0") or does not fit
 * the type. `country` for national phone numbers, may be null. */
struct cx_str normalize_identifier_value(struct cx_arena *arena, struct cx_str type, struct cx_str value, struct cx_str country);

/* Adds (type, value, scope) unless the same type and value is there. `identifiers` must have room. */
void normalize_identifier_add(struct cx_identifier *identifiers, size_t *len, struct cx_identifier identifier);
/* Appends author.native_id by the channel's row, else as <channel>_user_id: for canonical input. */
void normalize_identifier_author(const struct normalize_self *self, struct cx_arena *arena, struct cx_str country, struct cx_interaction *record);
#endif
