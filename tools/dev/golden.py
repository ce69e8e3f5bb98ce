#!/usr/bin/env python3
"""Golden cases: a folder whose name is the sentence it proves.

tests/stages/<stage>/cases/<sentence>/ holds in.jsonl, out.jsonl and, where needed, config.yaml and args; a line of `train` is what
`cx train` is told beforehand, for the models that config.yaml names.
`cx pipe <stage> --verdicts [-c config.yaml] [args] < in.jsonl` must print out.jsonl, byte for byte, whatever the batch size and
whether or not the stages are closed, reopened and restored on the way. Of models that records name only the names are compared, not the hashes behind
them, since these are of all that a model holds: `cx@*`.
"""
import argparse
import difflib
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VARIANTS = ([], ["--batch", "1"], ["--batch", "7"], ["--batch", "3", "--restart", "2"])


def command(cx, case):
    stage = case.parent.parent.name
    args = shlex.split((case / "args").read_text()) if (case / "args").exists() else []
    stages = [stage]
    if args and args[0] == "--stages":
        stages, args = args[1].split(","), args[2:]
    config = ["-c", str(case / "config.yaml")] if (case / "config.yaml").exists() else []
    return [str(cx), "pipe", *stages, "--verdicts", *config, *args]


def train(cx, case, folder):
    """The case's folder, or a copy of it with the models it asks for."""
    if not (case / "train").exists():
        return case
    work = pathlib.Path(folder) / case.name
    shutil.copytree(case, work)
    for line in (case / "train").read_text().splitlines():
        subprocess.run([str(cx), "train", *shlex.split(line)], capture_output=True, timeout=120, cwd=work, check=True)
    return work


def output(cx, case, variant, work):
    with open(case / "in.jsonl", "rb") as lines:
        done = subprocess.run(command(cx, case) + variant, stdin=lines, capture_output=True, timeout=120, cwd=work)
    if done.returncode != 0:
        return f"exit {done.returncode}: {done.stderr.decode(errors='replace')}".encode()
    return re.sub(rb'"model":"[^"]*"', lambda model: re.sub(rb"@[0-9a-f]{8}", b"@*", model[0]), done.stdout)


def check(cx, case, rewrite):
    """True when the case holds."""
    with tempfile.TemporaryDirectory(prefix="cx-golden-") as folder:
        return check_in(cx, case, rewrite, train(cx, case, folder))


def check_in(cx, case, rewrite, work):
    want_file = case / "out.jsonl"
    got = output(cx, case, [], work)
    if rewrite:
        want_file.write_bytes(got)
        return True
    want = want_file.read_bytes() if want_file.exists() else b""
    for variant in VARIANTS:
        got = got if not variant else output(cx, case, variant, work)
        if got == want:
            continue
        print(f"FAILED {case.relative_to(ROOT)} {' '.join(variant)}")
        sys.stdout.writelines(difflib.unified_diff(want.decode(errors="replace").splitlines(True), got.decode(errors="replace").splitlines(True),
                                                   "expected", "got", n=0))
        return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", default=str(ROOT / "build/dev/bin/cx"))
    parser.add_argument("--stage", help="only this stage")
    parser.add_argument("--rewrite", action="store_true", help="write what comes out as the expectation")
    args = parser.parse_args()
    cx = pathlib.Path(args.cx).resolve()
    cases = sorted(p.parent for p in ROOT.glob(f"tests/stages/{args.stage or '*'}/cases/*/in.jsonl"))
    held = sum(check(cx, case, args.rewrite) for case in cases)
    print(f"{held} golden cases held, {len(cases) - held} failed")
    sys.exit(0 if cases and held == len(cases) else 1)


if __name__ == "__main__":
    main()
