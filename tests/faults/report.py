"""report.py - the table in docs/guarantees.md: what full runs found, a row a fault. A run of some faults replaces their rows and leaves the others."""
import re
import time

from rig import ROOT
from table import faults

FILE = ROOT / "docs/guarantees.md"
TABLE = re.compile(r"(<!-- faults:.*? -->\n).*?(<!-- /faults -->)", re.S)
HEAD = """\
| fault | what happens | times | records | lost | duplicated | torn | other checks | resume p50 / p99 | seed | date, minutes |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def cells(outcome):
    from main import percentile
    counts = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(outcome.counts.items()) if name != "records")
    others = [name for name, found in outcome.findings.items() if found and name not in ("C1", "C2", "C9")]
    verdict = ", ".join(others) + " red" if others else "green" if outcome.findings else "not judged"
    resume = f"{percentile(outcome.resumed, 0.5) / 1000:.1f} s / {percentile(outcome.resumed, 0.99) / 1000:.1f} s" if outcome.resumed else "-"
    return [outcome.fault.name, outcome.fault.doc, f"{outcome.cycles:,} ({counts})", f"{outcome.counts.get('records', 0):,}", outcome.number("C1"),
            outcome.number("C2"), outcome.number("C9"), verdict + (f"; {outcome.failure.splitlines()[0]}" if outcome.failure else ""), resume, outcome.seed,
            f"{time.strftime('%Y-%m-%d')}, {outcome.seconds / 60:.0f}"]


def write(outcomes):
    text, known = FILE.read_text(), faults()
    rows = dict(re.findall(r"^\| (F\d+) (\|.*)$", TABLE.search(text)[0], re.M))
    for outcome in outcomes:
        name, *rest = cells(outcome)
        rows[name] = "| " + " | ".join(str(cell) for cell in rest) + " |"
    FILE.write_text(TABLE.sub(lambda found: found[1] + table(rows, known) + found[2], text))


def table(rows, known):
    return HEAD + "".join(f"| {name} {rows.get(name) or untried(fault)}\n" for name, fault in known.items())


def untried(fault):
    return f"| {fault.doc} | not yet at full count" + " | -" * 8 + " |"
