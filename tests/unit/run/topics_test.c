#include "run/registry.h"
#include "run/topics.h"

#include <criterion/criterion.h>

Test(topics, are_found_by_name_and_ledgers_by_pattern)
{
    cr_assert_str_eq(cx_topic_find(CX_STR("cx.events.v1"))->name, "cx.events.v1");
    cr_assert_str_eq(cx_topic_find(CX_STR("cx.ledger.dedup-identify.v1"))->name, "cx.ledger.<chain>.v1");
    cr_assert_null(cx_topic_find(CX_STR("cx.ledger..v1")));
    cr_assert_null(cx_topic_find(CX_STR("cx.ledger.v1")));
    cr_assert_null(cx_topic_find(CX_STR("cx.events.v10")));
    cr_assert_null(cx_topic_find(CX_STR_NULL));
}

Test(topics, a_chains_ledger_finds_itself)
{
    char name[128];
    cx_topic_ledger("normalize-classify-dedup-identify-route-analytics", name);
    cr_assert_not_null(cx_topic_find(cx_str(name)));
}

Test(topics, counts_are_those_of_the_deployment_and_nothing_else)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_error err = { CX_EXIT_OK, "" };
    int32_t counts[3];
    cr_assert_eq(cx_topic_counts(NULL, counts, &err), 0);
    cr_assert(counts[CX_COUNT_RAW_N] > 0 && counts[CX_COUNT_SCOPE_N] > 0 && counts[CX_COUNT_ROUTE_N] > 0);
    cr_assert_eq(cx_topic_counts(cx_config_parse(arena, "t", CX_STR("{raw: 12, route: 3}"), &err), counts, &err), 0);
    cr_assert(counts[CX_COUNT_RAW_N] == 12 && counts[CX_COUNT_ROUTE_N] == 3);
    cr_assert_eq(cx_topic_counts(cx_config_parse(arena, "t", CX_STR("{raw: 0}"), &err), counts, &err), -1);
    cr_assert_eq(cx_topic_counts(cx_config_parse(arena, "t", CX_STR("{rwa: 6}"), &err), counts, &err), -1);
    cr_assert_not_null(strstr(err.text, "did you mean"), "%s", err.text);
    cx_arena_free(arena);
}

Test(topics, every_topic_a_stage_names_has_its_row_and_its_placement)
{
    for (size_t i = 0; cx_stages[i]; i++) {
        const struct cx_stage *s = cx_stages[i];
        cr_assert_not_null(cx_topic_find(cx_str(s->input)), "%s", s->input);
        cr_assert_eq(cx_topic_find(cx_str(s->dead_letters))->placement, CX_PLACE_SOURCE_MOD, "%s", s->dead_letters);
        if (s->changelog)
            cr_assert_eq(cx_topic_find(cx_str(s->changelog))->placement, CX_PLACE_SOURCE, "%s (invariant 4)", s->changelog);
    }
}

Test(topics, a_chains_name_is_stages_joined_by_hyphens)
{
    const struct cx_stage *stages[CX_CHAIN_STAGES];
    struct cx_error err = { CX_EXIT_OK, "" };
    size_t count;
    cr_assert_eq(cx_chain_stages(CX_STR("dedup-identify"), stages, &count, &err), 0);
    cr_assert(count == 2 && strcmp(stages[0]->name, "dedup") == 0 && strcmp(stages[1]->name, "identify") == 0);
    cr_assert_eq(cx_chain_stages(CX_STR("dedup identify"), stages, &count, &err), -1);
    cr_assert_eq(cx_chain_stages(CX_STR("dedup-"), stages, &count, &err), -1);
    cr_assert_eq(cx_chain_stages(CX_STR("dedup-dedup-dedup-dedup-dedup-dedup-dedup-dedup-dedup"), stages, &count, &err), -1);
    cr_assert_eq(err.exit, CX_EXIT_USAGE);
}
