#include "stages/route/rule_schema.h"
#include "base/json.h"
#include "stages/route/rule_offsets.h"

#define MAX_NAMED 64 /* records, enums and fixed types of one schema */

const struct route_type route_type_null = { .kind = ROUTE_NULL, .name = { "null", 4 } };
const struct route_type route_type_bool = { .kind = ROUTE_BOOL, .name = { "bool", 4 } };
const struct route_type route_type_int = { .kind = ROUTE_INT, .name = { "int", 3 } };
const struct route_type route_type_double = { .kind = ROUTE_DOUBLE, .name = { "double", 6 } };
const struct route_type route_type_string = { .kind = ROUTE_STRING, .name = { "string", 6 } };
const struct route_type route_type_id = { .kind = ROUTE_ID, .name = { "id", 2 } };
static const struct route_type type_float = { .kind = ROUTE_DOUBLE, .name = { "float", 5 }, .is_single = true };
static const struct route_type type_map = { .kind = ROUTE_MAP, .name = { "map of string", 13 } };

struct reader {
    struct cx_arena *arena;
    const struct route_type *named[MAX_NAMED]; /* a schema names a type where it is first used */
    size_t named_count;
};

static const struct route_type *read_type(struct reader *r, const struct cx_json *node);

static struct cx_str member(const struct cx_json *node, const char *name)
{
    const struct cx_json *found = cx_json_get(node, cx_str(name));
    return found && found->type == CX_JSON_STRING ? found->text : CX_STR_NULL;
}

static const struct route_type *remember(struct reader *r, const struct route_type *type)
{
    cx_assert(r->named_count < MAX_NAMED);
    return r->named[r->named_count++] = type;
}

static const struct route_type *read_name(struct reader *r, struct cx_str name)
{
    static const struct {
        const char *avro;
        const struct route_type *type;
    } primitives[] = { { "boolean", &route_type_bool },  { "int", &route_type_int },       { "long", &route_type_int }, { "float", &type_float },
                       { "double", &route_type_double }, { "string", &route_type_string }, { "null", &route_type_null } };
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++)
        if (cx_str_is(name, primitives[i].avro))
            return primitives[i].type;
    for (size_t i = 0; i < r->named_count; i++)
        if (cx_str_eq(r->named[i]->name, name))
            return r->named[i];
    return NULL;
}

static const struct route_type *read_enum(struct reader *r, const struct cx_json *node)
{
    struct route_type *type = CX_NEW(r->arena, struct route_type);
    const struct cx_json *symbols = cx_json_get(node, CX_STR("symbols"));
    const char **names = CX_NEW_ARRAY(r->arena, const char *, symbols ? symbols->count : 0);
    type->kind = ROUTE_ENUM;
    type->name = member(node, "name");
    type->symbols = names;
    for (const struct cx_json *s = symbols ? symbols->first : NULL; s; s = s->next)
        names[type->symbol_count++] = cx_arena_format(r->arena, "%.*s%c", CX_STR_ARG(s->text), 0).ptr;
    cx_assert(type->symbol_count < 64); /* symbols are bits of a test, and one bit is for null */
    return remember(r, type);
}

static size_t item_size(const struct route_type *items)
{
    if (items->kind == ROUTE_STRING)
        return sizeof(struct cx_str);
    for (const struct route_size *row = route_sizes; row->record; row++)
        if (cx_str_is(items->name, row->record))
            return row->size;
    return 0;
}

static const struct route_type *read_list(struct reader *r, const struct cx_json *node)
{
    const struct route_type *items = read_type(r, cx_json_get(node, CX_STR("items")));
    if (!items || item_size(items) == 0)
        return NULL;
    struct route_type *type = CX_NEW(r->arena, struct route_type);
    type->kind = ROUTE_LIST;
    type->name = cx_arena_format(r->arena, "list of %.*s", CX_STR_ARG(items->name));
    type->items = items;
    type->item_size = item_size(items);
    return type;
}

/* How codec.h says a type is kept; see there. */
static enum route_storage expected_storage(const struct route_type *type, struct cx_str avro, bool is_nullable)
{
    switch (type->kind) {
    case ROUTE_BOOL:
        return is_nullable ? ROUTE_STORED_OPT_BOOL : ROUTE_STORED_BOOL;
    case ROUTE_INT:
        return is_nullable ? ROUTE_STORED_OPT_I64 : cx_str_is(avro, "int") ? ROUTE_STORED_I32 : ROUTE_STORED_I64;
    case ROUTE_DOUBLE:
        return is_nullable ? ROUTE_STORED_OPT_F64 : type->is_single ? ROUTE_STORED_F32 : ROUTE_STORED_F64;
    case ROUTE_ID:
        return is_nullable ? ROUTE_STORED_ID_POINTER : ROUTE_STORED_ID;
    case ROUTE_ENUM:
        return ROUTE_STORED_ENUM;
    case ROUTE_LIST:
        return ROUTE_STORED_LIST;
    case ROUTE_MAP:
        return ROUTE_STORED_MAP;
    case ROUTE_RECORD:
        return is_nullable ? ROUTE_STORED_RECORD_POINTER : ROUTE_STORED_RECORD;
    default:
        return ROUTE_STORED_STR;
    }
}

static const struct route_offset *find_offset(struct cx_str record, struct cx_str field)
{
    for (const struct route_offset *row = route_offsets; row->record; row++)
        if (cx_str_is(record, row->record) && cx_str_is(field, row->field))
            return row;
    return NULL;
}

/* The Avro name of a type or of the branch of a union that is not null: "long", "record", ... */
static struct cx_str avro_name(const struct cx_json *node)
{
    return node->type == CX_JSON_OBJECT ? member(node, "type") : node->text;
}

/* The table cannot tell apart what has a type of its own; an enum that may be null is an int to C. */
static bool agrees(enum route_storage schema, enum route_storage table)
{
    return schema < ROUTE_STORED_ENUM ? table == schema : table == ROUTE_STORED_ENUM || (schema == ROUTE_STORED_ENUM && table == ROUTE_STORED_I32);
}

static bool read_field(struct reader *r, struct cx_str record, const struct cx_json *node, struct route_field *field)
{
    const struct cx_json *type = cx_json_get(node, CX_STR("type"));
    field->name = member(node, "name");
    field->has_default = cx_json_get(node, CX_STR("default")) != NULL;
    if (type && type->type == CX_JSON_ARRAY && type->count == 2) {
        field->is_nullable = true;
        type = type->first->next;
    }
    field->type = type ? read_type(r, type) : NULL;
    const struct route_offset *row = find_offset(record, field->name);
    if (!field->type || !row)
        return false;
    field->offset = row->offset;
    field->storage = expected_storage(field->type, avro_name(type), field->is_nullable);
    cx_assert(agrees(field->storage, row->storage));
    return true;
}

static const struct route_type *read_record(struct reader *r, const struct cx_json *node)
{
    const struct cx_json *fields = cx_json_get(node, CX_STR("fields"));
    struct route_type *type = CX_NEW(r->arena, struct route_type);
    struct route_field *list = CX_NEW_ARRAY(r->arena, struct route_field, fields ? fields->count : 0);
    type->kind = ROUTE_RECORD;
    type->name = member(node, "name");
    type->fields = list;
    for (const struct cx_json *f = fields ? fields->first : NULL; f; f = f->next)
        if (read_field(r, type->name, f, &list[type->field_count]))
            type->field_count++;
    return remember(r, type);
}

/* NULL for what rules cannot say: the bytes and maps of numbers of other schemas. */
static const struct route_type *read_type(struct reader *r, const struct cx_json *node)
{
    if (!node || node->type == CX_JSON_STRING)
        return node ? read_name(r, node->text) : NULL;
    struct cx_str kind = member(node, "type");
    if (cx_str_is(kind, "record"))
        return read_record(r, node);
    if (cx_str_is(kind, "enum"))
        return read_enum(r, node);
    if (cx_str_is(kind, "array"))
        return read_list(r, node);
    if (cx_str_is(kind, "map"))
        return cx_str_is(member(node, "values"), "string") ? &type_map : NULL;
    if (cx_str_is(kind, "fixed")) {
        struct route_type *type = CX_NEW(r->arena, struct route_type);
        *type = route_type_id;
        type->name = member(node, "name");
        return remember(r, type);
    }
    return read_name(r, kind);
}

const struct route_type *route_schema_read(struct cx_arena *arena, struct cx_str avsc, struct cx_error *err)
{
    struct cx_json_fault fault;
    const struct cx_json *root = cx_json_parse(arena, avsc, &fault);
    struct reader reader = { .arena = arena };
    const struct route_type *record = root ? read_type(&reader, root) : NULL;
    if (!record || record->kind != ROUTE_RECORD || record->field_count == 0) {
        cx_fail(err, CX_EXIT_BUG, "the schema of cx.Interaction is not a record with fields");
        return NULL;
    }
    return record;
}

const struct route_field *route_schema_field(const struct route_type *record, struct cx_str name)
{
    for (size_t i = 0; i < record->field_count; i++)
        if (cx_str_eq(record->fields[i].name, name))
            return &record->fields[i];
    return NULL;
}

const char *route_schema_suggest(struct cx_arena *arena, const struct route_type *record, struct cx_str name)
{
    const char **names = CX_NEW_ARRAY(arena, const char *, record->field_count);
    for (size_t i = 0; i < record->field_count; i++)
        names[i] = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(record->fields[i].name), 0).ptr;
    return cx_did_you_mean(name, names, record->field_count);
}

int route_schema_symbol(const struct route_type *type, struct cx_str symbol)
{
    for (size_t i = 0; i < type->symbol_count; i++)
        if (cx_str_is(symbol, type->symbols[i]))
            return (int)i;
    return -1;
}

struct cx_str route_schema_symbols(struct cx_arena *arena, const struct route_type *type)
{
    struct cx_str list = CX_STR("");
    for (size_t i = 0; i < type->symbol_count; i++)
        list = cx_arena_format(arena, "%.*s%s%s", CX_STR_ARG(list), i ? ", " : "", type->symbols[i]);
    return list;
}
