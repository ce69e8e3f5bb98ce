"""Writes codec/records.c: per record its defaults, Avro in and out, JSON in and out; and the tables of schemas.

The generated code only strings together the functions of pipeline/codec/avro_in.h, avro_out.h, json_in.h and json_out.h.
"""
from avsc_header import sections

MAX_VARINT = 10
FIXED_SIZES = {"boolean": 1, "float": 4, "double": 8, "fixed": 16}
SUFFIXES = {"boolean": "bool", "fixed": "id"}
JSON_OUT = {"int": "cx_json_i64", "long": "cx_json_i64", "float": "cx_json_f32", "double": "cx_json_f64"}


def source(model, versions, texts):
    lines = ["/* records.c - written by tools/dev/avsc2c.py from the .avsc files of schemas; edit those. */",
             '#include "codec/avro_in_opt.h"', '#include "codec/avro_out.h"', '#include "codec/generated.h"',
             '#include "codec/json_in.h"', '#include "codec/json_out.h"', ""]
    for named in model.named.values():
        if named.kind == "enum":
            lines += write_enum(named)
        elif named.kind == "record":
            lines += write_record(named)
    return "\n".join(lines + write_texts(versions, texts) + write_schemas(model, versions))


def function(head, *body):
    return [head, "{"] + ["    " + line for line in body] + ["}", ""]


def c_string(text):
    """A C literal of any text, ASCII on the page."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        out.append("\\" + char if char in '"\\' else char if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out).replace("??", "?\\?") + '"'


def suffix(type_):
    """What the helper functions of a type are called after cx_in_, cx_put_ ...: string, opt_long, str_map."""
    if type_.kind in ("array", "map"):
        inner = {"string": "str", "long": "i64"}[type_.item.kind]
        return f"{inner}_list" if type_.kind == "array" else f"{inner}_map"
    return ("opt_" if type_.nullable else "") + SUFFIXES.get(type_.kind, type_.kind)


def generated(type_):
    """What the functions made here are called after in_, put_ ... for enums, records and lists of records; else None."""
    if type_.kind in ("enum", "record"):
        return ("opt_" if type_.nullable else "") + type_.named.snake
    if type_.kind == "array" and type_.item.kind == "record":
        return f"{type_.item.named.snake}_list"
    return None


def min_size(type_):
    """The fewest bytes a value takes."""
    if type_.nullable:
        return 1
    if type_.kind == "record":
        return max(1, sum(min_size(f.type) for f in type_.named.fields))
    return FIXED_SIZES.get(type_.kind, 1)


def ref(field):
    return f"r->{field.c_name}"


# ---- defaults ----

def default_value(field):
    """The C value of a default that is not all zeros, or None."""
    kind, default = field.type.kind, field.default
    if field.type.nullable:
        if default is not None:
            raise ValueError(f"{field.name}: a nullable field's default is null")
        return f"CX_{field.type.named.upper}_NULL" if kind == "enum" else None
    if not field.has_default or default in (0, False, [], {}):
        return None
    if kind == "string":
        return f"CX_STR({c_string(default)})"
    if kind == "boolean":
        return "true"
    if kind in ("int", "long", "float", "double"):
        return repr(default)
    if kind == "enum":
        return f"CX_{field.type.named.upper}_{default.upper()}"
    raise ValueError(f"{field.name}: no C for the default {default!r}")


def write_init(record):
    body = ["memset(r, 0, sizeof *r);"]
    for field in record.fields:
        value = default_value(field)
        if field.type.kind == "record" and not field.type.nullable:
            body.append(f"cx_{field.type.named.snake}_init(&{ref(field)});")
        elif value is not None:
            body.append(f"{ref(field)} = {value};")
    return function(f"void cx_{record.snake}_init(struct cx_{record.snake} *r)", *body)


# ---- enums ----

def write_enum(enum):
    name, count = f"cx_{enum.snake}", f"CX_{enum.upper}_SYMBOLS"
    symbols = ", ".join(c_string(s) for s in enum.symbols)
    lines = [f"static const char *const {name}_names[] = {{ {symbols} }};"]
    lines += function(f"const char *{name}_name(enum {name} value)",
                      f"return (unsigned)value < {count} ? {name}_names[value] : NULL;")
    lines += function(f"bool {name}_from_name(struct cx_str name, enum {name} *value)",
                      f"for (int i = 0; i < {count}; i++)",
                      f"    if (cx_str_is(name, {name}_names[i])) {{",
                      f"        *value = (enum {name})i;", "        return true;", "    }", "return false;")
    lines += function(f"static inline const uint8_t *in_{enum.snake}(struct cx_avro_in *in, const uint8_t *p, enum {name} *value)",
                      "int index;", f"p = cx_in_index(in, p, {count}, &index);", f"*value = (enum {name})index;", "return p;")
    if enum.nullable_somewhere:
        lines += function(f"static inline const uint8_t *in_opt_{enum.snake}(struct cx_avro_in *in, const uint8_t *p, enum {name} *value)",
                          "bool present;", f"*value = CX_{enum.upper}_NULL;", "p = cx_in_present(in, p, &present);",
                          f"return present ? in_{enum.snake}(in, p, value) : p;")
    why = c_string("must be one of " + ", ".join(enum.symbols))
    lines += function(f"static bool from_{enum.snake}(struct cx_json_in *in, const struct cx_json *node, enum {name} *value)",
                      f"return (node->type == CX_JSON_STRING && {name}_from_name(node->text, value)) || cx_json_in_fail(in, {why});")
    return lines


# ---- Avro in ----

def in_call(field):
    made = generated(field.type)
    return f"(p = {'in_' + made if made else 'cx_in_' + suffix(field.type)}(in, p, &{ref(field)}))"


def write_in(record):
    name, marks = f"struct cx_{record.snake}", {f.name for f in sections(record)}
    calls = []
    for field in record.fields:
        if field.name in marks:
            calls.append(f"cx_in_section(in, p, CX_SECTION_{field.name.upper()})")
        calls.append(in_call(field))
    head = "static const uint8_t *in_"
    lines = function(f"{head}{record.snake}(struct cx_avro_in *in, const uint8_t *p, {name} *r)",
                     "return " + " &&\n           ".join(calls) + " ? p : NULL;")
    if record.nullable_somewhere:
        lines += function(f"{head}opt_{record.snake}(struct cx_avro_in *in, const uint8_t *p, const {name} **out)",
                          "bool present;", "*out = NULL;", "p = cx_in_present(in, p, &present);", "if (!present)", "    return p;",
                          f"{name} *r = cx_arena_alloc(in->arena, sizeof *r);", "*out = r;", f"return in_{record.snake}(in, p, r);")
    if record.in_list:
        size = sum(min_size(f.type) for f in record.fields)
        lines += function(f"{head}{record.snake}_list(struct cx_avro_in *in, const uint8_t *p, {name}_list *out)",
                          "struct cx_in_list list = { 0 };",
                          f"while ((p = cx_in_more(in, p, &list, {size}, sizeof({name}))) && list.more != 0) {{",
                          f"    {name} *items = list.items;",
                          "    for (; list.more != 0; list.more--)", f"        if (!(p = in_{record.snake}(in, p, &items[list.len++])))",
                          "            return NULL;", "}", f"*out = ({name}_list){{ list.items, list.len }};",
                          "return p;")
    return lines


# ---- Avro out ----

def bound_terms(field):
    """The most bytes a field takes: what is always the same, and a C expression for the rest or None."""
    type_, made = field.type, generated(field.type)
    extra = 1 if type_.nullable else 0
    if type_.kind in ("enum", "int", "long"):
        return MAX_VARINT + extra, None
    if made:
        address = "&" if type_.kind == "record" and not type_.nullable else ""
        return 0, f"bound_{made}({address}{ref(field)})"
    if type_.kind in FIXED_SIZES:
        return FIXED_SIZES[type_.kind] + extra, None
    if type_.kind == "string":
        return MAX_VARINT + extra, f"{ref(field)}.len"
    return 0, f"cx_bound_{suffix(type_)}({ref(field)})"


def bound_expression(fields):
    terms = [bound_terms(f) for f in fields]
    constant = sum(t[0] for t in terms)
    parts = ([str(constant)] if constant else []) + [t[1] for t in terms if t[1]]
    return " +\n           ".join(parts)


def put_call(field):
    type_, made = field.type, generated(field.type)
    if type_.kind == "enum":
        return f"p = cx_put_{'opt_' if type_.nullable else ''}enum(p, (int){ref(field)}, CX_{type_.named.upper}_SYMBOLS);"
    if made:
        address = "&" if type_.kind == "record" and not type_.nullable else ""
        return f"p = put_{made}(p, {address}{ref(field)});"
    name = "long" if type_.kind == "int" and not type_.nullable else suffix(type_)
    address = "&" if type_.kind == "fixed" and not type_.nullable else ""
    return f"p = cx_put_{name}(p, {address}{ref(field)});"


def write_out(record):
    name, tail = f"struct cx_{record.snake}", sections(record)
    head = record.fields[:len(record.fields) - len(tail)] if tail else record.fields
    part = "_head" if tail else ""
    bound = bound_expression(head)
    unused = ["(void)r;"] if bound.isdigit() else []
    lines = function(f"static size_t bound_{record.snake}{part}(const {name} *r)", *unused, f"return {bound};")
    lines += function(f"static char *put_{record.snake}{part}(char *p, const {name} *r)", *map(put_call, head), "return p;")
    if tail:
        lines += write_out_sections(record, tail)
    if record.nullable_somewhere:
        lines += function(f"static size_t bound_opt_{record.snake}(const {name} *r)", f"return 1 + (r ? bound_{record.snake}(r) : 0);")
        lines += function(f"static char *put_opt_{record.snake}(char *p, const {name} *r)", "p = cx_put_present(p, r);",
                          f"return r ? put_{record.snake}(p, r) : p;")
    if record.in_list:
        lines += function(f"static size_t bound_{record.snake}_list({name}_list list)",
                          f"size_t bound = {MAX_VARINT + 1};",
                          "for (size_t i = 0; i < list.len; i++)", f"    bound += bound_{record.snake}(&list.items[i]);", "return bound;")
        lines += function(f"static char *put_{record.snake}_list(char *p, {name}_list list)",
                          "if (list.len)", "    p = cx_put_long(p, (int64_t)list.len);",
                          "for (size_t i = 0; i < list.len; i++)", f"    p = put_{record.snake}(p, &list.items[i]);",
                          "return cx_put_long(p, 0);")
    return lines


def write_out_sections(record, tail):
    """The sections from a given one on, and the whole."""
    name, last = f"struct cx_{record.snake}", tail[-1]
    bounds, puts = ["size_t bound = 0;", "switch (from) {"], ["switch (from) {"]
    for field in tail:
        label = f"case CX_SECTION_{field.name.upper()}:"
        fall = ["    break;"] if field is last else ["    __attribute__((fallthrough));"]
        bounds += [label, f"    bound += {bound_terms(field)[1]};"] + fall
        puts += [label, f"    {put_call(field)}"] + fall
    end = ["case CX_SECTIONS:", "    break;", "}"]
    lines = function(f"static size_t bound_{record.snake}_sections(const {name} *r, enum cx_section from)", *bounds, *end, "return bound;")
    lines += function(f"static char *put_{record.snake}_sections(char *p, const {name} *r, enum cx_section from)", *puts, *end, "return p;")
    lines += function(f"static size_t bound_{record.snake}(const {name} *r)",
                      f"return bound_{record.snake}_head(r) + bound_{record.snake}_sections(r, (enum cx_section)0);")
    lines += function(f"static char *put_{record.snake}(char *p, const {name} *r)",
                      f"return put_{record.snake}_sections(put_{record.snake}_head(p, r), r, (enum cx_section)0);")
    lines += function(f"void cx_{record.snake}_encode_sections(struct cx_buf *out, const {name} *r, enum cx_section from)",
                      *write_bytes(f"bound_{record.snake}_sections(r, from)", f"put_{record.snake}_sections(room.at, r, from)"))
    return lines + function(f"const uint8_t *cx_{record.snake}_read(struct cx_avro_in *in, const uint8_t *p, {name} *r)",
                            f"return in_{record.snake}(in, p, r);")


def write_bytes(bound, put):
    return [f"struct cx_out_room room = cx_out_begin(out, {bound});", f"cx_out_end(&room, {put});"]


# ---- JSON ----

def to_json_call(field):
    type_, made = field.type, generated(field.type)
    if type_.kind == "enum":
        return f"cx_json_string(out, cx_str(cx_{type_.named.snake}_name({ref(field)})));"
    if made:
        address = "&" if type_.kind == "record" and not type_.nullable else ""
        return f"to_{made}(out, {address}{ref(field)});"
    if type_.kind == "string" and type_.nullable:
        return f"cx_json_string(out, {ref(field)});"
    if type_.time:
        return f"cx_out_{'opt_' if type_.nullable else ''}time(out, {ref(field)});"
    if type_.kind in JSON_OUT and not type_.nullable:
        return f"{JSON_OUT[type_.kind]}(out, {ref(field)});"
    name = "id" if type_.kind == "fixed" else suffix(type_).replace("int", "long")
    address = "&" if type_.kind == "fixed" and not type_.nullable else ""
    return f"cx_out_{name}(out, {address}{ref(field)});"


def write_to_json(record):
    name, body = f"struct cx_{record.snake}", []
    for i, field in enumerate(record.fields):
        key = ("," if i else "{") + f'"{field.name}":'
        body += [f"cx_buf_str(out, CX_STR({c_string(key)}));", to_json_call(field)]
    lines = function(f"static void to_{record.snake}(struct cx_buf *out, const {name} *r)", *body, "cx_buf_byte(out, '}');")
    if record.nullable_somewhere:
        lines += function(f"static void to_opt_{record.snake}(struct cx_buf *out, const {name} *r)",
                          "if (r)", f"    to_{record.snake}(out, r);", "else", "    cx_out_null(out);")
    if record.in_list:
        lines += function(f"static void to_{record.snake}_list(struct cx_buf *out, {name}_list list)",
                          "for (size_t i = 0; i < list.len; i++) {", "    cx_buf_byte(out, i ? ',' : '[');",
                          f"    to_{record.snake}(out, &list.items[i]);", "}", 'cx_buf_str(out, list.len ? CX_STR("]") : CX_STR("[]"));')
    return lines


def from_json_call(field):
    type_, made = field.type, generated(field.type)
    if type_.kind == "enum":
        return f"from_{type_.named.snake}(in, member, &{ref(field)})"
    if made:
        return f"from_{made}(in, member, &{ref(field)})"
    if type_.kind == "string":
        return f"cx_json_in_string(in, member, &{ref(field)})"
    name = ("opt_" if type_.nullable else "") + "time" if type_.time else suffix(type_)
    return f"cx_json_in_{name}(in, member, &{ref(field)})"


def write_from_json(record):
    name, count = f"struct cx_{record.snake}", len(record.fields)
    if count > 64:
        raise ValueError(f"{record.name}: more than 64 fields")
    names = ", ".join(f'{{ "{f.name}", {len(f.name)} }}' for f in record.fields)
    required = sum(1 << i for i, f in enumerate(record.fields) if not f.has_default)
    body = [f"static const struct cx_str names[] = {{ {names} }};", "if (!cx_json_in_object(in, node))", "    return false;",
            f"cx_{record.snake}_init(r);", "uint64_t seen = 0;", "int next = 0;",
            "for (const struct cx_json *member = node->first; member; member = member->next) {",
            f"    int field = cx_json_in_field(names, {count}, &next, member->key);",
            "    if (field < 0 || member->type == CX_JSON_NULL)", "        continue;", "    bool ok = true;", "    switch (field) {"]
    for i, field in enumerate(record.fields):
        body += [f"    case {i}:", f"        ok = {from_json_call(field)};", "        break;"]
    body += ["    }", "    if (!ok)", "        return cx_json_in_member(in, member->key);", "    seen |= (uint64_t)1 << field;", "}",
             f"return cx_json_in_complete(in, names, UINT64_C({required:#x}), seen);"]
    lines = function(f"static bool from_{record.snake}(struct cx_json_in *in, const struct cx_json *node, {name} *r)", *body)
    if record.nullable_somewhere:
        lines += function(f"static bool from_opt_{record.snake}(struct cx_json_in *in, const struct cx_json *node, const {name} **out)",
                          f"{name} *r = cx_arena_alloc(in->arena, sizeof *r);", "*out = r;", f"return from_{record.snake}(in, node, r);")
    if record.in_list:
        lines += function(f"static bool from_{record.snake}_list(struct cx_json_in *in, const struct cx_json *node, {name}_list *out)",
                          "void *room;", "if (node->type != CX_JSON_ARRAY)", '    return cx_json_in_fail(in, "must be an array");',
                          f"if (!cx_json_in_items(in, node, sizeof({name}), &room))", "    return false;",
                          f"{name} *items = room;", "size_t len = 0;",
                          "for (const struct cx_json *child = node->first; child; child = child->next, len++)",
                          f"    if (!from_{record.snake}(in, child, &items[len]))", "        return cx_json_in_item(in, len);",
                          f"*out = ({name}_list){{ items, len }};", "return true;")
    return lines


def write_record(record):
    return write_init(record) + write_in(record) + write_out(record) + write_to_json(record) + write_from_json(record)


# ---- tables ----

def text_view(name):
    symbol = "text_" + "".join(c if c.isalnum() else "_" for c in name)
    return symbol, f"{{ {symbol}, sizeof {symbol} - 1 }}"


def write_texts(versions, texts):
    lines = []
    for name, text in texts.items():
        literal = [f"    {c_string(line)}" for line in text.splitlines(keepends=True)]
        lines += [f"static const char {text_view(name)[0]}[] =", "\n".join(literal) + ";"]
    lines.append("const struct cx_schema_version cx_schema_versions[] = {")
    lines += [f'    {{ {number}, "{subject}", {version}, {text_view(name)[1]} }},' for number, subject, version, name in versions]
    return lines + ["};", f"const size_t cx_schema_version_count = {len(versions)};", ""]


def write_schemas(model, versions):
    lines, symbols = [], []
    for subject, record in model.roots.items():
        name, struct = record.snake, f"struct cx_{record.snake}"
        row = max((v for v in versions if v[1] == subject), key=lambda v: v[2])
        lines += function(f"static void {name}_init(void *record)", f"cx_{name}_init(record);")
        lines += function(f"static void {name}_encode(struct cx_buf *out, const void *record)", f"const {struct} *r = record;",
                          *write_bytes(f"bound_{name}(r)", f"put_{name}(room.at, r)"))
        lines += function(f"static enum cx_decode_error {name}_decode(struct cx_arena *arena, struct cx_str body, void *record)",
                          "struct cx_avro_in in;", "const uint8_t *p = cx_in_init(&in, arena, body);",
                          f"return cx_in_done(&in, p ? in_{name}(&in, p, record) : NULL);")
        lines += function(f"static void {name}_to_json(struct cx_buf *out, const void *record)", f"to_{name}(out, record);")
        lines += function(f"static bool {name}_from_json(struct cx_arena *arena, const struct cx_json *node, void *record, "
                          "struct cx_str *path, const char **why)",
                          "struct cx_json_in in = { .arena = arena, .items_left = CX_AVRO_MAX_ITEMS };",
                          f"bool ok = from_{name}(&in, node, record);", "*path = in.path;", "*why = in.why;", "return ok;")
        lines += [f"const struct cx_schema cx_{name}_schema = {{", f'    "{subject}", {row[0]}, sizeof({struct}), {name}_init, {name}_encode,',
                  f"    {name}_decode, {name}_to_json, {name}_from_json, {text_view(row[3])[1]}", "};", ""]
        symbols.append(f"&cx_{name}_schema")
    return lines + [f"const struct cx_schema *const cx_schemas[] = {{ {', '.join(symbols)}, NULL }};", ""]
