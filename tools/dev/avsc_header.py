"""Writes codec/records.h: enums, structs, lists, sections."""

SCALARS = {"boolean": "bool", "int": "int32_t", "long": "int64_t", "float": "float", "double": "double"}
OPTIONALS = {"boolean": "struct cx_opt_bool", "int": "struct cx_opt_i64", "long": "struct cx_opt_i64",
             "float": "struct cx_opt_f64", "double": "struct cx_opt_f64"}


def c_type(type_):
    """The C type of a field, ending where its name begins."""
    if type_.kind == "string":
        return "struct cx_str "
    if type_.kind == "fixed":
        return "const struct cx_id *" if type_.nullable else "struct cx_id "
    if type_.kind == "enum":
        return f"enum cx_{type_.named.snake} "
    if type_.kind == "record":
        return f"const struct cx_{type_.named.snake} *" if type_.nullable else f"struct cx_{type_.named.snake} "
    if type_.kind == "array":
        return "struct cx_str_list " if type_.item.kind == "string" else f"struct cx_{type_.item.named.snake}_list "
    if type_.kind == "map":
        return "struct cx_str_map " if type_.item.kind == "string" else "struct cx_i64_map "
    return (OPTIONALS if type_.nullable else SCALARS)[type_.kind] + " "


def sections(record):
    """The nullable records at a record's end: what stages fill, in order."""
    tail = []
    for field in reversed(record.fields):
        if field.type.kind != "record" or not field.type.nullable:
            break
        tail.insert(0, field)
    return tail


def comment(text):
    return f" /* {text.replace('*/', '* /')} */" if text else ""


def write_enum(enum):
    name, upper = f"cx_{enum.snake}", f"CX_{enum.upper}"
    lines = [f"enum {name} {{"]
    if enum.nullable_somewhere:
        lines.append(f"    {upper}_NULL = -1,")
    lines += [f"    {upper}_{symbol.upper()}," for symbol in enum.symbols]
    lines += ["};", f"#define {upper}_SYMBOLS {len(enum.symbols)}",
              f"/* The symbol as the schema spells it{'; NULL for null' if enum.nullable_somewhere else ''}. */",
              f"const char *{name}_name(enum {name} value);",
              f"bool {name}_from_name(struct cx_str name, enum {name} *value);", ""]
    return lines


def write_record(record):
    name = f"struct cx_{record.snake}"
    lines = [f"/* {record.doc} */"] if record.doc else []
    lines.append(f"{name} {{")
    lines += [f"    {c_type(f.type)}{f.c_name};{comment(f.doc)}" for f in record.fields]
    lines += ["};", f"void cx_{record.snake}_init({name} *record);"]
    if record.in_list:
        lines += [f"struct cx_{record.snake}_list {{", f"    const {name} *items;", "    size_t len;", "};"]
    return lines + [""]


def write_sections(model):
    found = [(r, sections(r)) for r in model.roots.values() if sections(r)]
    lines = []
    for record, tail in found:
        lines.append(f"/* Sections of {record.name}, in stage order. */")
        lines.append("enum cx_section {")
        lines += [f"    CX_SECTION_{f.name.upper()}," for f in tail]
        lines += ["    CX_SECTIONS", "};"]
    return lines


def header(model):
    lines = ["/* records.h - written by tools/dev/avsc2c.py from the .avsc files of schemas; edit those. */",
             "#ifndef CX_CODEC_RECORDS_H", "#define CX_CODEC_RECORDS_H", '#include "codec/values.h"', ""]
    for named in model.named.values():
        if named.kind == "enum":
            lines += write_enum(named)
        elif named.kind == "record":
            lines += write_record(named)
    return "\n".join(lines + write_sections(model) + ["#endif", ""])
