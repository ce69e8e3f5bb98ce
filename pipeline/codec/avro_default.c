#include "codec/avro_default.h"
#include "codec/avro_out.h"

static void put_long(struct cx_buf *out, int64_t value)
{
    char bytes[CX_AVRO_MAX_VARINT];
    cx_buf_add(out, bytes, (size_t)(cx_put_long(bytes, value) - bytes));
}

static bool whole_number(struct cx_buf *out, json_t *value, int64_t low, int64_t high)
{
    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
        return false;
    put_long(out, json_integer_value(value));
    return true;
}

static bool real_number(struct cx_buf *out, json_t *value, bool is_float)
{
    char bytes[8];
    if (!json_is_number(value))
        return false;
    char *end = is_float ? cx_put_float(bytes, (float)json_number_value(value)) : cx_put_double(bytes, json_number_value(value));
    cx_buf_add(out, bytes, (size_t)(end - bytes));
    return true;
}

/* bytes and fixed stand in JSON as strings whose code points 0..255 are the bytes. */
static bool latin_bytes(struct cx_buf *out, json_t *value, const size_t *fixed_size)
{
    if (!json_is_string(value))
        return false;
    struct cx_str text = { json_string_value(value), json_string_length(value) };
    size_t count = 0;
    for (size_t at = 0; at < text.len; count++)
        if (cx_utf8_next(text, &at) > 255)
            return false;
    if (fixed_size == NULL)
        put_long(out, (int64_t)count);
    else if (*fixed_size != count)
        return false;
    for (size_t at = 0; at < text.len;)
        cx_buf_byte(out, (char)cx_utf8_next(text, &at));
    return true;
}

static bool string(struct cx_buf *out, json_t *value)
{
    if (!json_is_string(value))
        return false;
    put_long(out, (int64_t)json_string_length(value));
    cx_buf_add(out, json_string_value(value), json_string_length(value));
    return true;
}

static bool symbol(struct cx_buf *out, const struct cx_avro_type *type, json_t *value)
{
    if (!json_is_string(value))
        return false;
    for (size_t i = 0; i < type->symbols.len; i++)
        if (cx_str_is(type->symbols.items[i], json_string_value(value))) {
            put_long(out, (int64_t)i);
            return true;
        }
    return false;
}

static bool record(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth)
{
    if (!json_is_object(value) || !type->complete)
        return false;
    for (size_t i = 0; i < type->count; i++) {
        const struct cx_avro_field *field = &type->fields[i];
        json_t *member = json_object_getn(value, field->name.ptr, field->name.len);
        if (member == NULL && field->default_bytes.ptr == NULL)
            return false;
        if (member == NULL)
            cx_buf_str(out, field->default_bytes);
        else if (!cx_avro_default(out, field->type, member, depth + 1))
            return false;
    }
    return true;
}

static bool array(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth)
{
    size_t i;
    json_t *item;
    if (!json_is_array(value))
        return false;
    if (json_array_size(value) != 0)
        put_long(out, (int64_t)json_array_size(value));
    json_array_foreach(value, i, item)
    {
        if (!cx_avro_default(out, type->branches[0], item, depth + 1))
            return false;
    }
    put_long(out, 0);
    return true;
}

static bool map(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth)
{
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return false;
    if (json_object_size(value) != 0)
        put_long(out, (int64_t)json_object_size(value));
    json_object_foreach(value, key, item)
    {
        put_long(out, (int64_t)strlen(key));
        cx_buf_str(out, cx_str(key));
        if (!cx_avro_default(out, type->branches[0], item, depth + 1))
            return false;
    }
    put_long(out, 0);
    return true;
}

static bool first_branch_that_fits(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth)
{
    size_t before = out->len;
    for (size_t i = 0; i < type->count; i++) {
        put_long(out, (int64_t)i);
        if (cx_avro_default(out, type->branches[i], value, depth + 1))
            return true;
        out->len = before;
    }
    return false;
}

bool cx_avro_default(struct cx_buf *out, const struct cx_avro_type *type, json_t *value, int depth)
{
    if (depth > CX_AVRO_MAX_DEPTH)
        return false;
    switch (type->kind) {
    case CX_AVRO_NULL:
        return json_is_null(value);
    case CX_AVRO_BOOLEAN:
        cx_buf_byte(out, json_is_true(value));
        return json_is_boolean(value);
    case CX_AVRO_INT:
        return whole_number(out, value, INT32_MIN, INT32_MAX);
    case CX_AVRO_LONG:
        return whole_number(out, value, INT64_MIN, INT64_MAX);
    case CX_AVRO_FLOAT:
    case CX_AVRO_DOUBLE:
        return real_number(out, value, type->kind == CX_AVRO_FLOAT);
    case CX_AVRO_BYTES:
        return latin_bytes(out, value, NULL);
    case CX_AVRO_FIXED:
        return latin_bytes(out, value, &type->size);
    case CX_AVRO_STRING:
        return string(out, value);
    case CX_AVRO_ENUM:
        return symbol(out, type, value);
    case CX_AVRO_RECORD:
        return record(out, type, value, depth);
    case CX_AVRO_ARRAY:
        return array(out, type, value, depth);
    case CX_AVRO_MAP:
        return map(out, type, value, depth);
    case CX_AVRO_UNION:
        return first_branch_that_fits(out, type, value, depth);
    }
    return false;
}
