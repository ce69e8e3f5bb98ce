#include "run/chain.h"
#include "run/registry.h"

#include <criterion/criterion.h>

static struct cx_chain *open_with(struct cx_arena *arena, const char *yaml, struct cx_error *err)
{
    struct cx_node *root = cx_config_parse(arena, "test.yaml", cx_str(yaml), err);
    const struct cx_stage *const stages[] = { cx_stage_find(CX_STR("route")) };
    struct cx_chain_plan plan = { .stages = stages, .count = 1, .root = root, .max_message = 1 << 20 };
    return cx_chain_open(&plan, err);
}

static int32_t place(const struct cx_chain *chain, const char *topic, const char *tenant, int32_t source)
{
    struct cx_output output = { .topic = cx_topic_find(cx_str(topic)), .tenant = cx_str(tenant), .key = CX_STR("key") };
    return cx_chain_place(chain, &output, source, 6);
}

Test(placement, follows_the_input_the_tenant_or_the_key_as_the_topic_says)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct cx_error err;
    struct cx_chain *chain = open_with(arena, "{}", &err);
    cr_assert_eq(place(chain, "cx.deduplicated.v1", "acme", 4), 4);
    cr_assert_eq(place(chain, "cx.normalized.v1", "acme", 8), 2);
    cr_assert_eq(place(chain, "cx.events.v1", "acme", 4), cx_murmur2_partition(CX_STR("acme"), 6));
    cr_assert_eq(place(chain, "cx.route.care.v1", "acme", 4), cx_murmur2_partition(CX_STR("key"), 6));
    cx_chain_close(chain);
    cx_arena_free(arena);
}

Test(placement, a_pinned_tenant_goes_where_the_operator_said_or_nowhere)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct cx_error err;
    struct cx_chain *chain = open_with(arena, "placement: {zeta: 5, acme: 3, brim: 0, far: 6}", &err);
    cr_assert_not_null(chain, "%s", err.text);
    cr_assert_eq(place(chain, "cx.events.v1", "acme", 1), 3);
    cr_assert_eq(place(chain, "cx.events.v1", "brim", 1), 0);
    cr_assert_eq(place(chain, "cx.events.v1", "zeta", 1), 5);
    cr_assert_eq(place(chain, "cx.events.v1", "far", 1), -1, "the topic has six partitions, 0 to 5");
    cr_assert_eq(place(chain, "cx.events.v1", "other", 1), cx_murmur2_partition(CX_STR("other"), 6));
    cx_chain_close(chain);
    cx_arena_free(arena);
}

Test(placement, what_is_no_partition_is_refused_with_its_place)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    struct cx_error err = { CX_EXIT_OK, "" };
    cr_assert_null(open_with(arena, "placement: {acme: first}", &err));
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert_not_null(strstr(err.text, "test.yaml:1:"), "%s", err.text);
    cr_assert_null(open_with(arena, "placement: [acme]", &err));
    cx_arena_free(arena);
}
