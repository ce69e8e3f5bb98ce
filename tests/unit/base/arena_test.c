#include "base/arena.h"
#include "random.h"
#include <criterion/criterion.h>
#include <signal.h>

static struct cx_arena *arena;

static void open_arena(void)
{
    arena = cx_arena_new(8 * 1024 * 1024);
}

static void close_arena(void)
{
    cx_arena_free(arena);
}

TestSuite(arena, .init = open_arena, .fini = close_arena);

Test(arena, hands_out_memory_that_does_not_overlap)
{
    enum { PIECES = 2000 };
    unsigned char *pieces[PIECES];
    size_t sizes[PIECES];
    for (int i = 0; i < PIECES; i++) {
        sizes[i] = random_below(300);
        pieces[i] = i % 2 ? cx_arena_alloc(arena, sizes[i]) : (unsigned char *)cx_arena_bytes(arena, sizes[i]);
        memset(pieces[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(pieces[i][k], (unsigned char)(i & 255), "piece %d byte %zu", i, k);
}

Test(arena, aligns_everything_but_bytes)
{
    for (int i = 0; i < 1000; i++) {
        cx_arena_bytes(arena, 1 + random_below(40));
        cr_assert_eq((uintptr_t)cx_arena_alloc(arena, random_below(100)) % 16, 0);
    }
}

Test(arena, grows_past_one_block)
{
    char *small = cx_arena_alloc(arena, 100), *large = cx_arena_alloc(arena, 3 * 1024 * 1024), *after = cx_arena_alloc(arena, 100);
    memset(small, 1, 100);
    memset(large, 2, 3 * 1024 * 1024);
    memset(after, 3, 100);
    cr_assert_eq(small[99], 1);
    cr_assert_eq(large[3 * 1024 * 1024 - 1], 2);
}

Test(arena, gives_the_same_blocks_again_after_a_reset)
{
    char *first[100];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            char *at = cx_arena_alloc(arena, 1000 + (size_t)i * 10);
            if (round == 0)
                first[i] = at;
            cr_assert_eq(at, first[i], "piece %d moved in round %d", i, round);
        }
        cx_arena_reset(arena);
        cr_assert_eq(cx_arena_used(arena), 0);
    }
}

Test(arena, puts_a_larger_block_before_kept_ones_that_are_too_small)
{
    for (int i = 0; i < 100; i++)
        cx_arena_alloc(arena, 1000);
    cx_arena_reset(arena);
    cx_arena_alloc(arena, 16 * 1024);
    memset(cx_arena_alloc(arena, 2 * 1024 * 1024), 1, 2 * 1024 * 1024);
    for (int i = 0; i < 100; i++)
        memset(cx_arena_alloc(arena, 1000), 2, 1000);
}

Test(arena, zeroes_what_it_is_asked_to_zero)
{
    memset(cx_arena_alloc(arena, 5000), 0xff, 5000);
    cx_arena_reset(arena);
    const int *numbers = CX_NEW_ARRAY(arena, int, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(numbers[i], 0);
}

Test(arena, counts_the_bytes_it_handed_out)
{
    cx_arena_alloc(arena, 10);
    cx_arena_bytes(arena, 7);
    cr_assert_eq(cx_arena_used(arena), 17);
}

Test(arena, keeps_null_and_empty_apart_when_it_copies)
{
    cr_assert_null(cx_arena_copy(arena, CX_STR_NULL).ptr);
    struct cx_str empty = cx_arena_copy(arena, CX_STR(""));
    cr_assert_not_null(empty.ptr);
    cr_assert_eq(empty.len, 0);
    cr_assert(cx_str_is(cx_arena_copy(arena, CX_STR("abc")), "abc"));
}

Test(arena, formats_short_and_long_texts)
{
    cr_assert(cx_str_is(cx_arena_format(arena, "%s-%d", "a", 7), "a-7"));
    cr_assert_eq(cx_arena_format(arena, "%2000d", 1).len, 2000);
    cr_assert_eq(cx_arena_format(arena, "%511d", 1).len, 511);
    cr_assert_eq(cx_arena_format(arena, "%512d", 1).len, 512);
}

Test(arena, aborts_beyond_its_maximum, .signal = SIGABRT)
{
    for (int i = 0; i < 9; i++)
        cx_arena_alloc(arena, 1024 * 1024);
}

Test(arena, aborts_at_a_size_that_wraps_around, .signal = SIGABRT)
{
    cx_arena_alloc(arena, SIZE_MAX - 8);
}
