"""selfcheck.py - can the oracle see? One mistake on purpose after the other, and the check that must turn red for each.

Most mistakes only show when something happens: each is run through the blows that bring it out. The program without a mistake goes through all of
them and must stay green.
"""
import concurrent.futures
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Callable

from confluent_kafka import Producer

from cluster import Forgetful
from network import delay_the_end
from rig import ROOT, say
from table import Fault, Setup

DEDUP = "dedup identify"
ANALYTICS = "route analytics"
CHANGELOG = "cx.changelog.dedup.v1"


def blows(rig, cycles, rng):
    """Aborts all along (ABORTING), and each process killed inside a transaction."""
    for chain in rig.pipeline.chains:
        time.sleep(1.5)
        for _ in range(20):
            if rig.has_open_transaction(chain):
                break
        rig.kill(chain)
        rig.wait_for_commit(chain, time.time(), 20 if rig.bug else 60)  # some mistakes end all commits


def quiet(rig, cycles, rng):
    time.sleep(40)  # so long that a leak outgrows what is allowed


def through_a_minute(rig, cycles, rng):
    """Until the windows of a minute have closed; then the process that deleted them comes back from its changelog."""
    time.sleep(77 - time.time() % 60)
    rig.kill(ANALYTICS)
    rig.wait_for_commit(ANALYTICS, time.time())
    time.sleep(12)  # rows are written when record time crosses ten seconds


def wait_for_generations(rig):
    """A partition without generation or offset would be refused after a crash, whatever else is wrong."""
    ledger = [rig.reader.seen["cx.ledger.dedup-identify.v1", p][0] for p in range(6)]
    rig.wait_for("every partition to have committed", lambda: all(len(offsets) > 2 for offsets in ledger))


def crash_between_commits(rig, cycles, rng):
    wait_for_generations(rig)
    for n in (5, 6, 7, 8):  # the mistake commits twice, outputs and then state: between the two, and not
        rig.crash(DEDUP, "after-commit", CX_FAIL=f"after-commit:{n}")


def crash_before_commit(rig, cycles, rng):
    """Killed when changelog records of a transaction have reached the brokers, but its end has not."""
    wait_for_generations(rig)
    for n in (2, 3, 4):
        rig.linger(DEDUP, "before-commit", n)
        rig.wait_for("changelog records of an open transaction", lambda: rig.watch.has_open_transaction(CHANGELOG))
        rig.kill(DEDUP)
        rig.wait_for_commit(DEDUP, time.time())


def zombie(rig, cycles, rng):
    """A member frozen inside a commit wakes up when another has taken over its partitions, and goes on committing."""
    other = rig.add_member(DEDUP, "--instance", "1")
    rig.wait_for("the stand-in to be a member", lambda: "event=kafka_assigned " in rig.member_log(other))
    rig.halt(DEDUP, "before-offsets", 12)
    while rig.watch.has_open_transaction(CHANGELOG):  # nobody could take over before that is decided
        rig.halt(DEDUP, "before-offsets", 12)
    owned = rig.member_log(other).count("event=kafka_assigned ")
    rig.wait_for("the stand-in to take over", lambda: rig.member_log(other).count("event=kafka_assigned ") > owned)
    rig.wait_for_commit(DEDUP, time.time())
    os.kill(rig.pid(DEDUP), signal.SIGCONT)
    time.sleep(4)


def foreign_transaction(rig, topic, partitions):
    """A transaction of a stranger's in all partitions of a topic: their last stable offset stays where it is."""
    producer = Producer({"bootstrap.servers": rig.broker.bootstrap, "transactional.id": f"stranger-{topic}", "transaction.timeout.ms": 120000})
    producer.init_transactions(30)
    producer.begin_transaction()
    for partition in range(partitions):
        producer.produce(topic, partition=partition, key=b"stranger", value=b"")
    producer.flush(30)
    return producer


def held_back_changelog(rig, cycles, rng):
    """A process restores while its changelog is held back by a stranger's transaction."""
    wait_for_generations(rig)
    stranger = foreign_transaction(rig, CHANGELOG, 6)
    time.sleep(3)
    owned, waits = rig.times_assigned(DEDUP), "event=kafka_restoring "
    waited = rig.pipeline.log(DEDUP).count(waits)
    rig.kill(DEDUP)
    # Who has the mistake does not wait; who waits says so at first and again after ten seconds.
    rig.wait_for("the process to own its partitions, or to wait for their changelog",
                 lambda: rig.times_assigned(DEDUP) > owned or rig.pipeline.log(DEDUP).count(waits) > waited + 1)
    stranger.abort_transaction(30)
    rig.wait_for_commit(DEDUP, time.time())


def left_open(rig, cycles, rng):
    rig.stranger = foreign_transaction(rig, "cx.route.hr.v1", 3)  # kept until the session is judged


@dataclass(frozen=True)
class Case:
    bug: str
    check: str                      # that must be red; none: all are green
    scenarios: tuple = (blows,)
    env: tuple = (("CX_ABORT_EVERY", "4"),)
    isolation: str = "read_committed"
    broker: Callable = None


# A frozen process is to be thrown out of its group before its records or its transaction expire.
PATIENT = (("CX_KAFKA_TRANSACTION_TIMEOUT", "60s"), ("CX_KAFKA_MAX_POLL_INTERVAL", "120s"), ("CX_KAFKA_MESSAGE_TIMEOUT", "50s"))
CASES = (
    Case("none", "", (blows, zombie, held_back_changelog, crash_between_commits, crash_before_commit, through_a_minute), PATIENT),
    Case("keep-state-on-abort", "C1"),
    Case("keep-state-on-reject", "C4", (blows,), (("CX_PAD", "identify:F90-7"),)),
    Case("commit-before-produce", "C1"),
    Case("state-after-commit", "C2", (crash_between_commits,), ()),
    Case("restore-uncommitted", "C1", (crash_before_commit,), ()),
    Case("restore-to-stable", "C2", (held_back_changelog,), ()),
    Case("read-uncommitted", "C9"),
    Case("commit-unowned", "C2", (zombie,), PATIENT),
    Case("no-renewal", "C10", (delay_the_end,), broker=Forgetful),  # what of the torn transaction is seen is chance; the sums are wrong whatever it is
    Case("state-behind", "C2"),
    Case("random-ids", "C4"),
    Case("wrong-partitioner", "C2"),
    Case("dead-letter-outside", "C2"),
    Case("no-tombstones", "C4", (through_a_minute,), ()),
    Case("no-ledger", "C10"),
    Case("swapped-outputs", "C3"),
    Case("offset-left-out", "C8", (quiet,), ()),
    Case("leak", "C11", (quiet,), ()),
    Case("reader-sees-uncommitted", "C7", (blows,), isolation="read_uncommitted"),  # a mistake of the rig's own, and so the next
    Case("transaction-left-open", "C6", (left_open,), ()),
)
OWN = ("none", "reader-sees-uncommitted", "transaction-left-open")


def run_case(name, cx, seed):
    """One case in this process: (ok, names of the red checks)."""
    from main import run_session
    case = next(case for case in CASES if case.bug == name)
    rows = [Fault(f"F{90 + i}", scenario.__name__, scenario, 1, 1, Setup(broker=case.broker, env=case.env)) for i, scenario in enumerate(case.scenarios)]
    outcomes = run_session(cx, rows, seed, lambda row: 1, bug=None if name in OWN else name, isolation=case.isolation)
    red = sorted({check for outcome in outcomes for check, found in outcome.findings.items() if found}, key=lambda c: int(c[1:]))
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    ok = not red and not failures if not case.check else case.check in red
    print(f"selfcheck bug={name} must={case.check or 'green'} red={','.join(red) or '-'} {'ok' if ok else 'NOT NOTICED' if case.check else 'RED'}"
          + (f" ({failures[0].splitlines()[0]})" if failures else ""), flush=True)
    return ok


def main(args):
    """All cases, two at a time, each in a process of its own."""
    names = args.bugs.split(",") if args.bugs else [case.bug for case in CASES]

    def run(name):
        command = [sys.executable, "-B", str(ROOT / "tests/faults/main.py"), "--bug", name, "--cx", args.cx, "--seed", str(args.seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        line = next((line for line in done.stdout.splitlines() if line.startswith("selfcheck ")), f"selfcheck bug={name} BROKE: {done.stderr[-600:]}")
        print(line, flush=True)
        if done.returncode != 0:
            say(done.stderr[-3000:])
        return done.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(args.side_by_side) as pool:
        good = list(pool.map(run, names))
    print(f"faults-selfcheck cases={len(good)} missed={good.count(False)} seed={args.seed}")
    return 0 if all(good) else 1
