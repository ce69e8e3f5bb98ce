#include "base/str.h"
#include "random.h"
#include <criterion/criterion.h>

/* Says the same as Unicode's table 3-7 from the other end: a sequence is well-formed when it is how its code point is written. */
static bool is_written_form(const uint8_t *bytes, size_t len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 }, lead_mask[] = { 0, 0x80, 0xe0, 0xf0, 0xf8 };
    if ((bytes[0] & lead_mask[len]) != lead[len])
        return false;
    uint32_t cp = bytes[0] & (uint8_t)~lead_mask[len];
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        cp = cp << 6 | (bytes[i] & 0x3f);
    }
    return cp >= least[len] && cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
}

/* Any way to take all bytes as written forms. */
static bool oracle(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return true;
    for (size_t n = 1; n <= 4 && n <= len; n++)
        if (is_written_form(bytes, n) && oracle(bytes + n, len - n))
            return true;
    return false;
}

/* The same bytes in the middle of a text that is long enough to be looked at in blocks. */
static bool is_valid_within_text(const uint8_t *bytes, size_t len, size_t at)
{
    uint8_t text[48] = "\xc3\xa9ttttttttttttttttttttttttttttttttttttttttttttt";
    memcpy(text + at, bytes, len);
    return cx_utf8_valid(cx_str_n(text, sizeof text));
}

Test(utf8, is_right_about_every_sequence_of_one_to_three_bytes)
{
    uint8_t bytes[3];
    for (uint32_t v = 0; v < 1u << 24; v++) {
        bytes[0] = (uint8_t)(v >> 16), bytes[1] = (uint8_t)(v >> 8), bytes[2] = (uint8_t)v;
        if (bytes[0] < 0x80 && bytes[0] != 'a')
            continue; /* the two bytes behind it were seen alone */
        for (size_t len = bytes[1] || bytes[2] ? 3 : 1; len <= 3; len++)
            if (cx_utf8_valid(cx_str_n(bytes, len)) != oracle(bytes, len) || is_valid_within_text(bytes, len, 12 + v % 8) != oracle(bytes, len))
                cr_assert_fail("%02x %02x %02x, %zu bytes", bytes[0], bytes[1], bytes[2], len);
    }
}

Test(utf8, is_right_about_four_bytes_from_every_lead)
{
    static const uint8_t tails[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff };
    uint8_t bytes[4];
    for (unsigned lead = 0xe0; lead <= 0xff; lead++)
        for (unsigned second = 0; second < 256; second++)
            for (size_t i = 0; i < sizeof tails * sizeof tails; i++) {
                bytes[0] = (uint8_t)lead, bytes[1] = (uint8_t)second;
                bytes[2] = tails[i / sizeof tails], bytes[3] = tails[i % sizeof tails];
                bool expected = oracle(bytes, 4);
                if (cx_utf8_valid(cx_str_n(bytes, 4)) != expected || is_valid_within_text(bytes, 4, 12 + i % 8) != expected)
                    cr_assert_fail("%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
            }
}

Test(utf8, sees_a_fault_wherever_it_stands_in_a_long_text)
{
    char text[200];
    for (size_t len = 1; len <= sizeof text; len++)
        for (size_t at = 0; at < len; at++) {
            memset(text, 'a', len);
            cr_assert(cx_utf8_valid(cx_str_n(text, len)));
            text[at] = (char)0xc3;
            cr_assert_not(cx_utf8_valid(cx_str_n(text, len)), "length %zu, fault at %zu", len, at);
            if (at + 1 < len) {
                text[at + 1] = (char)0xa9;
                cr_assert(cx_utf8_valid(cx_str_n(text, len)), "length %zu, sequence at %zu", len, at);
            }
        }
}

Test(utf8, agrees_with_the_table_on_random_mixes)
{
    static const uint8_t interesting[] = { 'a', 'z', 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5 };
    uint8_t bytes[48];
    for (int round = 0; round < 300000; round++) {
        size_t len = 0;
        while (len < 40) {
            char encoded[4];
            uint32_t cp = random_below(4) ? random_below(0x110000) : random_below(0x800);
            if (cp >= 0xd800 && cp < 0xe000)
                continue;
            size_t n = cx_utf8_put(cp, encoded);
            memcpy(bytes + len, encoded, n);
            len += n;
        }
        if (random_below(2))
            bytes[random_below((unsigned)len)] = interesting[random_below(sizeof interesting)];
        cr_assert_eq(cx_utf8_valid(cx_str_n(bytes, len)), oracle(bytes, len));
    }
}

Test(utf8, reads_back_every_code_point_it_writes)
{
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        char bytes[4];
        size_t pos = 0, len = cx_utf8_put(cp, bytes);
        cr_assert_eq(cx_utf8_next(cx_str_n(bytes, len), &pos), cp);
        cr_assert_eq(pos, len);
    }
}

Test(utf8, never_splits_a_code_point_at_a_limit)
{
    struct cx_str text = CX_STR("aé€😀z");
    const size_t expected[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };
    for (size_t max = 0; max < sizeof expected / sizeof *expected; max++)
        cr_assert_eq(cx_utf8_prefix(text, max).len, expected[max], "max %zu", max);
}
