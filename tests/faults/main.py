"""main.py - runs faults and judges them. See README.md; `tests/faults/run --help`."""
import argparse
import random
import signal
import sys
import time

import alone
import oracle
import report
import selfcheck
from rig import ROOT, say
from session import Failed, Session
from table import faults


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0


class Outcome:
    """What came of one fault."""

    def __init__(self, fault, cycles, seed):
        self.fault, self.cycles, self.seed = fault, cycles, seed
        self.failure, self.findings, self.counts, self.resumed, self.seconds = None, {}, {}, [], 0.0

    def is_good(self):
        return self.failure is None and not any(self.findings.values())

    def number(self, check):
        return len(self.findings.get(check, ()))

    def line(self):
        counts = " ".join(f"{name}={n}" for name, n in self.counts.items())
        others = ",".join(name for name, found in self.findings.items() if found and name not in ("C1", "C2", "C9"))
        text = f"{self.fault.name} cycles={self.cycles} seed={self.seed} {counts} lost={self.number('C1')} duplicated={self.number('C2')} torn={self.number('C9')}"
        text += f" resume_p99_ms={percentile(self.resumed, 0.99)}" if self.resumed else ""
        text += f" red={others}" if others else ""
        return text + (f" failed=\"{self.failure}\"" if self.failure else "")


def attempt(function, *words, **more):
    """What failed, None if nothing did."""
    try:
        function(*words, **more)
        return None
    except Failed as why:
        return str(why)


def run_session(cx, rows, seed, cycles_of, bug=None, isolation="read_committed"):
    """Runs faults of one setup after each other and judges them together; a list of Outcome."""
    session = Session(cx, rows[0].setup, seed, bug, isolation)
    outcomes = [Outcome(row, cycles_of(row), seed) for row in rows]
    try:
        session.open()
        for outcome in outcomes:
            begun = time.monotonic()
            say(f"{outcome.fault.name}: {outcome.fault.doc}, {outcome.cycles} times")
            outcome.failure = attempt(session.begin, outcome.fault.name, **outcome.fault.load)
            outcome.failure = outcome.failure or attempt(outcome.fault.run, session, outcome.cycles, random.Random(f"{seed}/{outcome.fault.name}"))
            outcome.failure = attempt(session.end) or outcome.failure
            outcome.seconds = time.monotonic() - begun
        say("draining and judging")
        findings = oracle.judge(session)
        outcomes[-1].failure = outcomes[-1].failure or attempt(session.require_no_crash)
    except (Failed, SystemExit) as why:
        findings = {}
        outcomes[-1].failure = outcomes[-1].failure or str(why)
    finally:
        session.close()
    share_out(outcomes, findings, session)
    return outcomes


def share_out(outcomes, findings, session):
    """Findings to the faults that they name; what names none is everybody's."""
    names = {outcome.fault.name for outcome in outcomes}
    for check, found in findings.items():
        for fault, words in found[:8]:
            say(f"  {check} {fault}: {words}")
        if len(found) > 8:
            say(f"  {check}: {len(found)} findings in all")
    for outcome in outcomes:
        outcome.findings = {check: [w for f, w in found if f == outcome.fault.name or f not in names] for check, found in findings.items()}
        outcome.counts = dict(session.counts[outcome.fault.name])
        outcome.resumed = getattr(session, "resumed", {}).get(outcome.fault.name, [])


def grouped(rows):
    """Rows by setup, in order."""
    groups = {}
    for row in rows:
        groups.setdefault(row.setup, []).append(row)
    return list(groups.values())


def main():
    known, without_broker = faults(), alone.ALONE
    names = sorted([*known, *without_broker], key=lambda name: int(name[1:]))
    parser = argparse.ArgumentParser(description="Faults on a real broker: nothing lost, nothing doubled, nothing torn.")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(names)} (default: those that need a broker)")
    parser.add_argument("--cx", default=str(ROOT / "build/failpoints/bin/cx"), help="program with -DCX_FAILPOINTS=ON")
    parser.add_argument("--cycles", type=int, help="how often each fault (default: the gate's count)")
    parser.add_argument("--full", action="store_true", help="full counts, each fault on a cluster of its own, and the table of docs/guarantees.md")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100000, help="(default: by the clock; it is printed)")
    parser.add_argument("--selfcheck", action="store_true", help="mistakes on purpose instead of faults, each of which must be noticed")
    parser.add_argument("--bugs", metavar="NAME,…", help="with --selfcheck: only these")
    parser.add_argument("--side-by-side", type=int, default=2, metavar="N", help="with --selfcheck: so many at a time (default 2)")
    parser.add_argument("--bug", help=argparse.SUPPRESS)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is stopped
    if args.bug:
        sys.exit(0 if selfcheck.run_case(args.bug, args.cx, args.seed) else 1)
    if args.selfcheck:
        sys.exit(selfcheck.main(args))
    unknown = [name for name in args.faults if name not in names]
    if unknown:
        parser.error(f"no fault {', '.join(unknown)}: there are {', '.join(names)}")
    bad, run = [], 0
    for row in [without_broker[name] for name in (args.faults or without_broker if args.full else args.faults) if name in without_broker]:
        held, line = alone.run(row, args.cycles or (row.full if args.full else row.gate), args.seed)
        print(line, flush=True)
        bad, run = bad + [row.name] * (not held), run + 1
    rows = [known[name] for name in args.faults if name in known] if args.faults else [row for row in known.values() if args.full or row.gate]
    outcomes = []  # of those that need one
    for group in [[row] for row in rows] if args.full else grouped(rows):
        done = run_session(args.cx, group, args.seed, lambda row: args.cycles or (row.full if args.full else max(row.gate, 1)))
        for outcome in done:
            print(outcome.line(), flush=True)
        outcomes += done
        if args.full:
            report.write(done)
    bad += [outcome.fault.name for outcome in outcomes if not outcome.is_good()]
    run += len(outcomes)
    print(f"faults {run} run, {len(bad)} failed{': ' + ' '.join(bad) if bad else ''}; again with SEED={args.seed}")
    sys.exit(1 if bad or not run else 0)


if __name__ == "__main__":
    main()
