#include "oracle.h"
#include <avro.h>
#include <math.h>

struct oracle {
    avro_schema_t schema;
    avro_value_iface_t *iface;
};
struct dice {
    uint64_t seed;
    bool for_json;
};

uint64_t oracle_next(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct oracle *oracle_new(struct cx_str avsc)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);
    cx_assert(avro_schema_from_json_length(avsc.ptr, avsc.len, &oracle->schema) == 0);
    oracle->iface = avro_generic_class_from_schema(oracle->schema);
    return oracle;
}

void oracle_free(struct oracle *oracle)
{
    avro_value_iface_decref(oracle->iface);
    avro_schema_decref(oracle->schema);
    free(oracle);
}

static size_t below(struct dice *dice, size_t n)
{
    return oracle_next(&dice->seed) % n;
}

static void random_text(struct dice *dice, struct cx_buf *text)
{
    static const char *const pieces[] = { "a",  "kargo", " ", "ş", "İstanbul", "مرحبا", "привет", "\xf0\x9f\x98\x80",          "\"", "\\",
                                          "\n", "\t",    "ñ", "0", "<b>",      "/",     "\x7f",   "long text of many words, ", "é",  "\x01",
                                          ":",  "日本",  "@", "}", "\r",       "x" };
    cx_buf_reset(text);
    size_t count = below(dice, 8) == 0 ? below(dice, 200) : below(dice, 6);
    for (size_t i = 0; i < count; i++)
        cx_buf_str(text, cx_str(pieces[below(dice, sizeof pieces / sizeof *pieces)]));
    cx_buf_byte(text, 0);
}

static int64_t random_long(struct dice *dice)
{
    uint64_t bits = oracle_next(&dice->seed) >> below(dice, 64);
    if (dice->for_json) /* times of years 0 to 9999 */
        bits &= (UINT64_C(1) << 45) - 1;
    return below(dice, 2) ? (int64_t)bits : (int64_t)-bits;
}

static double random_double(struct dice *dice)
{
    uint64_t bits = oracle_next(&dice->seed);
    double value = (double)(int64_t)bits / 1e15;
    if (below(dice, 4) == 0)
        memcpy(&value, &bits, sizeof value);
    return isfinite(value) ? value : 0.1;
}

static float random_float(struct dice *dice)
{
    uint32_t bits = (uint32_t)oracle_next(&dice->seed);
    float value = (float)(bits % 1000) / 1000;
    if (below(dice, 4) == 0)
        memcpy(&value, &bits, sizeof value);
    return isfinite(value) ? value : 0.1f;
}

static void fill(struct dice *dice, avro_value_t *value);

static void fill_record(struct dice *dice, avro_value_t *value)
{
    size_t count;
    avro_value_t field;
    avro_value_get_size(value, &count);
    for (size_t i = 0; i < count; i++) {
        avro_value_get_by_index(value, i, &field, NULL);
        fill(dice, &field);
    }
}

static void fill_items(struct dice *dice, avro_value_t *value, bool is_map)
{
    avro_value_t item;
    size_t count = below(dice, 3) == 0 ? below(dice, 70) : below(dice, 3);
    for (size_t i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "key%05zu", i); /* in order, as we write maps */
        if (is_map)
            avro_value_add(value, key, &item, NULL, NULL);
        else
            avro_value_append(value, &item, NULL);
        fill(dice, &item);
    }
}

static void fill_union(struct dice *dice, avro_value_t *value)
{
    avro_value_t branch;
    size_t count = avro_schema_union_size(avro_value_get_schema(value));
    avro_value_set_branch(value, (int)below(dice, count), &branch);
    fill(dice, &branch);
}

static void fill_string(struct dice *dice, avro_value_t *value)
{
    struct cx_buf text;
    cx_buf_init(&text, 1 << 16);
    random_text(dice, &text);
    avro_value_set_string_len(value, text.ptr, text.len);
    cx_buf_free(&text);
}

static void fill(struct dice *dice, avro_value_t *value)
{
    char bytes[16];
    switch (avro_value_get_type(value)) {
    case AVRO_RECORD:
        fill_record(dice, value);
        break;
    case AVRO_ARRAY:
    case AVRO_MAP:
        fill_items(dice, value, avro_value_get_type(value) == AVRO_MAP);
        break;
    case AVRO_UNION:
        fill_union(dice, value);
        break;
    case AVRO_STRING:
        fill_string(dice, value);
        break;
    case AVRO_INT32:
        avro_value_set_int(value, (int32_t)random_long(dice));
        break;
    case AVRO_INT64:
        avro_value_set_long(value, random_long(dice));
        break;
    case AVRO_FLOAT:
        avro_value_set_float(value, random_float(dice));
        break;
    case AVRO_DOUBLE:
        avro_value_set_double(value, random_double(dice));
        break;
    case AVRO_BOOLEAN:
        avro_value_set_boolean(value, (int)below(dice, 2));
        break;
    case AVRO_ENUM:
        avro_value_set_enum(value, (int)below(dice, (size_t)avro_schema_enum_number_of_symbols(avro_value_get_schema(value))));
        break;
    case AVRO_FIXED:
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)oracle_next(&dice->seed);
        avro_value_set_fixed(value, bytes, sizeof bytes);
        break;
    case AVRO_BYTES:
        avro_value_set_bytes(value, (void *)"\x00\x01\xff", below(dice, 4));
        break;
    default:
        avro_value_set_null(value);
    }
}

static bool write_value(avro_value_t *value, struct cx_buf *out)
{
    size_t size;
    if (avro_value_sizeof(value, &size) != 0 || !cx_buf_reserve(out, size))
        return false;
    avro_writer_t writer = avro_writer_memory(out->ptr + out->len, (int64_t)size);
    bool ok = avro_value_write(writer, value) == 0;
    out->len += size;
    avro_writer_free(writer);
    return ok;
}

void oracle_random(struct oracle *oracle, uint64_t seed, bool for_json, struct cx_buf *out)
{
    avro_value_t value;
    struct dice dice = { seed, for_json };
    avro_generic_value_new(oracle->iface, &value);
    fill(&dice, &value);
    cx_assert(write_value(&value, out));
    avro_value_decref(&value);
}

bool oracle_recode(struct oracle *oracle, struct cx_str body, struct cx_buf *out)
{
    avro_value_t value;
    avro_generic_value_new(oracle->iface, &value);
    avro_reader_t reader = avro_reader_memory(body.ptr, (int64_t)body.len);
    size_t size = 0;
    bool ok = avro_value_read(reader, &value) == 0 && avro_value_sizeof(&value, &size) == 0 && size == body.len && write_value(&value, out);
    avro_reader_free(reader);
    avro_value_decref(&value);
    return ok;
}
