#include "run/ledger.h"

#include <criterion/criterion.h>
#include <signal.h>

static const struct cx_reason repeat = { "repeat", CX_DROP, "Seen before." }, late = { "late", CX_ABSORB, "Too late." },
                              broken = { "broken", CX_REJECT, "Not readable." };
static const struct cx_message message = { .topic = { "cx.raw.v1", 9 }, .partition = 1, .offset = 41 };

static void end_items(struct cx_ledger_page *page, const char *stage, const struct cx_reason *reason, int n)
{
    for (int i = 0; i < n; i++) {
        struct cx_ending ending = {
            .message = &message, .index = i, .stage = stage, .reason = reason, .verdict = reason ? reason->verdict : CX_EMIT
        };
        cx_ledger_add(page, &ending);
    }
}

static void fill(struct cx_ledger_page *page)
{
    cx_ledger_reset(page);
    page->first_offset = 40;
    page->next_offset = 50;
    page->records = 7;
    end_items(page, "route", NULL, 3);
    end_items(page, "dedup", &repeat, 2);
    end_items(page, "identify", &repeat, 1);
    end_items(page, "analytics", &late, 1);
    end_items(page, "dedup", &broken, 2);
    page->items = 9;
}

static int64_t count_of(struct cx_i64_map map, const char *name)
{
    for (size_t i = 0; i < map.len; i++)
        if (cx_str_is(map.items[i].key, name))
            return map.items[i].value;
    return 0;
}

Test(ledger, tells_endings_by_stage_and_reason_and_where_the_dropped_stood)
{
    static struct cx_ledger_page page;
    struct cx_arena *arena = cx_arena_new(16 << 20);
    struct cx_buf out;
    struct cx_ledger read;
    cx_buf_init(&out, 1 << 20);
    fill(&page);
    cx_ledger_check(&page);
    cx_ledger_encode(&page, arena, "dedup-identify", "cx.events.v1", 1, CX_LEDGER_KIND_BATCH, 1234, "cafe", &out);

    cr_assert_eq(cx_wire_decode(arena, cx_buf_view(&out), &cx_ledger_schema, &read), CX_DECODE_OK);
    cr_assert_eq(read.items, read.emitted + 3 + 1 + 2);
    cr_assert(read.records == 7 && read.emitted == 3 && read.first_offset == 40 && read.next_offset == 50 && read.partition == 1 &&
              read.time == 1234);
    cr_assert_eq(count_of(read.dropped, "dedup/repeat"), 2, "the same reason of two stages is two reasons");
    cr_assert_eq(count_of(read.dropped, "identify/repeat"), 1);
    cr_assert_eq(count_of(read.absorbed, "analytics/late"), 1);
    cr_assert_eq(count_of(read.rejected, "dedup/broken"), 2);
    cr_assert_eq(read.drops.len, 4, "rejects are in the dead letters");
    cr_assert(read.drops.items[1].offset == 41 && read.drops.items[1].index == 1 && cx_str_is(read.drops.items[1].reason, "dedup/repeat"));
    cx_buf_free(&out);
    cx_arena_free(arena);
    cx_ledger_free(&page);
}

Test(ledger, a_transaction_of_many_drops_names_them_all)
{
    static struct cx_ledger_page page;
    cx_ledger_reset(&page);
    end_items(&page, "dedup", &repeat, 1000);
    page.items = 1000;
    cx_ledger_check(&page);
    cr_assert_eq(page.drop_count, 1000);
    cx_ledger_free(&page);
}

Test(ledger, a_new_transaction_begins_with_an_empty_page)
{
    static struct cx_ledger_page page;
    fill(&page);
    cx_ledger_reset(&page);
    cr_assert(page.first_offset == -1 && page.next_offset == -1 && page.items == 0 && page.count == 0 && page.drop_count == 0);
    cx_ledger_check(&page);
    cx_ledger_free(&page);
}

Test(ledger, a_lost_item_ends_the_process_before_the_commit, .signal = SIGABRT)
{
    static struct cx_ledger_page page;
    fill(&page);
    page.items++;
    cx_ledger_check(&page);
}
