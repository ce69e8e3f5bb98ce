#include "codec/avro_schema.h"
#include "codec/avro_default.h"

/* Named types seen so far; a schema has few. */
struct known {
    struct cx_avro_type *type;
    struct known *next;
};
struct parser {
    struct cx_arena *arena;
    struct known *known;
    size_t known_count;
    size_t default_room; /* bytes that defaults may still take */
    struct cx_error *err;
};

static const char *const primitive_names[CX_AVRO_PRIMITIVES] = { "null", "boolean", "int", "long", "float", "double", "bytes", "string" };
static const struct cx_avro_type primitives[CX_AVRO_PRIMITIVES] = {
    { .kind = CX_AVRO_NULL, .complete = true },  { .kind = CX_AVRO_BOOLEAN, .complete = true }, { .kind = CX_AVRO_INT, .complete = true },
    { .kind = CX_AVRO_LONG, .complete = true },  { .kind = CX_AVRO_FLOAT, .complete = true },   { .kind = CX_AVRO_DOUBLE, .complete = true },
    { .kind = CX_AVRO_BYTES, .complete = true }, { .kind = CX_AVRO_STRING, .complete = true },
};

static const struct cx_avro_type *parse_type(struct parser *parser, json_t *node, struct cx_str namespace, int depth);

static void *wrong(struct parser *parser, const char *what, struct cx_str name)
{
    cx_fail(parser->err, CX_EXIT_DATA, "Avro schema: %s: %.*s", what, CX_STR_ARG(name));
    return NULL;
}

/* Copied: the JSON tree goes when parsing is over. */
static struct cx_str copy_string(struct parser *parser, json_t *node)
{
    if (!json_is_string(node))
        return CX_STR_NULL;
    return cx_arena_copy(parser->arena, cx_str_n(json_string_value(node), json_string_length(node)));
}

struct cx_str cx_avro_short_name(struct cx_str full)
{
    size_t at = full.len;
    while (at > 0 && full.ptr[at - 1] != '.')
        at--;
    return cx_str_skip(full, at);
}

static struct cx_str full_name(struct parser *parser, struct cx_str name, struct cx_str namespace)
{
    if (cx_str_find(name, '.') >= 0 || namespace.len == 0)
        return name;
    return cx_arena_format(parser->arena, "%.*s.%.*s", CX_STR_ARG(namespace), CX_STR_ARG(name));
}

static struct cx_str namespace_of(struct cx_str full)
{
    struct cx_str name = cx_avro_short_name(full);
    return name.len == full.len ? CX_STR_NULL : cx_str_n(full.ptr, full.len - name.len - 1);
}

static struct cx_avro_type *find(const struct parser *parser, struct cx_str full)
{
    for (const struct known *known = parser->known; known; known = known->next)
        if (cx_str_eq(known->type->name, full))
            return known->type;
    return NULL;
}

static const struct cx_avro_type *parse_reference(struct parser *parser, json_t *node, struct cx_str namespace)
{
    struct cx_str name = copy_string(parser, node);
    for (int i = 0; i < CX_AVRO_PRIMITIVES; i++)
        if (cx_str_is(name, primitive_names[i]))
            return &primitives[i];
    const struct cx_avro_type *type = find(parser, full_name(parser, name, namespace));
    return type ? type : wrong(parser, "unknown type", name);
}

static struct cx_str_list parse_strings(struct parser *parser, json_t *node)
{
    size_t count = json_array_size(node);
    struct cx_str *items = CX_NEW_ARRAY(parser->arena, struct cx_str, count);
    for (size_t i = 0; i < count; i++)
        items[i] = copy_string(parser, json_array_get(node, i));
    return (struct cx_str_list){ items, count };
}

static bool parse_field(struct parser *parser, json_t *node, struct cx_str namespace, int depth, struct cx_avro_field *field)
{
    field->name = copy_string(parser, json_object_get(node, "name"));
    if (field->name.len == 0)
        return wrong(parser, "a field without a name in", namespace);
    field->aliases = parse_strings(parser, json_object_get(node, "aliases"));
    field->type = parse_type(parser, json_object_get(node, "type"), namespace, depth + 1);
    if (field->type == NULL)
        return false;
    json_t *value = json_object_get(node, "default");
    if (value == NULL)
        return true;
    struct cx_buf bytes;
    cx_buf_init(&bytes, parser->default_room);
    bool ok = cx_avro_default(&bytes, field->type, value, 0) && !bytes.overflow;
    parser->default_room -= bytes.len;
    if (ok)
        field->default_bytes = cx_arena_copy(parser->arena, cx_buf_view(&bytes));
    cx_buf_free(&bytes);
    if (!ok)
        return wrong(parser, "the default does not fit the type of field", field->name);
    return true;
}

static bool parse_fields(struct parser *parser, json_t *node, int depth, struct cx_avro_type *type)
{
    json_t *fields = json_object_get(node, "fields");
    size_t count = json_array_size(fields);
    if (!json_is_array(fields) || count > CX_AVRO_MAX_FIELDS)
        return wrong(parser, "a record without fields, or with more than 512", type->name);
    type->fields = CX_NEW_ARRAY(parser->arena, struct cx_avro_field, count);
    for (size_t i = 0; i < count; i++) {
        if (!parse_field(parser, json_array_get(fields, i), namespace_of(type->name), depth, &type->fields[i]))
            return false;
        for (size_t j = 0; j < i; j++)
            if (cx_str_eq(type->fields[i].name, type->fields[j].name))
                return wrong(parser, "a field stands twice", type->fields[i].name);
        type->count = i + 1;
    }
    return true;
}

static bool parse_symbols(struct parser *parser, json_t *node, struct cx_avro_type *type)
{
    type->symbols = parse_strings(parser, json_object_get(node, "symbols"));
    struct cx_str preset = copy_string(parser, json_object_get(node, "default"));
    type->default_symbol = -1;
    for (size_t i = 0; i < type->symbols.len; i++) {
        if (type->symbols.items[i].len == 0)
            return wrong(parser, "a symbol that is no name in", type->name);
        if (preset.ptr && cx_str_eq(type->symbols.items[i], preset))
            type->default_symbol = (int)i;
    }
    if (type->symbols.len == 0 || (preset.ptr && type->default_symbol < 0))
        return wrong(parser, "an enum without symbols, or whose default is none of them", type->name);
    return true;
}

static bool parse_size(struct parser *parser, json_t *node, struct cx_avro_type *type)
{
    json_t *size = json_object_get(node, "size");
    type->size = (size_t)json_integer_value(size);
    if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > 1 << 20)
        return wrong(parser, "a fixed without a size up to 1 MiB", type->name);
    return true;
}

static const struct cx_avro_type *parse_named(struct parser *parser, json_t *node, enum cx_avro_kind kind, struct cx_str namespace, int depth)
{
    struct cx_str own = copy_string(parser, json_object_get(node, "namespace")), name = copy_string(parser, json_object_get(node, "name"));
    if (name.len == 0)
        return wrong(parser, "a named type without a name in", namespace);
    struct cx_avro_type *type = CX_NEW(parser->arena, struct cx_avro_type);
    type->kind = kind;
    type->name = full_name(parser, name, own.ptr ? own : namespace);
    if (type->name.len > CX_AVRO_MAX_NAME || ++parser->known_count > CX_AVRO_MAX_NAMED)
        return wrong(parser, "a name over 256 bytes, or over 1000 named types, in", namespace);
    if (find(parser, type->name))
        return wrong(parser, "a type is defined twice", type->name);
    struct cx_str_list aliases = parse_strings(parser, json_object_get(node, "aliases"));
    for (size_t i = 0; i < aliases.len; i++)
        ((struct cx_str *)aliases.items)[i] = full_name(parser, aliases.items[i], namespace_of(type->name));
    type->aliases = aliases;
    struct known *known = CX_NEW(parser->arena, struct known);
    *known = (struct known){ type, parser->known };
    parser->known = known;
    bool ok = kind == CX_AVRO_RECORD ? parse_fields(parser, node, depth, type)
              : kind == CX_AVRO_ENUM ? parse_symbols(parser, node, type)
                                     : parse_size(parser, node, type);
    type->complete = true;
    return ok ? type : NULL;
}

static const struct cx_avro_type *parse_items(struct parser *parser, json_t *node, enum cx_avro_kind kind, struct cx_str namespace, int depth)
{
    struct cx_avro_type *type = CX_NEW(parser->arena, struct cx_avro_type);
    type->kind = kind;
    type->complete = true;
    type->count = 1;
    type->branches = CX_NEW_ARRAY(parser->arena, const struct cx_avro_type *, 1);
    type->branches[0] = parse_type(parser, json_object_get(node, kind == CX_AVRO_ARRAY ? "items" : "values"), namespace, depth + 1);
    return type->branches[0] ? type : NULL;
}

static const struct cx_avro_type *parse_union(struct parser *parser, json_t *node, struct cx_str namespace, int depth)
{
    struct cx_avro_type *type = CX_NEW(parser->arena, struct cx_avro_type);
    type->kind = CX_AVRO_UNION;
    type->complete = true;
    type->count = json_array_size(node);
    if (type->count == 0 || type->count > CX_AVRO_MAX_FIELDS)
        return wrong(parser, "a union of none, or of more than 512, in", namespace);
    type->branches = CX_NEW_ARRAY(parser->arena, const struct cx_avro_type *, type->count);
    for (size_t i = 0; i < type->count; i++) {
        type->branches[i] = parse_type(parser, json_array_get(node, i), namespace, depth + 1);
        if (type->branches[i] == NULL)
            return NULL;
        if (type->branches[i]->kind == CX_AVRO_UNION)
            return wrong(parser, "a union directly in a union in", namespace);
    }
    return type;
}

static const struct cx_avro_type *parse_type(struct parser *parser, json_t *node, struct cx_str namespace, int depth)
{
    if (depth > CX_AVRO_MAX_DEPTH)
        return wrong(parser, "types nested deeper than 32 in", namespace);
    if (json_is_string(node))
        return parse_reference(parser, node, namespace);
    if (json_is_array(node))
        return parse_union(parser, node, namespace, depth);
    if (!json_is_object(node))
        return wrong(parser, "a type is missing in", namespace);
    json_t *inner = json_object_get(node, "type");
    struct cx_str kind = copy_string(parser, inner);
    if (cx_str_is(kind, "record") || cx_str_is(kind, "error"))
        return parse_named(parser, node, CX_AVRO_RECORD, namespace, depth);
    if (cx_str_is(kind, "enum"))
        return parse_named(parser, node, CX_AVRO_ENUM, namespace, depth);
    if (cx_str_is(kind, "fixed"))
        return parse_named(parser, node, CX_AVRO_FIXED, namespace, depth);
    if (cx_str_is(kind, "array"))
        return parse_items(parser, node, CX_AVRO_ARRAY, namespace, depth);
    if (cx_str_is(kind, "map"))
        return parse_items(parser, node, CX_AVRO_MAP, namespace, depth);
    return parse_type(parser, inner, namespace, depth + 1);
}

const struct cx_avro_type *cx_avro_schema_parse(struct cx_arena *arena, struct cx_str avsc, struct cx_error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(avsc.ptr, avsc.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        cx_fail(err, CX_EXIT_DATA, "Avro schema: line %d: %s", fault.line, fault.text);
        return NULL;
    }
    struct parser parser = { .arena = arena, .default_room = CX_SCHEMA_MAX_TEXT, .err = err };
    const struct cx_avro_type *type = parse_type(&parser, root, CX_STR_NULL, 0);
    json_decref(root);
    return type;
}
