#include "base/hash.h"
#include "random.h"
#include <criterion/criterion.h>

Test(hash, places_keys_as_the_java_client_does)
{
    static const struct {
        const char *key;
        int32_t hash;
    } vectors[] = {
        { "21", -973932308 },
        { "foobar", -790332482 },
        { "a-little-bit-long-string", -985981536 },
        { "a-little-bit-longer-string", -1486304829 },
        { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
        { "abc", 479470107 },
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        cr_assert_eq((int32_t)cx_murmur2(cx_str(vectors[i].key)), vectors[i].hash, "%s", vectors[i].key);
    cr_assert_eq(cx_murmur2_partition(CX_STR("21"), 1000), (-973932308 & 0x7fffffff) % 1000);
    cr_assert_eq((int32_t)cx_murmur2(CX_STR_NULL), (int32_t)cx_murmur2(CX_STR("")));
}

Test(hash, computes_the_crc_of_the_standards)
{
    uint8_t bytes[32] = { 0 };
    cr_assert_eq(cx_crc32c("123456789", 9), 0xe3069283u);
    cr_assert_eq(cx_crc32c("", 0), 0);
    cr_assert_eq(cx_crc32c(bytes, 32), 0x8a9136aau); /* RFC 3720, B.4 */
    memset(bytes, 0xff, 32);
    cr_assert_eq(cx_crc32c(bytes, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    cr_assert_eq(cx_crc32c(bytes, 32), 0x46dd794eu);
}

static const char *hex(struct cx_id id)
{
    static char text[33];
    cx_id_hex(id, text);
    return text;
}

Test(hash, never_changes_what_is_on_topics_already)
{
    cr_assert_str_eq(hex(cx_hash128("", 0)), "99aa06d3014798d86001c324468d497f");
    cr_assert_eq(cx_hash64("", 0), 0x2d06800538d394c2u);
    struct cx_hasher h;
    cx_hasher_init(&h, "event");
    cx_hasher_str(&h, CX_STR("acme"));
    cx_hasher_i64(&h, 42);
    cr_assert_str_eq(hex(cx_hasher_end(&h)), "a95b0e927ffcd02adc76361c8fa1662d");
}

static struct cx_id of_parts(struct cx_str a, struct cx_str b)
{
    struct cx_hasher h;
    cx_hasher_init(&h, "test");
    cx_hasher_str(&h, a);
    cx_hasher_str(&h, b);
    return cx_hasher_end(&h);
}

Test(hash, frames_every_part)
{
    cr_assert_not(cx_id_eq(of_parts(CX_STR("ab"), CX_STR("c")), of_parts(CX_STR("a"), CX_STR("bc"))));
    cr_assert_not(cx_id_eq(of_parts(CX_STR(""), CX_STR("a")), of_parts(CX_STR("a"), CX_STR(""))));
    cr_assert_not(cx_id_eq(of_parts(CX_STR_NULL, CX_STR("a")), of_parts(CX_STR(""), CX_STR("a"))));
    cr_assert(cx_id_eq(of_parts(CX_STR("a"), CX_STR("b")), of_parts(CX_STR("a"), CX_STR("b"))));
}

Test(hash, keeps_domains_apart)
{
    struct cx_hasher a, b;
    cx_hasher_init(&a, "ucid");
    cx_hasher_init(&b, "event");
    cr_assert_not(cx_id_eq(cx_hasher_end(&a), cx_hasher_end(&b)));
}

Test(hash, sees_every_byte_of_parts_longer_than_its_buffer)
{
    char text[2000];
    memset(text, 'a', sizeof text);
    for (size_t len = 480; len < sizeof text; len += 7) {
        struct cx_id whole = of_parts(cx_str_n(text, len), CX_STR("end"));
        size_t at = random_below((unsigned)len);
        text[at] = 'b';
        cr_assert_not(cx_id_eq(of_parts(cx_str_n(text, len), CX_STR("end")), whole), "byte %zu of %zu", at, len);
        text[at] = 'a';
        cr_assert_not(cx_id_eq(of_parts(cx_str_n(text, len + 1), CX_STR("end")), whole));
        cr_assert(cx_id_eq(of_parts(cx_str_n(text, len), CX_STR("end")), whole));
    }
}

Test(hash, writes_and_reads_ids_as_hex)
{
    for (int i = 0; i < 1000; i++) {
        struct cx_id id, back;
        for (size_t k = 0; k < sizeof id.bytes; k++)
            id.bytes[k] = (uint8_t)random_u64();
        cr_assert(cx_id_from_hex(cx_str(hex(id)), &back));
        cr_assert(cx_id_eq(id, back));
    }
    struct cx_id id;
    cr_assert(cx_id_from_hex(CX_STR("00112233445566778899AABBccddeeff"), &id));
    cr_assert_not(cx_id_from_hex(CX_STR("00112233445566778899aabbccddeef"), &id));
    cr_assert_not(cx_id_from_hex(CX_STR("00112233445566778899aabbccddeeffa"), &id));
    cr_assert_not(cx_id_from_hex(CX_STR("0011223344556677 899aabbccddeeff"), &id));
    cr_assert_not(cx_id_from_hex(CX_STR("g0112233445566778899aabbccddeeff"), &id));
}
