#!/usr/bin/env python3
"""What in the tree is written by the program itself: deploy/cx.yaml, and the table of checks in docs/guarantees.md.

  generated.py --cx PROGRAM [--check]     --check: write nothing, exit 1 when something is old
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def output(cx, *words):
    return subprocess.run([cx, *words], capture_output=True, text=True, check=True).stdout


def checks(cx):
    rows = ["| check of `cx doctor` | what must hold | else | what to do |", "|---|---|---|---|"]
    for line in output(cx, "doctor", "--list", "--json").splitlines():
        check = json.loads(line)
        rows.append("| " + " | ".join((f"`{check['check']}`", check["what"], check["why"], check["do"])) + " |")
    return "\n".join(rows)


def between_marks(text, name, content):
    """Replaces what stands between <!-- name --> and <!-- /name -->."""
    found = re.search(rf"(<!-- {name}:.*? -->\n).*?(<!-- /{name} -->)", text, re.S)
    return text[:found.end(1)] + content + "\n" + text[found.start(2):]


def files(cx):
    yield ROOT / "deploy/cx.yaml", output(cx, "create")
    guarantees = ROOT / "docs/guarantees.md"
    yield guarantees, between_marks(guarantees.read_text(), "checks", checks(cx))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cx", required=True)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    old = 0
    for path, content in files(args.cx):
        if not path.exists() or path.read_text() != content:
            old += 1
            if args.check:
                print(f"{path.relative_to(ROOT)} is old: make generated")
            else:
                path.write_text(content)
                print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return 1 if args.check and old else 0


if __name__ == "__main__":
    sys.exit(main())
