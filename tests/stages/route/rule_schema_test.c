#include "stages/route/rule_offsets.h"
#include "tests/stages/route/rules.h"

static const struct cx_json *schema(void)
{
    struct cx_json_fault fault;
    const struct cx_json *root = cx_json_parse(rules_arena(), cx_interaction_schema.avsc, &fault);
    cr_assert_not_null(root);
    return root;
}

static bool has_row(struct cx_str record, struct cx_str field)
{
    for (const struct route_offset *row = route_offsets; row->record; row++)
        if (cx_str_is(record, row->record) && cx_str_is(field, row->field))
            return true;
    return false;
}

/* Every record below a node of the schema; section routing is what the rules decide. */
static size_t expect_rows(const struct cx_json *node)
{
    size_t count = 0;
    const struct cx_json *type = cx_json_get(node, CX_STR("type")), *name = cx_json_get(node, CX_STR("name"));
    if (type && cx_str_is(type->text, "record") && !cx_str_is(name->text, "Routing")) {
        const struct cx_json *fields = cx_json_get(node, CX_STR("fields"));
        for (const struct cx_json *f = fields->first; f; f = f->next) {
            struct cx_str field = cx_json_get(f, CX_STR("name"))->text;
            if (cx_str_is(field, "routing"))
                continue;
            cr_expect(has_row(name->text, field), "%.*s.%.*s has no row in rule_offsets.c", CX_STR_ARG(name->text), CX_STR_ARG(field));
            count++;
        }
    }
    if (node->type == CX_JSON_OBJECT || node->type == CX_JSON_ARRAY)
        for (const struct cx_json *child = node->first; child; child = child->next)
            count += expect_rows(child);
    return count;
}

static size_t fields_of(const struct route_type *type)
{
    size_t count = type->kind == ROUTE_RECORD ? type->field_count : 0;
    for (size_t i = 0; type->kind == ROUTE_RECORD && i < type->field_count; i++)
        if (type->fields[i].type->kind == ROUTE_RECORD)
            count += fields_of(type->fields[i].type);
    return count;
}

Test(rule_schema, knows_every_field_of_the_record)
{
    size_t rows = 0;
    for (const struct route_offset *row = route_offsets; row->record; row++)
        rows++;

    cr_expect_eq(expect_rows(schema()), rows, "the table has rows for fields that are gone");
    cr_expect_gt(fields_of(rules_record_type()), 60);
}

Test(rule_schema, takes_types_and_nullability_from_the_schema)
{
    const struct route_type *record = rules_record_type();
    const struct route_field *author = route_schema_field(record, CX_STR("author")), *op = route_schema_field(record, CX_STR("op"));
    const struct route_field *followers = route_schema_field(author->type, CX_STR("followers"));
    const struct route_field *classification = route_schema_field(record, CX_STR("classification"));
    const struct route_field *functions = route_schema_field(classification->type, CX_STR("functions"));

    cr_expect(author->is_nullable && author->type->kind == ROUTE_RECORD);
    cr_expect(followers->is_nullable && followers->type->kind == ROUTE_INT);
    cr_expect(!op->is_nullable && op->type->kind == ROUTE_ENUM && op->type->symbol_count == 4);
    cr_expect(functions->type->kind == ROUTE_LIST && functions->type->item_size == sizeof(struct cx_label));
    cr_expect(cx_str_is(functions->type->name, "list of Label"));
    cr_expect(route_schema_field(functions->type->items, CX_STR("score"))->type->is_single);
    cr_expect_null(route_schema_field(record, CX_STR("routing")));
}

Test(rule_schema, refuses_what_is_no_record)
{
    struct cx_error err;

    cr_expect_null(route_schema_read(rules_arena(), CX_STR("\"string\""), &err));
    cr_expect_null(route_schema_read(rules_arena(), CX_STR("{"), &err));
}
