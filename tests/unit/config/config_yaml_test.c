#include "testing.h"

TestSuite(config_yaml, .init = open_arena, .fini = close_arena);

static void assert_refused(const char *text, const char *message)
{
    err = (struct cx_error){ 0 };
    cr_assert_null(cx_config_parse(arena, "cx.yaml", cx_str(text), &err), "%s is taken", text);
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert_str_eq(err.text, message);
}

Test(config_yaml, reads_maps_lists_and_scalars)
{
    const struct cx_node *root = parse("kafka:\n  brokers: a:9092,b:9092\n  tls: true\nrules:\n  - name: x\n  - [1, '2']\n  -\n");
    cr_assert_eq(root->type, CX_NODE_MAP);
    cr_assert_eq(root->count, 2);
    cr_assert_str_eq(at(root, "kafka.brokers"), "a:9092,b:9092");
    const struct cx_node *rules = cx_node_get(root, "rules");
    cr_assert_eq(rules->type, CX_NODE_LIST);
    cr_assert_eq(rules->count, 3);
    cr_assert_str_eq(at(rules->first, "name"), "x");
    const struct cx_node *pair = rules->first->next;
    cr_assert_not(pair->first->quoted);
    cr_assert(pair->first->next->quoted);
    cr_assert_eq(pair->next->type, CX_NODE_NULL);
}

Test(config_yaml, knows_where_every_node_stands)
{
    const struct cx_node *root = parse("a: 1\nb:\n  c:   2\n  d: [x,\n      y]\n");
    const struct cx_node *b = cx_node_get(root, "b"), *c = cx_node_get(b, "c"), *y = cx_node_get(b, "d")->first->next;
    cr_assert_str_eq(c->file, "cx.yaml");
    cr_assert_eq(b->line, 2);
    cr_assert_eq(b->column, 1);
    cr_assert_eq(c->line, 3);
    cr_assert_eq(c->column, 3);
    cr_assert_eq(y->line, 5);
    cr_assert_eq(y->column, 7);
}

Test(config_yaml, takes_an_empty_text_for_an_empty_map)
{
    static const char *const texts[] = { "", "\n\n", "# only a comment\n", "---\n", "~", "{}" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct cx_node *root = parse(texts[i]);
        cr_assert_eq(root->type, CX_NODE_MAP, "\"%s\"", texts[i]);
        cr_assert_eq(root->count, 0);
    }
}

Test(config_yaml, takes_only_plain_words_for_nothing)
{
    const struct cx_node *root = parse("a:\nb: ~\nc: null\nd: 'null'\ne: ''\nf: none\n");
    for (const struct cx_node *n = root->first; n; n = n->next)
        cr_assert_eq(n->type, n->key.ptr[0] <= 'c' ? CX_NODE_NULL : CX_NODE_SCALAR, "%c", n->key.ptr[0]);
}

Test(config_yaml, refuses_a_name_given_twice)
{
    assert_refused("a: 1\nb:\n  c: 1\n  d: 1\n  c: 2\n", "cx.yaml:5:3: error: \"c\" is given twice, first on line 3");
    assert_refused("{a: 1, b: 2, a: 3}", "cx.yaml:1:14: error: \"a\" is given twice, first on line 1");
}

Test(config_yaml, refuses_what_makes_yaml_a_language)
{
    assert_refused("a: &x 1\nb: 2\n", "cx.yaml:1:4: error: YAML anchors and aliases are not supported");
    assert_refused("a: 1\nb: *x\n", "cx.yaml:2:4: error: YAML anchors and aliases are not supported");
    assert_refused("a: !!str 1\n", "cx.yaml:1:4: error: YAML tags are not supported");
    assert_refused("a: !include x.yaml\n", "cx.yaml:1:4: error: YAML tags are not supported");
    assert_refused("a: 1\n---\na: 2\n", "cx.yaml:2:1: error: a second YAML document is not supported");
    assert_refused("? [a]\n: 1\n", "cx.yaml:1:3: error: a name is expected here");
}

Test(config_yaml, says_where_the_text_is_broken)
{
    assert_refused("a: 1\n b: 2\n", "cx.yaml:2:3: error: mapping values are not allowed in this context");
    assert_refused("a: [1, 2\n", "cx.yaml:2:1: error: did not find expected ',' or ']'");
    assert_refused("a: x\xff", "cx.yaml: error: byte 5: invalid leading UTF-8 octet");
}

Test(config_yaml, bounds_depth_and_size)
{
    char text[200];
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    text[64] = 0;
    parse(text);
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    text[66] = 0;
    assert_refused(text, "cx.yaml:1:33: error: nested deeper than 32 levels");
    char *huge = cx_arena_bytes(arena, (16 << 20) + 2);
    memset(huge, '#', (16 << 20) + 1);
    huge[(16 << 20) + 1] = 0;
    assert_refused(huge, "cx.yaml: error: larger than 16777216 bytes");
}

Test(config_yaml, reads_a_map_of_many_names_in_good_time)
{
    struct cx_buf text;
    cx_buf_init(&text, 4 << 20);
    for (int i = 0; i < 100000; i++)
        cx_buf_format(&text, "name_%d: %d\n", i, i);
    const struct cx_node *root = cx_config_parse(arena, "lexicon.yaml", cx_buf_view(&text), &err);
    cr_assert_not_null(root);
    cr_assert_eq(root->count, 100000);
    cx_buf_str(&text, CX_STR("name_500: again\n"));
    cr_assert_null(cx_config_parse(arena, "lexicon.yaml", cx_buf_view(&text), &err));
    cr_assert_str_eq(err.text, "lexicon.yaml:100001:1: error: \"name_500\" is given twice, first on line 501");
    cx_buf_free(&text);
}
