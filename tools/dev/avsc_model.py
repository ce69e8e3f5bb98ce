"""Avro schema files as plain objects: what tools/dev/avsc2c.py writes C from.

Only what our own schemas use is understood (codec.h lists it); anything else is an error that names the file and the field.
A named type may stand in several files; it must be the same in all of them, docs aside.
"""
import json
import re

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "string"}
KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int long register restrict
return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false""".split())


class SchemaError(Exception):
    """A schema we cannot turn into C; the text says where and why."""


def snake(name):
    """FiveC -> five_c"""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


class Type:
    """kind: a primitive, or fixed, enum, record, array, map. `nullable` and `time` belong to the use, not to the named type."""

    def __init__(self, kind, named=None, item=None, nullable=False, time=False):
        self.kind, self.named, self.item, self.nullable, self.time = kind, named, item, nullable, time

    def signature(self):
        inner = self.named.name if self.named else self.item.signature() if self.item else ""
        return (self.kind, inner, self.nullable, self.time)


class Field:
    """One field of a record; has_default tells a default of null from none."""

    def __init__(self, spec, type_):
        self.name, self.type, self.doc = spec["name"], type_, spec.get("doc", "")
        self.has_default, self.default = "default" in spec, spec.get("default")
        self.c_name = self.name + "_" if self.name in KEYWORDS else self.name


class Named:
    """A fixed, an enum or a record."""

    def __init__(self, kind, spec):
        self.kind, self.name, self.doc = kind, spec["name"], spec.get("doc", "")
        self.snake, self.upper = snake(self.name), snake(self.name).upper()
        self.size = spec.get("size")
        self.symbols = spec.get("symbols", [])
        self.fields = []
        self.nullable_somewhere = False
        self.in_list = False

    def signature(self):
        fields = [(f.name, f.type.signature(), f.has_default, json.dumps(f.default)) for f in self.fields]
        return (self.kind, self.name, self.size, tuple(self.symbols), tuple(fields))


class Model:
    """All named types of all files, each after the types it needs; `roots` maps a subject to its record."""

    def __init__(self):
        self.named, self.roots = {}, {}

    def add_file(self, path, subject, text):
        try:
            spec = json.loads(text)
            seen = {}
            root = self._type(spec, seen, spec.get("name", "?"))
        except (SchemaError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SchemaError(f"{path}: {error}") from error
        full = (spec.get("namespace") + "." if spec.get("namespace") else "") + spec["name"]
        if root.kind != "record" or full != subject:
            raise SchemaError(f"{path}: holds {full}, ids.def says {subject}")
        self.roots[subject] = root.named

    def records(self):
        return [n for n in self.named.values() if n.kind == "record"]

    def enums(self):
        return [n for n in self.named.values() if n.kind == "enum"]

    def _type(self, spec, seen, where):
        if isinstance(spec, str):
            return self._reference(spec, seen, where)
        if isinstance(spec, list):
            return self._union(spec, seen, where)
        kind = spec["type"]
        if kind in ("record", "enum", "fixed"):
            return self._define(kind, spec, seen, where)
        if kind == "array":
            item = self._type(spec["items"], seen, where)
            self._check(item.kind in ("string", "record") and not item.nullable, where, "arrays of strings and records only")
            if item.named:
                item.named.in_list = True
            return Type("array", item=item)
        if kind == "map":
            item = self._type(spec["values"], seen, where)
            self._check(item.kind in ("string", "long") and not item.nullable, where, "maps of strings and longs only")
            return Type("map", item=item)
        plain = self._type(kind, seen, where)
        return Type(plain.kind, plain.named, plain.item, plain.nullable, spec.get("logicalType") == "timestamp-millis")

    def _reference(self, name, seen, where):
        if name in PRIMITIVES:
            return Type(name)
        named = seen.get(name.split(".")[-1])
        self._check(named is not None, where, f"unknown type {name}")
        return Type(named.kind, named)

    def _union(self, spec, seen, where):
        self._check(len(spec) == 2 and spec[0] == "null", where, 'unions are ["null", T] only')
        inner = self._type(spec[1], seen, where)
        self._check(inner.kind not in ("null", "array", "map"), where, f"a nullable {inner.kind} has no place in C")
        if inner.named:
            inner.named.nullable_somewhere = True
        return Type(inner.kind, inner.named, inner.item, True, inner.time)

    def _define(self, kind, spec, seen, where):
        named = Named(kind, spec)
        self._check(kind != "fixed" or named.size == 16, where, "only fixed(16) is known")
        for field in spec.get("fields", []):
            named.fields.append(Field(field, self._type(field["type"], seen, f"{where}.{field['name']}")))
        known = self.named.setdefault(named.name, named)
        self._check(known.signature() == named.signature(), where, f"{named.name} differs from the {named.name} of another file")
        seen[named.name] = known
        return Type(kind, known)

    @staticmethod
    def _check(ok, where, what):
        if not ok:
            raise SchemaError(f"{where}: {what}")


def read_ids(text):
    """Rows of ids.def: (id, subject, version, file)."""
    rows = re.findall(r'^CX_SCHEMA\((\d+),\s*"([^"]+)",\s*(\d+),\s*"([^"]+)"\)', text, re.M)
    return [(int(i), subject, int(version), name) for i, subject, version, name in rows]
