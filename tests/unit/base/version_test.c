#include <criterion/criterion.h>
#include "base/version.h"

static uint64_t content_of(struct cx_str text, struct cx_str title)
{
    struct cx_content content;
    cx_content_begin(&content, text, title);
    return cx_content_end(&content);
}

Test(version, content_tells_text_from_title_and_null_from_empty)
{
    cr_assert_neq(content_of(CX_STR("a"), CX_STR("b")), content_of(CX_STR("b"), CX_STR("a")));
    cr_assert_neq(content_of(CX_STR("a"), CX_STR_NULL), content_of(CX_STR_NULL, CX_STR("a")));
    cr_assert_neq(content_of(CX_STR_NULL, CX_STR_NULL), content_of(CX_STR(""), CX_STR_NULL));
    cr_assert_eq(content_of(CX_STR("a"), CX_STR("b")), content_of(CX_STR("a"), CX_STR("b")));
}

Test(version, content_has_the_rating_and_each_medium_in_order)
{
    uint64_t seen[6];
    struct cx_content content;
    seen[0] = content_of(CX_STR("a"), CX_STR_NULL);
    for (int i = 1; i < 6; i++) {
        cx_content_begin(&content, CX_STR("a"), CX_STR_NULL);
        if (i == 1)
            cx_content_rating(&content, 5, 10);
        if (i == 2)
            cx_content_rating(&content, 10, 5);
        if (i == 3 || i == 4)
            cx_content_media(&content, CX_STR("image"), CX_STR_NULL, i == 3 ? CX_STR("m1") : CX_STR("m2"));
        if (i == 3 || i == 4)
            cx_content_media(&content, CX_STR("image"), CX_STR_NULL, i == 3 ? CX_STR("m2") : CX_STR("m1"));
        if (i == 5)
            cx_content_media(&content, CX_STR("image"), CX_STR("m1"), CX_STR_NULL);
        seen[i] = cx_content_end(&content);
        for (int k = 0; k < i; k++)
            cr_assert_neq(seen[i], seen[k], "%d and %d", i, k);
    }
}

Test(version, an_address_counts_only_where_the_medium_has_no_id)
{
    struct cx_content a, b;
    cx_content_begin(&a, CX_STR_NULL, CX_STR_NULL);
    b = a;
    cx_content_media(&a, CX_STR("image"), CX_STR("https://cdn/1?sig=a"), CX_STR("m1"));
    cx_content_media(&b, CX_STR("image"), CX_STR("https://cdn/1?sig=b"), CX_STR("m1"));
    cr_assert_eq(cx_content_end(&a), cx_content_end(&b));
}

Test(version, a_time_that_is_not_known_is_no_part_of_the_event_id)
{
    struct cx_version version = { .op = 1, .occurred_at_known = true, .occurred_at = 5, .content = 7 }, later = version;
    later.occurred_at = 6;
    const struct cx_str t = CX_STR("acme"), c = CX_STR("x"), n = CX_STR("1");
    cr_assert_not(cx_id_eq(cx_event_id(t, c, n, version), cx_event_id(t, c, n, later)));
    version.occurred_at_known = later.occurred_at_known = false;
    cr_assert(cx_id_eq(cx_event_id(t, c, n, version), cx_event_id(t, c, n, later)));
}

/* The ids are on topics and in state for ever: a change here is a new generation of every topic. */
Test(version, event_ids_stay_what_they_are)
{
    char hex[33] = "";
    struct cx_version version = {
        .op = 0, .occurred_at_known = true, .occurred_at = 1795262400000, .content = content_of(CX_STR("hello"), CX_STR_NULL)
    };
    cx_id_hex(cx_event_id(CX_STR("acme"), CX_STR("x"), CX_STR("1"), version), hex);
    cr_assert_eq(version.content, UINT64_C(0x021dc0ac0f814e03));
    cr_assert_str_eq(hex, "9fb579a2f91c7e7bbf11a7ced080715a");
}
