#include "stages/normalize/member.h"
#include "base/time.h"

enum { ID_DIGITS_MAX = 40 };
static const int64_t last_ms = 253402300799999; /* 9999-12-31 */

struct cx_str normalize_member_name(const struct normalize_member *m)
{
    if (m->where == NULL)
        return m->node->key;
    if (m->index < 0)
        return cx_arena_format(m->arena, "%s.%.*s", m->where, CX_STR_ARG(m->node->key));
    return cx_arena_format(m->arena, "%s[%d].%.*s", m->where, m->index, CX_STR_ARG(m->node->key));
}

bool normalize_member_fail(const struct normalize_member *m, enum normalize_reason reason, const char *expected)
{
    return normalize_fail(m->fault, reason, cx_arena_format(m->arena, "%.*s: expected %s", CX_STR_ARG(normalize_member_name(m)), expected));
}

bool normalize_member_string(const struct normalize_member *m, struct cx_str *out)
{
    if (m->node->type == CX_JSON_STRING)
        *out = m->node->text;
    else if (m->node->type != CX_JSON_NULL)
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a string");
    return true;
}

static bool is_integer(struct cx_str s)
{
    size_t first = s.len > 0 && s.ptr[0] == '-';
    for (size_t i = first; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > first && s.len <= ID_DIGITS_MAX;
}

bool normalize_member_id(const struct normalize_member *m, struct cx_str *out)
{
    if (m->node->type == CX_JSON_NUMBER ? !is_integer(m->node->text) : m->node->type != CX_JSON_STRING && m->node->type != CX_JSON_NULL)
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a string or an integer");
    *out = m->node->type == CX_JSON_NULL || m->node->text.len == 0 ? CX_STR_NULL : m->node->text;
    return true;
}

bool normalize_member_bool(const struct normalize_member *m, bool *out)
{
    if (m->node->type == CX_JSON_TRUE || m->node->type == CX_JSON_FALSE)
        *out = m->node->type == CX_JSON_TRUE;
    else if (m->node->type != CX_JSON_NULL)
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "true or false");
    return true;
}

bool normalize_member_i64(const struct normalize_member *m, int64_t min, int64_t max, int64_t *out)
{
    int64_t value;
    if (m->node->type != CX_JSON_NUMBER || !cx_str_to_i64(m->node->text, &value))
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "an integer");
    if (value < min || value > max)
        return normalize_member_fail(m, NORMALIZE_BAD_VALUE, "a number within its range");
    *out = value;
    return true;
}

bool normalize_member_f64(const struct normalize_member *m, double *out)
{
    if (m->node->type != CX_JSON_NUMBER || !cx_str_to_f64(m->node->text, out))
        return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a number");
    return true;
}

bool normalize_member_time(const struct normalize_member *m, int64_t *ms)
{
    if (m->node->type == CX_JSON_STRING && cx_time_parse(m->node->text, ms))
        return true;
    if (m->node->type == CX_JSON_NUMBER && cx_str_to_i64(m->node->text, ms))
        return (*ms >= 0 && *ms <= last_ms) || normalize_member_fail(m, NORMALIZE_TIME_OUT_OF_RANGE, "a year from 1970 to 9999");
    if (m->node->type == CX_JSON_STRING || m->node->type == CX_JSON_NUMBER)
        return normalize_member_fail(m, NORMALIZE_BAD_TIME, "RFC 3339 with an offset or epoch milliseconds");
    return normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a time");
}
