#!/usr/bin/env python3
"""Compiles files into a C table of struct cx_resource (base/resource.h).

usage: embed.py [--root FOLDER] OUT.c SYMBOL FILE...

The table `const struct cx_resource SYMBOL[]` is sorted by path and ends with a NULL row. A path is relative to FOLDER (the current
folder by default). OUT.c is left alone when nothing changed, so that a build does not compile it again.
"""
import argparse
import os
import sys

# A string literal is compiled an order of magnitude faster than a list of numbers.
ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r", ord("?"): "\\?"}
LINE = 100


def literal(data):
    """The bytes as adjacent C string literals. Escapes are three octal digits: they end by themselves whatever follows."""
    lines, line = [], []
    for byte in data:
        line.append(ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"))
        if byte == 10 or len(line) == LINE:
            lines.append("".join(line))
            line = []
    if line or not lines:
        lines.append("".join(line))
    return "\n".join(f'    "{text}"' for text in lines)


def table(symbol, files):
    parts = ["/* Written by tools/dev/embed.py. */", '#include "base/resource.h"', "",
             "#if defined(__GNUC__)", '#pragma GCC diagnostic ignored "-Woverlength-strings"', "#endif", "",
             f"extern const struct cx_resource {symbol}[];", ""]
    rows = []
    for number, (path, data) in enumerate(files):
        parts.append(f"static const unsigned char file_{number}[] =\n{literal(data)};")
        rows.append(f'    {{ "{path}", file_{number}, {len(data)} }},')
    return "\n".join(parts + ["", f"const struct cx_resource {symbol}[] = {{"] + rows + ["    { 0 },", "};", ""])


def main():
    parser = argparse.ArgumentParser(description="Compiles files into a C table of struct cx_resource.")
    parser.add_argument("--root", default=".", help="folder the paths are relative to")
    parser.add_argument("out")
    parser.add_argument("symbol")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    files = {}
    for name in args.files:
        path = os.path.relpath(name, args.root).replace(os.sep, "/")
        if path.startswith("../"):
            sys.exit(f"embed.py: {name}: outside of {args.root}")
        with open(name, "rb") as file:
            files[path] = file.read()
    # By bytes, so that cx_str_cmp finds them in this order.
    text = table(args.symbol, sorted(files.items(), key=lambda item: item[0].encode()))
    if os.path.exists(args.out):
        with open(args.out, encoding="ascii") as file:
            if file.read() == text:
                return
    with open(args.out, "w", encoding="ascii") as file:
        file.write(text)


if __name__ == "__main__":
    main()
