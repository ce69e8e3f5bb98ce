#include "stages/route/rule_lower.h"

/* Capitals of a block in order: `step` 1, each `shift` below its small letter; `step` 2, capital and small letter by turns. */
static const struct {
    uint32_t first, last;
    int step, shift;
} blocks[] = {
    { 'A', 'Z', 1, 32 },      { 0x00C0, 0x00D6, 1, 32 }, { 0x00D8, 0x00DE, 1, 32 }, { 0x0100, 0x012E, 2, 1 },  { 0x0132, 0x0136, 2, 1 },
    { 0x0139, 0x0147, 2, 1 }, { 0x014A, 0x0176, 2, 1 },  { 0x0179, 0x017D, 2, 1 },  { 0x01CD, 0x01DB, 2, 1 },  { 0x01DE, 0x01EE, 2, 1 },
    { 0x0218, 0x021E, 2, 1 }, { 0x0391, 0x03A1, 1, 32 }, { 0x03A3, 0x03AB, 1, 32 }, { 0x0400, 0x040F, 1, 80 }, { 0x0410, 0x042F, 1, 32 },
    { 0x0460, 0x0480, 2, 1 }, { 0x048A, 0x04BE, 2, 1 },  { 0x04C1, 0x04CD, 2, 1 },  { 0x04D0, 0x052E, 2, 1 },  { 0x0531, 0x0556, 1, 48 },
    { 0x1E00, 0x1E94, 2, 1 }, { 0x1EA0, 0x1EFE, 2, 1 },
};

/* Capitals outside any order. */
static const struct {
    uint32_t capital, small;
} singles[] = { { 0x0130, 'i' },    { 0x0178, 0x00FF }, { 0x018F, 0x0259 }, { 0x0386, 0x03AC }, { 0x0388, 0x03AD }, { 0x0389, 0x03AE },
                { 0x038A, 0x03AF }, { 0x038C, 0x03CC }, { 0x038E, 0x03CD }, { 0x038F, 0x03CE }, { 0x04C0, 0x04CF }, { 0x1E9E, 0x00DF } };

uint32_t route_lower_letter(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (code >= blocks[i].first && code <= blocks[i].last)
            return (code - blocks[i].first) % (uint32_t)blocks[i].step == 0 ? code + (uint32_t)blocks[i].shift : code;
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (code == singles[i].capital)
            return singles[i].small;
    return code;
}

struct cx_str route_lower(struct cx_arena *arena, struct cx_str text)
{
    size_t at = 0, start = 0;
    while (at < text.len) {
        start = at;
        uint32_t code = cx_utf8_next(text, &at);
        if (route_lower_letter(code) != code)
            break;
        start = at;
    }
    if (start == text.len)
        return text;
    char *bytes = cx_arena_bytes(arena, text.len); /* no small letter is longer than its capital in UTF-8 */
    size_t len = start;
    memcpy(bytes, text.ptr, start);
    for (at = start; at < text.len;)
        len += cx_utf8_put(route_lower_letter(cx_utf8_next(text, &at)), bytes + len);
    return cx_str_n(bytes, len);
}
