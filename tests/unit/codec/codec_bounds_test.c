/* What is not a record is refused, and nothing worse. */
#include <criterion/criterion.h>
#include "codec/avro_in.h"
#include "codec/generated.h"
#include "oracle.h"

/* A copy whose end is the end of its memory, so that the sanitizer sees a read beyond. */
static struct cx_str exact_copy(struct cx_str bytes)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);
    memcpy(copy, bytes.ptr, bytes.len);
    return cx_str_n(copy, bytes.len);
}

static enum cx_decode_error decode_copy(const struct cx_schema *schema, struct cx_arena *arena, struct cx_str bytes)
{
    struct cx_str copy = exact_copy(bytes);
    void *record = cx_arena_alloc(arena, schema->struct_size);
    enum cx_decode_error error = schema->decode(arena, copy, record);
    struct cx_buf out;
    cx_buf_init(&out, 1 << 24);
    if (error == CX_DECODE_OK) {
        schema->encode(&out, record);
        cx_buf_reset(&out);
        schema->to_json(&out, record);
    }
    cx_buf_free(&out);
    free((void *)copy.ptr);
    return error;
}

/* The next random record of a size that can be tried byte by byte. */
static void short_record(struct oracle *oracle, uint64_t *seed, struct cx_buf *out)
{
    do {
        cx_buf_reset(out);
        oracle_random(oracle, (*seed)++, false, out);
    } while (out->len > 1500);
}

Test(codec, refuses_every_truncation_of_a_record)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct oracle *oracle = oracle_new(cx_interaction_schema.avsc);
    struct cx_buf whole;
    cx_buf_init(&whole, 1 << 24);
    uint64_t seed = 0;
    for (int i = 0; i < 20; i++) {
        short_record(oracle, &seed, &whole);
        for (size_t len = 0; len < whole.len; len++) {
            cr_assert_neq(decode_copy(&cx_interaction_schema, arena, cx_str_n(whole.ptr, len)), CX_DECODE_OK, "seed %lu cut at %zu",
                          (unsigned long)seed, len);
            cx_arena_reset(arena);
        }
    }
    cx_buf_free(&whole);
    oracle_free(oracle);
    cx_arena_free(arena);
}

Test(codec, refuses_every_truncation_of_any_record)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct cx_buf whole;
    cx_buf_init(&whole, 1 << 24);
    for (const struct cx_schema *const *schema = cx_schemas; *schema; schema++) {
        struct oracle *oracle = oracle_new((*schema)->avsc);
        uint64_t seed = 0;
        for (int i = 0; i < 10; i++) {
            short_record(oracle, &seed, &whole);
            cr_assert_eq(decode_copy(*schema, arena, cx_buf_view(&whole)), CX_DECODE_OK);
            for (size_t len = 0; len < whole.len; len++) {
                cr_assert_neq(decode_copy(*schema, arena, cx_str_n(whole.ptr, len)), CX_DECODE_OK, "%s, seed %lu cut at %zu", (*schema)->subject,
                              (unsigned long)seed, len);
                cx_arena_reset(arena);
            }
        }
        oracle_free(oracle);
    }
    cx_buf_free(&whole);
    cx_arena_free(arena);
}

Test(codec, survives_every_change_of_one_byte)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct oracle *oracle = oracle_new(cx_interaction_schema.avsc);
    struct cx_buf whole;
    static const char values[] = { 0, 1, 2, 0x7f, (char)0x80, (char)0xff };
    cx_buf_init(&whole, 1 << 24);
    uint64_t seed = 0;
    for (int round = 0; round < 8; round++) {
        short_record(oracle, &seed, &whole);
        for (size_t at = 0; at < whole.len; at++) {
            char before = whole.ptr[at];
            for (size_t i = 0; i <= sizeof values; i++) {
                whole.ptr[at] = i < sizeof values ? values[i] : (char)(before ^ 1 << at % 8);
                decode_copy(&cx_interaction_schema, arena, cx_buf_view(&whole));
                cx_arena_reset(arena);
            }
            whole.ptr[at] = before;
        }
    }
    cx_buf_free(&whole);
    oracle_free(oracle);
    cx_arena_free(arena);
}

Test(codec, refuses_bytes_left_over)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_buf out;
    struct cx_ledger record;
    cx_buf_init(&out, 1 << 16);
    cx_ledger_init(&record);
    cx_ledger_schema.encode(&out, &record);
    cx_buf_byte(&out, 0);
    cr_assert_eq(decode_copy(&cx_ledger_schema, arena, cx_buf_view(&out)), CX_DECODE_TRAILING);
    cx_buf_free(&out);
    cx_arena_free(arena);
}

Test(codec, refuses_what_is_empty_or_null)
{
    struct cx_arena *memory = cx_arena_new(1 << 20);
    struct cx_ledger record;
    cr_assert_eq(cx_ledger_schema.decode(memory, CX_STR(""), &record), CX_DECODE_TRUNCATED);
    cr_assert_eq(cx_ledger_schema.decode(memory, CX_STR_NULL, &record), CX_DECODE_TRUNCATED);
    cr_assert_eq(cx_wire_decode(memory, CX_STR_NULL, &cx_ledger_schema, &record), CX_DECODE_TRUNCATED);
    cx_arena_free(memory);
}

/* ---- single values ---- */

static struct cx_arena *arena;
static struct cx_avro_in in;
static const uint8_t *p;
static void setup(void)
{
    arena = cx_arena_new(32 << 20);
}
static void teardown(void)
{
    cx_arena_free(arena);
}
TestSuite(codec_values, .init = setup, .fini = teardown);
#define OPEN(literal) p = cx_in_init(&in, arena, CX_STR(literal))

Test(codec_values, numbers_of_ten_bytes_are_read_and_longer_ones_are_not)
{
    int64_t value;
    OPEN("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    cr_assert(cx_in_long(&in, p, &value));
    cr_assert_eq(value, INT64_MAX);
    OPEN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    cr_assert(cx_in_long(&in, p, &value));
    cr_assert_eq(value, INT64_MIN);
    OPEN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
    cr_assert(!cx_in_long(&in, p, &value));
    cr_assert_eq(in.error, CX_DECODE_VARINT);
    OPEN("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00");
    cr_assert(!cx_in_long(&in, p, &value));
    cr_assert_eq(in.error, CX_DECODE_VARINT);
    OPEN("\x80\x80");
    cr_assert(!cx_in_long(&in, p, &value));
    cr_assert_eq(in.error, CX_DECODE_TRUNCATED);
}

Test(codec_values, an_int_beyond_32_bits_is_refused)
{
    int32_t value;
    OPEN("\xff\xff\xff\xff\x0f");
    cr_assert(cx_in_int(&in, p, &value));
    cr_assert_eq(value, INT32_MIN);
    OPEN("\x80\x80\x80\x80\x10");
    cr_assert(!cx_in_int(&in, p, &value));
    cr_assert_eq(in.error, CX_DECODE_VARINT);
}

Test(codec_values, a_length_that_is_negative_or_beyond_the_end_is_refused)
{
    struct cx_str text;
    OPEN("\x04"
         "abc");
    cr_assert(cx_in_string(&in, p, &text));
    cr_assert(cx_str_is(text, "ab"));
    OPEN("\x01"
         "abc");
    cr_assert(!cx_in_string(&in, p, &text));
    cr_assert_eq(in.error, CX_DECODE_LENGTH);
    OPEN("\x08"
         "abc");
    cr_assert(!cx_in_string(&in, p, &text));
    cr_assert_eq(in.error, CX_DECODE_LENGTH);
    OPEN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    cr_assert(!cx_in_string(&in, p, &text));
    cr_assert_eq(in.error, CX_DECODE_LENGTH);
}

Test(codec_values, text_must_be_utf_8)
{
    struct cx_str text;
    OPEN("\x04\xc5\x9f");
    cr_assert(cx_in_string(&in, p, &text));
    static const char *const wrong[] = { "\x02\x80", "\x04\xc0\xaf", "\x06\xed\xa0\x80",
                                         "\x10"
                                         "1234567\xff",
                                         "\x12\xff"
                                         "12345678" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        p = cx_in_init(&in, arena, cx_str(wrong[i]));
        cr_assert(!cx_in_string(&in, p, &text), "%zu", i);
        cr_assert_eq(in.error, CX_DECODE_UTF8);
    }
}

Test(codec_values, an_index_must_be_one_of_the_schema)
{
    int index;
    bool present, flag;
    OPEN("\x06");
    cr_assert(cx_in_index(&in, p, 4, &index) && index == 3);
    OPEN("\x08");
    cr_assert(!cx_in_index(&in, p, 4, &index));
    cr_assert_eq(in.error, CX_DECODE_ENUM);
    OPEN("\x01");
    cr_assert(!cx_in_index(&in, p, 4, &index));
    OPEN("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"); /* a multiple of 2^32 */
    cr_assert(!cx_in_index(&in, p, 4, &index));
    OPEN("\x04");
    cr_assert(!cx_in_present(&in, p, &present));
    OPEN("\x02");
    cr_assert(!cx_in_bool(&in, p, &flag));
}

Test(codec_values, blocks_may_say_their_size)
{
    struct cx_str_list list;
    OPEN("\x03\x08\x02"
         "a\x02"
         "b\x02\x02"
         "c\x00");
    cr_assert_eq(cx_in_str_list(&in, p, &list), in.end);
    cr_assert_eq(list.len, 3);
    cr_assert(cx_str_is(list.items[0], "a") && cx_str_is(list.items[2], "c"));
}

Test(codec_values, a_list_may_come_in_several_blocks)
{
    struct cx_str_list list;
    struct cx_buf bytes;
    cx_buf_init(&bytes, 1 << 16);
    for (int i = 0; i < 500; i++)
        cx_buf_format(&bytes, "%s%c%s", i % 2 ? "\x01\x08\x06" : "\x02\x06", 'a' + i % 26, i % 2 ? "bc" : "de");
    cx_buf_byte(&bytes, 0);
    p = cx_in_init(&in, arena, cx_buf_view(&bytes));
    cr_assert_eq(cx_in_str_list(&in, p, &list), in.end);
    cr_assert_eq(list.len, 500);
    for (size_t i = 0; i < 500; i++)
        cr_assert(list.items[i].ptr[0] == 'a' + (char)(i % 26) && list.items[i].ptr[1] == (i % 2 ? 'b' : 'd'), "%zu", i);
    cx_buf_free(&bytes);
}

Test(codec_values, a_block_that_is_not_as_long_as_it_says_is_refused)
{
    struct cx_str_list list;
    OPEN("\x01\x06\x02"
         "a\x00");
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_LENGTH);
    OPEN("\x01\x20\x02"
         "a\x00");
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_LENGTH);
}

Test(codec_values, counts_beyond_the_cap_are_refused)
{
    struct cx_str_list list;
    OPEN("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"); /* INT64_MIN */
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_COUNT);
    OPEN("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"); /* INT64_MAX */
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_COUNT);
    OPEN("\x10\x00\x00"); /* eight strings in two bytes */
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_TRUNCATED);
}

Test(codec_values, a_count_that_the_bytes_cannot_hold_takes_no_memory)
{
    struct cx_str_list list;
    OPEN("\xa0\xfe\x0a\x00\x00"); /* 90,000 strings */
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_TRUNCATED);
    cr_assert_eq(cx_arena_used(arena), 0);
}

Test(codec_values, the_cap_counts_the_items_of_all_lists)
{
    struct cx_str_list list;
    struct cx_buf bytes;
    cx_buf_init(&bytes, 1 << 20);
    for (int i = 0; i < CX_AVRO_MAX_ITEMS + 1; i++)
        cx_buf_str(&bytes, CX_STR("\x02\x00"));
    p = cx_in_init(&in, arena, cx_buf_view(&bytes));
    cr_assert(!cx_in_str_list(&in, p, &list));
    cr_assert_eq(in.error, CX_DECODE_COUNT);
    bytes.len -= 4;
    cx_buf_byte(&bytes, 0);
    p = cx_in_init(&in, arena, cx_buf_view(&bytes));
    cr_assert(cx_in_str_list(&in, p, &list));
    cr_assert_eq(list.len, CX_AVRO_MAX_ITEMS - 1);
    cr_assert_eq(in.items_left, 1);
    cx_buf_free(&bytes);
}
