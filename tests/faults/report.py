"""report.py - docs/faults.md: what full runs found, a row a fault. A run of some faults replaces their rows and leaves the others."""
import re
import time

from rig import ROOT
from table import faults

FILE = ROOT / "docs/faults.md"
HEAD = """\
<!-- Written by `make faults-full`. -->
# Faults that were tried

Each row is one run of `make faults-full FAULT=<name>`: a cluster and a load of its own, the fault so many times, then the checks C1 to C11 of
`tests/faults/oracle.py`. *resume* is the time from a blow to the struck process's next commit; it is the machine's as much as ours, which had
other work to do. The same fault again from its seed: `make faults FAULT=F1 CYCLES=200 SEED=977`.

| fault | what happens | times | records | lost | duplicated | torn | other checks | resume p50 / p99 | seed | date, minutes |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def cells(outcome):
    from main import percentile
    counts = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in sorted(outcome.counts.items()) if name != "records")
    others = [name for name, found in outcome.findings.items() if found and name not in ("C1", "C2", "C9")]
    verdict = ", ".join(others) + " red" if others else "green" if outcome.findings else "not judged"
    resume = f"{percentile(outcome.resumed, 0.5) / 1000:.1f} s / {percentile(outcome.resumed, 0.99) / 1000:.1f} s" if outcome.resumed else "-"
    return [outcome.fault.name, outcome.fault.doc, f"{outcome.cycles} ({counts})", f"{outcome.counts.get('records', 0):,}", outcome.number("C1"), outcome.number("C2"),
            outcome.number("C9"), verdict + (f"; {outcome.failure.splitlines()[0]}" if outcome.failure else ""), resume, outcome.seed,
            f"{time.strftime('%Y-%m-%d')}, {outcome.seconds / 60:.0f}"]


def write(outcomes):
    rows = dict(re.findall(r"^\| (F\d+) (\|.*)$", FILE.read_text(), re.M)) if FILE.exists() else {}
    for outcome in outcomes:
        name, *rest = cells(outcome)
        rows[name] = "| " + " | ".join(str(cell) for cell in rest) + " |"
    known = faults()
    FILE.write_text(HEAD + "".join(f"| {name} {rows[name]}\n" for name in known if name in rows))
