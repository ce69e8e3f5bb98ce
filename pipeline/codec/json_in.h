/* json_in.h - reading a record's values from JSON nodes. For the generated readers, inside this room only.
 * Every function answers false after noting `why`; the callers put the path together on the way out. A member that is null counts as missing. */
#ifndef CX_CODEC_JSON_IN_H
#define CX_CODEC_JSON_IN_H
#include "codec/codec.h"

struct cx_json_in {
    struct cx_arena *arena;
    struct cx_str path; /* of the member that is wrong, as author.followers or identifiers[2].type; null: the record itself */
    const char *why;
    uint32_t items_left; /* of CX_AVRO_MAX_ITEMS: more could be written, but not read back */
};

bool cx_json_in_fail(struct cx_json_in *in, const char *why) __attribute__((cold));
/* Put a member's name, or an item's index, before the path; both answer false. */
bool cx_json_in_member(struct cx_json_in *in, struct cx_str name) __attribute__((cold));
bool cx_json_in_item(struct cx_json_in *in, size_t index) __attribute__((cold));
bool cx_json_in_object(struct cx_json_in *in, const struct cx_json *node);
/* Whether all required fields (bits of `required`) were seen. */
bool cx_json_in_complete(struct cx_json_in *in, const struct cx_str *names, uint64_t required, uint64_t seen);
/* The field called `name`, looked for from *next on, since members mostly come in schema order; -1: none. */
int cx_json_in_field(const struct cx_str *names, int count, int *next, struct cx_str name);
/* Checks an array against the cap and allocates its items, zeroed. */
bool cx_json_in_items(struct cx_json_in *in, const struct cx_json *node, size_t item_size, void **items);

bool cx_json_in_string(struct cx_json_in *in, const struct cx_json *node, struct cx_str *text);
bool cx_json_in_id(struct cx_json_in *in, const struct cx_json *node, struct cx_id *id);
bool cx_json_in_bool(struct cx_json_in *in, const struct cx_json *node, bool *value);
bool cx_json_in_int(struct cx_json_in *in, const struct cx_json *node, int32_t *value);
bool cx_json_in_long(struct cx_json_in *in, const struct cx_json *node, int64_t *value);
bool cx_json_in_time(struct cx_json_in *in, const struct cx_json *node, int64_t *ms);
bool cx_json_in_float(struct cx_json_in *in, const struct cx_json *node, float *value);
bool cx_json_in_double(struct cx_json_in *in, const struct cx_json *node, double *value);
bool cx_json_in_opt_id(struct cx_json_in *in, const struct cx_json *node, const struct cx_id **id);
bool cx_json_in_opt_bool(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_bool *value);
bool cx_json_in_opt_int(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *value);
bool cx_json_in_opt_long(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *value);
bool cx_json_in_opt_time(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *ms);
bool cx_json_in_opt_float(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_f64 *value);
bool cx_json_in_opt_double(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_f64 *value);
bool cx_json_in_str_list(struct cx_json_in *in, const struct cx_json *node, struct cx_str_list *list);
bool cx_json_in_str_map(struct cx_json_in *in, const struct cx_json *node, struct cx_str_map *map);
bool cx_json_in_i64_map(struct cx_json_in *in, const struct cx_json *node, struct cx_i64_map *map);
#endif
