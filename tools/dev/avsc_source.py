"""Writes codec/records.c."""


def source(model, versions, texts):
    lines = ['#include "codec/codec.h"', ""]
    for enum in model.enums():
        lines += write_names(enum)
    for record in model.records():
        lines += write_init(record)
    return "\n".join(lines)


def c_string(text):
    """A C literal of any text, ASCII on the page."""
    out = []
    for byte in text.encode():
        char = chr(byte)
        out.append("\\" + char if char in '"\\' else char if 32 <= byte < 127 else f"\\{byte:03o}")
    return '"' + "".join(out).replace("??", "?\\?") + '"'


def write_names(enum):
    name = f"cx_{enum.snake}"
    symbols = ", ".join(c_string(s) for s in enum.symbols)
    return [f"static const char *const {name}_names[] = {{ {symbols} }};",
            f"const char *{name}_name(enum {name} value)", "{",
            f"    return (unsigned)value < CX_{enum.upper}_SYMBOLS ? {name}_names[value] : NULL;", "}",
            f"bool {name}_from_name(struct cx_str name, enum {name} *value)", "{",
            f"    for (int i = 0; i < CX_{enum.upper}_SYMBOLS; i++)",
            f"        if (cx_str_is(name, {name}_names[i])) {{",
            f"            *value = (enum {name})i;", "            return true;", "        }", "    return false;", "}", ""]


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
    name = f"cx_{record.snake}"
    lines = [f"void {name}_init(struct {name} *record)", "{", "    memset(record, 0, sizeof *record);"]
    for field in record.fields:
        value = default_value(field)
        if field.type.kind == "record" and not field.type.nullable:
            lines.append(f"    cx_{field.type.named.snake}_init(&record->{field.c_name});")
        elif value is not None:
            lines.append(f"    record->{field.c_name} = {value};")
    return lines + ["}", ""]
