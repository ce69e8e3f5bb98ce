#include "codec/json_in.h"
#include <math.h>
#include "base/time.h"
#include "codec/avro_in.h"

bool cx_json_in_fail(struct cx_json_in *in, const char *why)
{
    in->why = why;
    return false;
}

bool cx_json_in_member(struct cx_json_in *in, struct cx_str name)
{
    const char *joint = in->path.ptr == NULL || in->path.ptr[0] == '[' ? "" : ".";
    in->path = cx_arena_format(in->arena, "%.*s%s%.*s", CX_STR_ARG(name), joint, CX_STR_ARG(in->path));
    return false;
}

bool cx_json_in_item(struct cx_json_in *in, size_t index)
{
    const char *joint = in->path.ptr == NULL ? "" : ".";
    in->path = cx_arena_format(in->arena, "[%zu]%s%.*s", index, joint, CX_STR_ARG(in->path));
    return false;
}

bool cx_json_in_object(struct cx_json_in *in, const struct cx_json *node)
{
    return (node != NULL && node->type == CX_JSON_OBJECT) || cx_json_in_fail(in, "must be an object");
}

bool cx_json_in_complete(struct cx_json_in *in, const struct cx_str *names, uint64_t required, uint64_t seen)
{
    uint64_t missing = required & ~seen;
    if (missing == 0)
        return true;
    cx_json_in_fail(in, "is missing");
    return cx_json_in_member(in, names[__builtin_ctzll(missing)]);
}

int cx_json_in_field(const struct cx_str *names, int count, int *next, struct cx_str name)
{
    int field = *next;
    for (int tried = 0; tried < count; tried++, field++) {
        if (field == count)
            field = 0;
        if (cx_str_eq(names[field], name)) {
            *next = field + 1; /* after the last: from the first again */
            return field;
        }
    }
    return -1;
}

bool cx_json_in_items(struct cx_json_in *in, const struct cx_json *node, size_t item_size, void **items)
{
    if (node->count > in->items_left)
        return cx_json_in_fail(in, "brings the record over 100000 items");
    in->items_left -= node->count;
    *items = node->count ? cx_arena_zalloc(in->arena, node->count * item_size) : NULL;
    return true;
}

bool cx_json_in_string(struct cx_json_in *in, const struct cx_json *node, struct cx_str *text)
{
    *text = node->text;
    return node->type == CX_JSON_STRING || cx_json_in_fail(in, "must be a string");
}

bool cx_json_in_id(struct cx_json_in *in, const struct cx_json *node, struct cx_id *id)
{
    return (node->type == CX_JSON_STRING && cx_id_from_hex(node->text, id)) || cx_json_in_fail(in, "must be 32 hexadecimal digits");
}

bool cx_json_in_bool(struct cx_json_in *in, const struct cx_json *node, bool *value)
{
    *value = node->type == CX_JSON_TRUE;
    return *value || node->type == CX_JSON_FALSE || cx_json_in_fail(in, "must be true or false");
}

bool cx_json_in_long(struct cx_json_in *in, const struct cx_json *node, int64_t *value)
{
    double number;
    if (node->type != CX_JSON_NUMBER)
        return cx_json_in_fail(in, "must be a whole number");
    if (cx_str_to_i64(node->text, value))
        return true;
    /* 12.0 and 1e3 are whole too; beyond 2^53 a double no longer knows. */
    if (!cx_str_to_f64(node->text, &number) || fabs(number) > 9007199254740992.0 || number != floor(number))
        return cx_json_in_fail(in, "must be a whole number of 64 bits");
    *value = (int64_t)number;
    return true;
}

bool cx_json_in_int(struct cx_json_in *in, const struct cx_json *node, int32_t *value)
{
    int64_t wide;
    if (!cx_json_in_long(in, node, &wide))
        return false;
    *value = (int32_t)wide;
    return *value == wide || cx_json_in_fail(in, "must be a whole number of 32 bits");
}

bool cx_json_in_time(struct cx_json_in *in, const struct cx_json *node, int64_t *ms)
{
    if (node->type == CX_JSON_NUMBER)
        return cx_json_in_long(in, node, ms);
    if (node->type == CX_JSON_STRING && (cx_time_parse(node->text, ms) || cx_str_to_i64(node->text, ms)))
        return true;
    return cx_json_in_fail(in, "must be a time: RFC 3339 with an offset, or milliseconds since 1970");
}

bool cx_json_in_double(struct cx_json_in *in, const struct cx_json *node, double *value)
{
    return (node->type == CX_JSON_NUMBER && cx_str_to_f64(node->text, value)) || cx_json_in_fail(in, "must be a number");
}

bool cx_json_in_float(struct cx_json_in *in, const struct cx_json *node, float *value)
{
    double wide;
    if (!cx_json_in_double(in, node, &wide))
        return false;
    *value = (float)wide;
    return isfinite(*value) || cx_json_in_fail(in, "must be a number of 32 bits");
}

bool cx_json_in_opt_id(struct cx_json_in *in, const struct cx_json *node, const struct cx_id **out)
{
    struct cx_id *id = cx_arena_alloc(in->arena, sizeof *id);
    *out = id;
    return cx_json_in_id(in, node, id);
}

bool cx_json_in_opt_bool(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_bool *value)
{
    return value->set = cx_json_in_bool(in, node, &value->value);
}

bool cx_json_in_opt_int(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *value)
{
    int32_t narrow = 0;
    value->set = cx_json_in_int(in, node, &narrow);
    value->value = narrow;
    return value->set;
}

bool cx_json_in_opt_long(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *value)
{
    return value->set = cx_json_in_long(in, node, &value->value);
}

bool cx_json_in_opt_time(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_i64 *ms)
{
    return ms->set = cx_json_in_time(in, node, &ms->value);
}

bool cx_json_in_opt_float(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_f64 *value)
{
    float narrow = 0;
    value->set = cx_json_in_float(in, node, &narrow);
    value->value = narrow;
    return value->set;
}

bool cx_json_in_opt_double(struct cx_json_in *in, const struct cx_json *node, struct cx_opt_f64 *value)
{
    return value->set = cx_json_in_double(in, node, &value->value);
}

bool cx_json_in_str_list(struct cx_json_in *in, const struct cx_json *node, struct cx_str_list *list)
{
    void *room;
    if (node->type != CX_JSON_ARRAY)
        return cx_json_in_fail(in, "must be an array");
    if (!cx_json_in_items(in, node, sizeof(struct cx_str), &room))
        return false;
    struct cx_str *items = room;
    size_t len = 0;
    for (const struct cx_json *child = node->first; child; child = child->next, len++)
        if (!cx_json_in_string(in, child, &items[len]))
            return cx_json_in_item(in, len);
    *list = (struct cx_str_list){ items, len };
    return true;
}

bool cx_json_in_str_map(struct cx_json_in *in, const struct cx_json *node, struct cx_str_map *map)
{
    void *room;
    if (!cx_json_in_object(in, node) || !cx_json_in_items(in, node, sizeof(struct cx_str_entry), &room))
        return false;
    struct cx_str_entry *items = room;
    size_t len = 0;
    for (const struct cx_json *child = node->first; child; child = child->next, len++) {
        items[len].key = child->key;
        if (!cx_json_in_string(in, child, &items[len].value))
            return cx_json_in_member(in, child->key);
    }
    *map = (struct cx_str_map){ items, len };
    return true;
}

bool cx_json_in_i64_map(struct cx_json_in *in, const struct cx_json *node, struct cx_i64_map *map)
{
    void *room;
    if (!cx_json_in_object(in, node) || !cx_json_in_items(in, node, sizeof(struct cx_i64_entry), &room))
        return false;
    struct cx_i64_entry *items = room;
    size_t len = 0;
    for (const struct cx_json *child = node->first; child; child = child->next, len++) {
        items[len].key = child->key;
        if (!cx_json_in_long(in, child, &items[len].value))
            return cx_json_in_member(in, child->key);
    }
    *map = (struct cx_i64_map){ items, len };
    return true;
}
