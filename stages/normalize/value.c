#include "stages/normalize/value.h"
#include "base/time.h"
#include "stages/normalize/html.h"
#include "stages/normalize/mail_date.h"
#include "stages/normalize/phone.h"

struct normalize_value normalize_string(struct cx_arena *arena, struct cx_str text)
{
    if (text.ptr == NULL)
        return normalize_absent();
    struct cx_json *node = CX_NEW(arena, struct cx_json);
    node->type = CX_JSON_STRING;
    node->text = text;
    return (struct normalize_value){ .node = node };
}

struct cx_str normalize_value_text(struct normalize_value v)
{
    if (v.node == NULL)
        return CX_STR_NULL;
    switch (v.node->type) {
    case CX_JSON_STRING:
    case CX_JSON_NUMBER:
        return v.node->text;
    case CX_JSON_TRUE:
        return CX_STR("true");
    case CX_JSON_FALSE:
        return CX_STR("false");
    default:
        return CX_STR_NULL;
    }
}

/* ---- times ---- */

enum unit { SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS, BY_MAGNITUDE };

/* Seconds of 2005..5138 have at most 11 digits, milliseconds of the same years 12 to 14, and so on: the units do not overlap. */
static enum unit unit_of(int64_t n)
{
    return n < 100000000000 ? SECONDS : n < 100000000000000 ? MILLISECONDS : n < 100000000000000000 ? MICROSECONDS : NANOSECONDS;
}

/* "1755779280" or "1755779280.25"; parts of a millisecond are cut off. */
static bool epoch(struct cx_str text, enum unit unit, int64_t *ms)
{
    struct cx_str rest = text, whole = CX_STR_NULL;
    int64_t n, fraction = 0;
    if (!cx_str_cut(&rest, '.', &whole) || !cx_str_to_i64(whole, &n) || n < 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        char c = i < rest.len ? rest.ptr[i] : '0';
        if (c < '0' || c > '9')
            return false;
        fraction = fraction * 10 + (c - '0');
    }
    if (unit == BY_MAGNITUDE)
        unit = unit_of(n);
    if (unit == SECONDS && n > INT64_MAX / 1000 - 1)
        return false;
    *ms = unit == SECONDS ? n * 1000 + fraction : unit == MILLISECONDS ? n : unit == MICROSECONDS ? n / 1000 : n / 1000000;
    return true;
}

bool normalize_value_time(struct normalize_value v, int64_t *ms)
{
    if (v.is_time) {
        *ms = v.ms;
        return true;
    }
    bool is_text = v.node != NULL && v.node->type == CX_JSON_STRING, is_number = v.node != NULL && v.node->type == CX_JSON_NUMBER;
    if (!is_text && !is_number)
        return false;
    return epoch(v.node->text, BY_MAGNITUDE, ms) || (is_text && cx_time_parse(v.node->text, ms));
}

/* `is_read` is what reading into *ms answered. */
static bool take_time(const struct normalize_scope *scope, struct normalize_value *value, bool is_read, const int64_t *ms)
{
    if (!is_read)
        return normalize_fail(scope->fault, NORMALIZE_BAD_TIME, CX_STR_NULL);
    *value = normalize_time(*ms);
    return true;
}

static bool take_epoch(const struct normalize_scope *scope, struct normalize_value *value, enum unit unit)
{
    int64_t ms = 0;
    return take_time(scope, value, epoch(normalize_value_text(*value), unit, &ms), &ms);
}

static bool apply_epoch(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_epoch(scope, value, BY_MAGNITUDE);
}

static bool apply_epoch_s(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_epoch(scope, value, SECONDS);
}

static bool apply_epoch_ms(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_epoch(scope, value, MILLISECONDS);
}

static bool apply_epoch_us(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_epoch(scope, value, MICROSECONDS);
}

static bool apply_rfc3339(const struct normalize_scope *scope, struct normalize_value *value)
{
    int64_t ms = 0;
    return take_time(scope, value, cx_time_parse(normalize_value_text(*value), &ms), &ms);
}

static bool apply_rfc2822(const struct normalize_scope *scope, struct normalize_value *value)
{
    int64_t ms = 0;
    return take_time(scope, value, normalize_mail_date(normalize_value_text(*value), &ms), &ms);
}

/* ---- texts ---- */

static bool take_text(const struct normalize_scope *scope, struct normalize_value *value, struct cx_str text)
{
    *value = normalize_string(scope->arena, text);
    return true;
}

static bool apply_html(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_text(scope, value, normalize_html_text(scope->arena, normalize_value_text(*value), NORMALIZE_HTML_PLAIN));
}

static bool apply_entities(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_text(scope, value, normalize_html_entities(scope->arena, normalize_value_text(*value)));
}

static bool apply_trim(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_text(scope, value, cx_str_trim(normalize_value_text(*value)));
}

static bool apply_lower(const struct normalize_scope *scope, struct normalize_value *value)
{
    struct cx_str text = normalize_value_text(*value);
    char *out = cx_arena_bytes(scope->arena, text.len);
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] + 32) : text.ptr[i];
    return take_text(scope, value, cx_str_n(out, text.len));
}

static bool apply_dialled(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_text(scope, value, normalize_phone_international(scope->arena, normalize_value_text(*value)));
}

static bool apply_phone(const struct normalize_scope *scope, struct normalize_value *value)
{
    return take_text(scope, value, normalize_phone(scope->arena, normalize_value_text(*value), scope->part->receipt->country));
}

static bool apply_json(const struct normalize_scope *scope, struct normalize_value *value)
{
    struct cx_json_fault json_fault;
    value->node = cx_json_parse(scope->arena, normalize_value_text(*value), &json_fault);
    return value->node != NULL || normalize_fail(scope->fault, NORMALIZE_INVALID_JSON, CX_STR("JSON within JSON"));
}

const struct normalize_function normalize_functions[] = {
    { "epoch", apply_epoch, "Epoch number or digits; seconds, ms, µs or ns by magnitude." },
    { "epoch_s", apply_epoch_s, "Epoch seconds, also with a fraction." },
    { "epoch_ms", apply_epoch_ms, "Epoch milliseconds." },
    { "epoch_us", apply_epoch_us, "Epoch microseconds." },
    { "rfc3339", apply_rfc3339, "RFC 3339, also with an offset without a colon." },
    { "rfc2822", apply_rfc2822, "A date as in mail and RSS." },
    { "html", apply_html, "HTML to the words a reader sees." },
    { "entities", apply_entities, "&amp; &lt; &gt; and the like decoded, nothing else." },
    { "trim", apply_trim, "Blanks off both ends." },
    { "lower", apply_lower, "ASCII letters to lower case." },
    { "dialled", apply_dialled, "Digits that begin with the calling code to E.164; absent when they do not." },
    { "phone", apply_phone, "A phone number to E.164, national forms by the default country; absent when it is none." },
    { "json", apply_json, "JSON text inside a string." },
    { 0 },
};

const struct normalize_function *normalize_function_find(struct cx_str name)
{
    for (const struct normalize_function *f = normalize_functions; f->name != NULL; f++)
        if (cx_str_is(name, f->name))
            return f;
    return NULL;
}
