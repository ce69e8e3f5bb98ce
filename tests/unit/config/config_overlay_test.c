#include "testing.h"

TestSuite(config_overlay, .init = open_arena, .fini = close_arena);

static struct cx_node *root;

static int set(const char *assignment)
{
    return cx_config_set(arena, root, assignment, "--set", &err);
}

Test(config_overlay, replaces_values_and_makes_maps_on_the_way)
{
    root = parse("kafka: {brokers: a}\nhttp:\n");
    cr_assert_eq(set("kafka.brokers=b"), 0);
    cr_assert_eq(set("http.port=8080"), 0);
    cr_assert_eq(set("dedup.window=1h"), 0);
    cr_assert_eq(set("a.b.c.d=x=y"), 0);
    cr_assert_str_eq(at(root, "kafka.brokers"), "b");
    cr_assert_str_eq(at(root, "http.port"), "8080");
    cr_assert_str_eq(at(root, "dedup.window"), "1h");
    cr_assert_str_eq(at(root, "a.b.c.d"), "x=y");
    cr_assert_eq(root->count, 4);
}

Test(config_overlay, keeps_the_members_behind_the_one_it_replaces)
{
    root = parse("a: 1\nb: {x: 1}\nc: 3\n");
    cr_assert_eq(set("b=2"), 0);
    cr_assert_str_eq(at(root, "a"), "1");
    cr_assert_str_eq(at(root, "b"), "2");
    cr_assert_str_eq(at(root, "c"), "3");
}

Test(config_overlay, reaches_items_by_index_and_names_with_dots_in_quotes)
{
    root = parse("rules: [{name: a}, {name: b}]\n");
    cr_assert_eq(set("rules.1.name=z"), 0);
    cr_assert_str_eq(at(cx_node_get(root, "rules")->first->next, "name"), "z");
    cr_assert_eq(set("rules.2.name=z"), -1);
    cr_assert_eq(set("kafka.librdkafka.\"queue.buffering.max.ms\"=5"), 0);
    const struct cx_node *property = cx_node_get(cx_node_get(root, "kafka"), "librdkafka")->first;
    cr_assert(cx_str_is(property->key, "queue.buffering.max.ms"));
    cr_assert(cx_str_is(property->text, "5"));
}

Test(config_overlay, reads_brackets_and_quotes_as_yaml)
{
    root = parse("");
    cr_assert_eq(set("a=[x, 'y']"), 0);
    cr_assert_eq(cx_node_get(root, "a")->count, 2);
    cr_assert_eq(set("b={c: {d: 1}}"), 0);
    cr_assert_str_eq(at(root, "b.c.d"), "1");
    cr_assert_eq(set("c='7'"), 0);
    cr_assert(cx_node_get(root, "c")->quoted);
    cr_assert_eq(set("d=plain: text"), 0);
    cr_assert_str_eq(at(root, "d"), "plain: text");
    cr_assert_eq(set("e="), 0);
    cr_assert_str_eq(at(root, "e"), "", "nothing is a string here");
    cr_assert_eq(set("f=[x"), -1);
}

Test(config_overlay, never_reads_a_secret_as_yaml)
{
    root = parse("");
    cr_assert_eq(set("kafka.sasl_password=[{\"'"), 0);
    cr_assert_str_eq(at(root, "kafka.sasl_password"), "[{\"'");
}

Test(config_overlay, refuses_paths_that_lead_nowhere)
{
    root = parse("a: 5\nl: [1]\n");
    cr_assert_eq(set("a.b=1"), -1);
    cr_assert_str_eq(err.text, "--set a.b: error: there is no place for \"b\" below a value or list");
    cr_assert_eq(set("l.x=1"), -1);
    cr_assert_eq(set("nothing"), -1);
    cr_assert_str_eq(err.text, "--set: error: expected path=value, such as kafka.brokers=host:9092");
    cr_assert_eq(set("=1"), -1);
    cr_assert_eq(set("a..b=1"), -1);
    cr_assert_str_eq(err.text, "--set a..b: error: expected names with dots between them");
    cr_assert_eq(set("\"a=1"), -1);
    cr_assert_eq(set("\"a\"b=1"), -1);
}

Test(config_overlay, names_its_origin_in_later_messages)
{
    int64_t n;
    root = parse("");
    cr_assert_eq(set("http.port=many"), 0);
    cr_assert_eq(cx_node_i64(cx_node_get(cx_node_get(root, "http"), "port"), 1, 65535, &n, &err), -1);
    cr_assert_str_eq(err.text, "--set http.port: error: port: expected a whole number from 1 to 65535, got \"many\"");
}

Test(config_overlay, takes_the_environment_for_paths_it_knows)
{
    char *environment[] = {
        "PATH=/bin", "CX_KAFKA_BROKERSX=no", "CX_KAFKA_BROKERS=b:9092", "CX_SERVICE_HOST=10.0.0.1", "CX_DEDUP_WINDOW_MS=5", "CX_RUN_INSTANCE=", NULL
    };
    const char *const paths[] = { "kafka.brokers", "dedup.window_ms", "http.port", "run.instance", NULL };
    root = parse("kafka: {brokers: a}\n");
    cr_assert_eq(cx_config_env(arena, root, environment, paths, &err), 0);
    cr_assert_str_eq(at(root, "kafka.brokers"), "b:9092");
    cr_assert_str_eq(at(root, "dedup.window_ms"), "5");
    cr_assert_str_eq(at(root, "run.instance"), "");
    cr_assert_null(cx_node_get(root, "http"));
    cr_assert_null(cx_node_get(root, "service"));
    cr_assert_str_eq(cx_node_get(cx_node_get(root, "kafka"), "brokers")->file, "CX_KAFKA_BROKERS");
}
