#!/usr/bin/env python3
"""Is the program hardened as it should be?

  check_hardening.py [--release] PROGRAM     --release: checked library functions too, which the dev preset does without
"""
import re
import subprocess
import sys


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words], capture_output=True, text=True, check=True).stdout


def findings(program, release):
    head, segments, dynamic = (readelf(flag, program) for flag in ("-h", "-l", "-d"))
    symbols = set(re.findall(r"UND (\w+)", readelf("--dyn-syms", program)))
    if "DYN (Position-Independent Executable file)" not in head:
        yield "no position-independent executable (-fPIE -pie)"
    if "GNU_RELRO" not in segments:
        yield "no read-only relocations (-z relro)"
    if not re.search(r"FLAGS.*(BIND_NOW|NOW)", dynamic):
        yield "symbols are bound late, so relocations stay writable (-z now)"
    if not re.search(r"GNU_STACK.* RW ", segments):
        yield "the stack is executable (-z noexecstack)"
    if re.search(r"LOAD.* RWE ", segments):
        yield "a segment is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector (-fstack-protector-strong)"
    if release and len({name for name in symbols if name.endswith("_chk")}) < 5:
        yield "no checked library functions (_FORTIFY_SOURCE)"
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        yield "libraries are looked for in a path of its own"


def main():
    words = sys.argv[1:]
    program, = (word for word in words if word != "--release")
    found = list(findings(program, "--release" in words))
    for finding in found:
        print(f"{program}: {finding}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
