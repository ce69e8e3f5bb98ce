"""alone.py - faults that need no broker: programs of the other tiers bring them about and judge them. Here they get the names that all faults have.

`make test` runs every one of them as a test of its own, so the gate of the faults leaves them out.
"""
import subprocess
import time
from dataclasses import dataclass

from rig import ROOT, say


@dataclass(frozen=True)
class Alone:
    name: str
    doc: str
    target: str     # of the build, in build/dev/tests; "": none
    command: tuple  # {n} and {seed} are filled in
    gate: int = 1   # what {n} is, without --cycles
    full: int = 1


ALONE = {row.name: row for row in (
    Alone("F19", "snapshots that are cut, damaged, of another topic, layout or cluster", "snapshot_test", ("build/dev/tests/snapshot_test",)),
    Alone("F24", "one allocation fails, each in turn", "sim", ("build/dev/tests/sim", "--memory", "{n}"), 500, 8000),
    Alone("F25", "one call on a snapshot's file fails, each in turn", "snapshot_faults_test", ("build/dev/tests/snapshot_faults_test",)),
    Alone("F27", "each error code of a broker in answer to each transactional request", "kafka_matrix_test", ("build/dev/tests/kafka_matrix_test",)),
    Alone("F28", "a cluster, a clock and a disk that misbehave by seed", "sim", ("build/dev/tests/sim", "--seeds", "{n}", "--from", "{seed}"), 2000, 100000),
    Alone("F29", "bytes of any kind for every parser, seconds each", "", ("tools/dev/fuzz", "all", "{n}"), 10, 60),
)}


def run(row, cycles, seed):
    """(did it hold, the line that says so)."""
    if row.target and subprocess.run(["tools/dev/build", "dev", row.target], cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
        return False, f"{row.name} does not build"
    say(f"{row.name}: {row.doc}")
    begun = time.monotonic()
    done = subprocess.run([word.format(n=cycles, seed=seed) for word in row.command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        say("\n".join(said[-40:]))
    last = said[-1].removeprefix("[====] Synthesis: ").strip() if said else "it says nothing"
    return done.returncode == 0, f"{row.name} cycles={cycles} seed={seed} seconds={time.monotonic() - begun:.0f} {'held' if done.returncode == 0 else 'FAILED'}: {last}"
