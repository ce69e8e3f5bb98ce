/* The header, the schema ids, zstd. */
#include <criterion/criterion.h>
#include "oracle.h"

Test(codec_wire, header_is_a_zero_and_the_id_big_endian)
{
    struct cx_buf out;
    cx_buf_init(&out, 64);
    cx_wire_header(&out, 0x01020304);
    cr_assert(cx_str_eq(cx_buf_view(&out), CX_STR("\x00\x01\x02\x03\x04")));
    int32_t id;
    struct cx_str body;
    cr_assert_eq(cx_wire_open(cx_buf_view(&out), &id, &body), CX_DECODE_OK);
    cr_assert_eq(id, 0x01020304);
    cr_assert_eq(body.len, 0);
    cx_buf_free(&out);
}

Test(codec_wire, refuses_another_magic_byte_and_a_cut_header)
{
    int32_t id;
    struct cx_str body;
    cr_assert_eq(cx_wire_open(CX_STR("\x01\x00\x00\x03\xe9"), &id, &body), CX_DECODE_MAGIC);
    cr_assert_eq(cx_wire_open(CX_STR("{\"a\":1}"), &id, &body), CX_DECODE_MAGIC);
    cr_assert_eq(cx_wire_open(CX_STR("\x00\x00\x00\x03"), &id, &body), CX_DECODE_TRUNCATED);
    cr_assert_eq(cx_wire_open(CX_STR(""), &id, &body), CX_DECODE_TRUNCATED);
    cr_assert_eq(cx_wire_open(CX_STR_NULL, &id, &body), CX_DECODE_TRUNCATED);
}

Test(codec_wire, ids_are_the_rows_of_ids_def_with_the_files_own_bytes)
{
    const struct cx_schema_version *version = cx_schema_version_by_id(1001);
    cr_assert_str_eq(version->subject, "cx.Interaction");
    cr_assert_eq(cx_interaction_schema.id, 1001);
    cr_assert(cx_str_eq(version->avsc, cx_interaction_schema.avsc));
    FILE *file = fopen(CX_TEST_SCHEMAS "/interaction.avsc", "rb");
    cr_assert_not_null(file);
    static char bytes[1 << 16];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    cr_assert(cx_str_eq(version->avsc, cx_str_n(bytes, len)));
    cr_assert_null(cx_schema_version_by_id(77));
    cr_assert_eq(cx_schema_by_subject(CX_STR("cx.Ledger")), &cx_ledger_schema);
    cr_assert_null(cx_schema_by_subject(CX_STR("cx.Ledgers")));
}

Test(codec_wire, an_unknown_id_is_said_to_be_one)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_interaction record;
    struct cx_spliceable splice;
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    struct cx_str wire = CX_STR("\x00\x00\x00\x00\x4d\x00");
    cr_assert_eq(cx_wire_decode(arena, wire, &cx_interaction_schema, &record), CX_DECODE_UNKNOWN_SCHEMA);
    cr_assert_eq(cx_interaction_open(arena, wire, &record, &splice), CX_DECODE_UNKNOWN_SCHEMA);
    cr_assert_eq(cx_wire_to_json(arena, wire, &out), CX_DECODE_UNKNOWN_SCHEMA);
    cx_buf_free(&out);
    cx_arena_free(arena);
}

Test(codec_wire, a_record_of_another_type_cannot_be_read_as_ours)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_interaction record;
    struct cx_ledger ledger;
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    cx_ledger_init(&ledger);
    cx_wire_encode(&out, &cx_ledger_schema, &ledger);
    cr_assert_eq(cx_wire_decode(arena, cx_buf_view(&out), &cx_interaction_schema, &record), CX_DECODE_INCOMPATIBLE);
    cx_buf_free(&out);
    cx_arena_free(arena);
}

Test(codec_wire, any_known_record_can_be_shown_as_json)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_ledger ledger;
    struct cx_buf wire, shown, direct;
    cx_buf_init(&wire, 1 << 16);
    cx_buf_init(&shown, 1 << 16);
    cx_buf_init(&direct, 1 << 16);
    cx_ledger_init(&ledger);
    struct cx_i64_entry dropped = { CX_STR("dedup/repeat"), 3 };
    ledger.dropped = (struct cx_i64_map){ &dropped, 1 };
    cx_wire_encode(&wire, &cx_ledger_schema, &ledger);
    cr_assert_eq(cx_wire_to_json(arena, cx_buf_view(&wire), &shown), CX_DECODE_OK);
    cx_ledger_schema.to_json(&direct, &ledger);
    cr_assert(cx_str_eq(cx_buf_view(&shown), cx_buf_view(&direct)));
    cx_buf_free(&wire);
    cx_buf_free(&shown);
    cx_buf_free(&direct);
    cx_arena_free(arena);
}

Test(codec_wire, every_error_has_a_sentence)
{
    for (int i = 0; i < CX_DECODE_ERRORS; i++)
        cr_assert_not_null(cx_decode_error_text((enum cx_decode_error)i));
}

Test(codec_wire, enums_are_named_as_the_schema_spells_them)
{
    enum cx_five_c value = CX_FIVE_C_NULL;
    cr_assert(cx_five_c_from_name(CX_STR("campaign"), &value));
    cr_assert_eq(value, CX_FIVE_C_CAMPAIGN);
    cr_assert_str_eq(cx_five_c_name(CX_FIVE_C_CAMPAIGN), "campaign");
    cr_assert_null(cx_five_c_name(CX_FIVE_C_NULL));
    cr_assert(!cx_five_c_from_name(CX_STR("Campaign"), &value));
}

Test(codec_zstd, gives_back_what_was_compressed)
{
    struct cx_buf text, small, back;
    cx_buf_init(&text, 1 << 22);
    cx_buf_init(&small, 1 << 22);
    cx_buf_init(&back, 1 << 22);
    for (int i = 0; i < 100000; i++)
        cx_buf_format(&text, "line %d\n", i);
    cr_assert_eq(cx_zstd_compress(&small, cx_buf_view(&text), 3), 0);
    cr_assert_lt(small.len, text.len / 2);
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), 0);
    cr_assert(cx_str_eq(cx_buf_view(&back), cx_buf_view(&text)));
    cx_buf_free(&text);
    cx_buf_free(&small);
    cx_buf_free(&back);
}

/* Nothing that repeats: as many bytes are claimed as half of them hold, and they fill large pages. */
Test(codec_zstd, gives_back_megabytes_and_frames_that_follow_each_other)
{
    struct cx_buf bytes, small, back;
    cx_buf_init(&bytes, 5u << 20);
    cx_buf_init(&small, 12u << 20);
    cx_buf_init(&back, 10u << 20);
    uint32_t random = 1;
    while (bytes.len < bytes.max)
        cx_buf_byte(&bytes, (char)((random = random * 1664525u + 1013904223u) >> 28));
    cr_assert_eq(cx_zstd_compress(&small, cx_buf_view(&bytes), 1), 0);
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), 0);
    cr_assert(cx_str_eq(cx_buf_view(&back), cx_buf_view(&bytes)));
    cr_assert_eq(cx_zstd_compress(&small, cx_buf_view(&bytes), 1), 0);
    back.len = 0;
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), 0);
    cr_assert_eq(back.len, 2 * bytes.len);
    cr_assert(cx_str_eq(cx_str_skip(cx_buf_view(&back), bytes.len), cx_buf_view(&bytes)));
    cx_buf_free(&bytes);
    cx_buf_free(&small);
    cx_buf_free(&back);
}

/* Text that repeats little, and its frame. */
static void compress_noise(char *text, size_t size, struct cx_buf *small)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i * i % 251);
    cx_buf_init(small, 1 << 16);
    cr_assert_eq(cx_zstd_compress(small, cx_str_n(text, size), 3), 0);
}

Test(codec_zstd, refuses_a_frame_that_claims_another_size)
{
    struct cx_buf small, back;
    char text[1000];
    compress_noise(text, sizeof text, &small);
    cx_buf_init(&back, 1 << 16);
    cr_assert_eq((unsigned char)small.ptr[5] | (unsigned char)small.ptr[6] << 8, sizeof text - 256); /* RFC 8878, 3.1.1.1.4 */
    for (int more = -1; more <= 1; more += 2) {
        small.ptr[5] = (char)(small.ptr[5] + more);
        cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), -1);
        cr_assert_eq(back.len, 0);
        small.ptr[5] = (char)(small.ptr[5] - more);
    }
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), 0);
    cx_buf_free(&small);
    cx_buf_free(&back);
}

/* Bytes that repeat nothing are stored as they are: without a checksum each could be another. A few bits of a frame mean nothing. */
Test(codec_zstd, refuses_bytes_that_were_changed)
{
    struct cx_buf small, back;
    char text[1000];
    compress_noise(text, sizeof text, &small);
    cx_buf_init(&back, 1 << 16);
    for (size_t i = 0; i < small.len; i++) {
        small.ptr[i] ^= 1;
        back.len = 0;
        cr_assert(cx_zstd_decompress(&back, cx_buf_view(&small)) == -1 || cx_str_eq(cx_buf_view(&back), cx_str_n(text, sizeof text)), "byte %zu", i);
        small.ptr[i] ^= 1;
    }
    cx_buf_free(&small);
    cx_buf_free(&back);
}

Test(codec_zstd, stops_at_the_buffers_maximum)
{
    struct cx_buf text, small, back;
    cx_buf_init(&text, 1 << 20);
    cx_buf_init(&small, 1 << 20);
    cx_buf_init(&back, 1 << 16);
    for (int i = 0; i < 1 << 17; i++)
        cx_buf_byte(&text, 'a');
    cr_assert_eq(cx_zstd_compress(&small, cx_buf_view(&text), 3), 0);
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), -1);
    cr_assert_eq(back.len, 0);
    cx_buf_free(&back);
    cx_buf_init(&back, text.len);
    cr_assert_eq(cx_zstd_decompress(&back, cx_buf_view(&small)), 0, "exactly as much as there is room for");
    cr_assert_eq(back.len, text.len);
    cx_buf_free(&text);
    cx_buf_free(&small);
    cx_buf_free(&back);
}

Test(codec_zstd, refuses_what_is_cut_or_no_zstd)
{
    struct cx_buf small, back;
    cx_buf_init(&small, 1 << 16);
    cx_buf_init(&back, 1 << 16);
    cr_assert_eq(cx_zstd_compress(&small, CX_STR("some text that was written once"), 3), 0);
    for (size_t len = 0; len < small.len; len++)
        cr_assert_eq(cx_zstd_decompress(&back, cx_str_n(small.ptr, len)), -1, "cut at %zu", len);
    cr_assert_eq(cx_zstd_decompress(&back, CX_STR("plain text, not compressed")), -1);
    cx_buf_free(&small);
    cx_buf_free(&back);
}
