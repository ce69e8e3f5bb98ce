#!/usr/bin/env python3
"""Schema resolution against fastavro: random writers' schemas, readers' schemas derived from them, random values.

usage: resolution_test.py RESOLVE_TOOL VENV_FOLDER [CASES [SEED]]

Makes the virtual environment if need be; exit 77 (skipped) where fastavro cannot be installed.
"""
import copy
import io
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

try:
    import fastavro
    from fastavro.read import SchemaResolutionError
except ImportError:
    fastavro = None

PROMOTIONS = {"int": ["long", "float", "double"], "long": ["float", "double"], "float": ["double"], "string": ["bytes"], "bytes": ["string"]}
PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"]
WORDS = ["", "a", "kargo", "iade", "İstanbul", "привет", "مرحبا", "x" * 70]


def run_in_venv(folder):
    """Starts this script again with a Python that has fastavro."""
    python = pathlib.Path(folder) / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=False)
    installed = subprocess.run([python, "-c", "import fastavro"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    if not installed and subprocess.run([python, "-m", "pip", "-q", "install", "fastavro"], check=False).returncode != 0:
        print("fastavro cannot be installed here")
        sys.exit(77)
    os.execv(python, [str(python), __file__, *sys.argv[1:]])


class Maker:
    """Random schemas, values and changes of schemas."""

    def __init__(self, dice):
        self.dice, self.names = dice, 0

    def name(self):
        self.names += 1
        return f"N{self.names}"

    def schema(self, depth=0):
        kinds = PRIMITIVES[1:] + (["record", "array", "map", "union", "enum", "fixed"] if depth < 3 else [])
        kind = "record" if depth == 0 else self.dice.choice(kinds)
        if kind == "record":
            fields = [{"name": f"f{i}", "type": self.schema(depth + 1)} for i in range(self.dice.randint(1, 5))]
            return {"type": "record", "name": self.name(), "fields": fields}
        if kind == "array":
            return {"type": "array", "items": self.schema(depth + 1)}
        if kind == "map":
            return {"type": "map", "values": self.schema(depth + 1)}
        if kind == "union":
            return ["null"] + self.dice.sample([p for p in ("boolean", "long", "string")], self.dice.randint(1, 2))
        if kind == "enum":
            return {"type": "enum", "name": self.name(), "symbols": self.dice.sample("ABCDE", self.dice.randint(2, 5))}
        if kind == "fixed":
            return {"type": "fixed", "name": self.name(), "size": self.dice.randint(1, 9)}
        return kind

    def value(self, schema):
        dice = self.dice
        if isinstance(schema, list):
            return self.value(dice.choice(schema))
        kind = schema if isinstance(schema, str) else schema["type"]
        if kind == "record":
            return {f["name"]: self.value(f["type"]) for f in schema["fields"]}
        if kind == "array":
            return [self.value(schema["items"]) for _ in range(dice.randint(0, 4))]
        if kind == "map":
            return {f"k{i}": self.value(schema["values"]) for i in range(dice.randint(0, 4))}
        return {
            "null": lambda: None, "boolean": lambda: dice.random() < 0.5, "int": lambda: dice.randint(-2**31, 2**31 - 1),
            "long": lambda: dice.randint(-2**63, 2**63 - 1) >> dice.randint(0, 60), "float": lambda: dice.randint(-1000, 1000) / 8,
            "double": lambda: dice.uniform(-1e9, 1e9), "bytes": lambda: dice.choice(WORDS).encode(), "string": lambda: dice.choice(WORDS),
            "enum": lambda: dice.choice(schema["symbols"]), "fixed": lambda: dice.randbytes(schema["size"]),
        }[kind]()

    def changed(self, schema):
        """A reader's schema: nearly always one that can read, now and then one that cannot."""
        dice = self.dice
        if isinstance(schema, list):
            branches = [self.promoted(b, 0.2) for b in schema]
            dice.shuffle(branches)
            return list(dict.fromkeys(branches))
        if isinstance(schema, str):
            return self.wrapped(self.promoted(schema, 0.4))
        schema = copy.deepcopy(schema)
        if schema["type"] == "record":
            self.change_fields(schema)
        elif schema["type"] == "array":
            schema["items"] = self.changed(schema["items"])
        elif schema["type"] == "map":
            schema["values"] = self.changed(schema["values"])
        elif schema["type"] == "enum":
            dice.shuffle(schema["symbols"])
            if dice.random() < 0.4:
                schema["symbols"] = schema["symbols"][:-1]
                if dice.random() < 0.5:
                    schema["default"] = schema["symbols"][0]
        return schema

    def promoted(self, kind, chance):
        return self.dice.choice(PROMOTIONS[kind]) if kind in PROMOTIONS and self.dice.random() < chance else kind

    def wrapped(self, kind):
        return ["null", kind] if kind != "null" and self.dice.random() < 0.2 else kind

    def change_fields(self, schema):
        dice, fields = self.dice, []
        for field in schema["fields"]:
            if dice.random() < 0.2:
                continue
            field["type"] = self.changed(field["type"])
            if dice.random() < 0.2:
                field["aliases"] = ["other", field["name"]]
                field["name"] = "new_" + field["name"]
            fields.append(field)
        for i in range(dice.randint(0, 2)):
            kind, default = dice.choice([("int", 7), ("string", "ğ"), (["null", "long"], None), ("bytes", "\u00ff\u0001"), ("double", 1.5),
                                         ({"type": "array", "items": "int"}, [1, 2]), ({"type": "map", "values": "string"}, {"a": "b"})])
            fields.append({"name": f"added{i}", "type": kind, "default": default})
        dice.shuffle(fields)
        schema["fields"] = fields


def decoded(data, writer, reader=None):
    return fastavro.schemaless_reader(io.BytesIO(data), fastavro.parse_schema(copy.deepcopy(writer)),
                                      reader and fastavro.parse_schema(copy.deepcopy(reader)))


def same(got, expected):
    """Equality, where fastavro leaves a default of bytes a string and reads a whole number as a float of 64 bits."""
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same(got[k], expected[k]) for k in got)
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(same(g, e) for g, e in zip(got, expected))
    if isinstance(got, bytes) and isinstance(expected, str):
        return got == expected.encode("latin-1")
    if isinstance(got, float) and isinstance(expected, (int, float)):
        return got == expected or got == struct.unpack("f", struct.pack("f", expected))[0]
    return got == expected and isinstance(got, bool) == isinstance(expected, bool)


def make_case(maker):
    writer = maker.schema()
    reader = maker.changed(writer)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(copy.deepcopy(writer)), maker.value(writer))
    return writer, reader, out.getvalue()


def check(case, answer):
    """None, or what is wrong."""
    writer, reader, data = case
    try:
        expected = decoded(data, writer, reader)
    except (SchemaResolutionError, ValueError) as error:
        return None if answer.startswith("error") else f"resolved what fastavro refuses ({error})"
    if answer.startswith("error"):
        return answer
    got = decoded(bytes.fromhex(answer), reader)
    return None if same(got, expected) else f"{got} instead of {expected}"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if fastavro is None:
        run_in_venv(sys.argv[2])
    count, seed = int((sys.argv + ["3000"])[3]) if len(sys.argv) > 3 else 3000, int(sys.argv[4]) if len(sys.argv) > 4 else 1
    maker = Maker(random.Random(seed))
    cases = [make_case(maker) for _ in range(count)]
    lines = "".join(f"{json.dumps(w)}\n{json.dumps(r)}\n{d.hex()}\n" for w, r, d in cases)
    answers = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = 0
    for i, (case, answer) in enumerate(zip(cases, answers, strict=True)):
        problem = check(case, answer)
        if problem:
            wrong += 1
            print(f"case {i}: {problem}\n  writer {json.dumps(case[0])}\n  reader {json.dumps(case[1])}\n  body {case[2].hex()}")
        if wrong == 5:
            break
    refused = sum(a.startswith("error") for a in answers)
    print(f"seed={seed} cases={count} refused={refused} wrong={wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
