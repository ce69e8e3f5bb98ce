#!/usr/bin/env python3
"""The contract of the command line, proved from outside: verbs and exits, configuration, cx pipe, canonical JSON, the demo. No broker.

  command_line.py --cx PROGRAM [PART OF A NAME]
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402  the folder has to be known first
import canonical_json  # noqa: E402,F401  imported for their tests
import configuration  # noqa: E402,F401
import demo  # noqa: E402,F401
import explain  # noqa: E402,F401
import label  # noqa: E402,F401
import learning  # noqa: E402,F401
import pipe  # noqa: E402,F401
import verbs  # noqa: E402,F401


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("only", nargs="?")
    args = parser.parse_args()
    sys.exit(harness.run_all(harness.Cx(os.path.realpath(args.cx)), args.only))


if __name__ == "__main__":
    main()
