#!/usr/bin/env python3
"""Writes codec/records.h and records.c from schemas/*.avsc and schemas/ids.def.

usage: avsc2c.py SCHEMAS_FOLDER OUTPUT_FOLDER

The mapping from Avro to C is in pipeline/codec/codec.h. Structs are made from the newest version of each subject; the text of every
version is embedded, so that old records can be resolved. Exit 65 if a schema holds what we have no C for.
"""
import pathlib
import sys

from avsc_header import header
from avsc_model import Model, SchemaError, read_ids
from avsc_source import source


def write_if_changed(path, text):
    """Leaves the time stamp alone where nothing changed, so that nothing is compiled again."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    schemas, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    versions = read_ids((schemas / "ids.def").read_text(encoding="utf-8"))
    texts = {name: (schemas / name).read_text(encoding="utf-8") for _, _, _, name in versions}
    newest = {}
    for row in sorted(versions, key=lambda row: row[2]):
        newest[row[1]] = row
    model = Model()
    try:
        for row in sorted(newest.values()):
            model.add_file(row[3], row[1], texts[row[3]])
        texts_c, texts_h = source(model, versions, texts), header(model)
    except (SchemaError, ValueError) as error:
        print(f"avsc2c: {error}", file=sys.stderr)
        return 65
    out.mkdir(parents=True, exist_ok=True)
    write_if_changed(out / "records.h", texts_h)
    write_if_changed(out / "records.c", texts_c)
    return 0


if __name__ == "__main__":
    sys.exit(main())
