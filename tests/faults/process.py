"""process.py - faults of single processes: killed at random or at named places, stopped politely, out of time, with a wrong clock, upgraded."""
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

from rig import ROOT, say
from session import Failed
from table import Fault

POINTS = re.findall(r'^CX_FAILPOINT_ROW\(\w+,\s*"([^"]+)"', (ROOT / "pipeline/base/failpoint.def").read_text(), re.M)
REAL_WAITS = ROOT / "build/failpoints/real_waits.so"
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def kill_at_random(rig, cycles, rng):
    """Every other one is frozen inside a transaction first, so that half of the kills hit an open one for certain."""
    for i in range(cycles):
        time.sleep(min(4.0, rng.expovariate(1.0)))
        chain, is_frozen = rig.chain(rng), i % 2 == 1
        if is_frozen:
            rig.freeze(chain)
        rig.kill(chain, is_frozen or None)


def kill_all(rig, cycles, rng):
    """One of them is inside a transaction for certain."""
    for _ in range(cycles):
        time.sleep(rng.uniform(1.0, 3.0))
        frozen = rig.chain(rng)
        rig.freeze(frozen)
        pids = [rig.pid(chain) for chain in rig.pipeline.chains]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for chain in rig.pipeline.chains:
            rig.hit(chain, chain == frozen or None)
        rig.count("kills", len(pids))
        since = time.time()
        for chain in rig.pipeline.chains:
            rig.wait_for_commit(chain, since)


# ---- named places ----

# At which passing at most: places passed per record and per transaction; others once a start, and a restore may have no more than one record.
LATEST = {"after-poll": 1500, "after-state": 1500, "after-produce": 1500, "dead-letter": 8, "before-offsets": 8, "before-commit": 8,
          "after-commit": 8}
HAS_STATE, HAS_LETTERS = ("dedup", "route"), ("normalize", "dedup")
OF_SNAPSHOTS = ("mid-snapshot", "before-rename", "after-rename")


def crash_env(point, rng):
    env = {"CX_FAIL": f"{point}:{rng.randint(1, LATEST.get(point, 1))}"}
    return {**env, "CX_ABORT_EVERY": "3"} if point == "before-abort" else env


def crash_chain(rig, chain, places, trouble):
    """One chain crashes at one point after the other."""
    try:
        for point, env in places:
            more = {"meanwhile": lambda pid, owned: take_partitions(rig, chain, pid, owned)} if point == "in-revoke" else {}
            rig.crash(chain, point, **more, **env)
            rig.count("crashes")
            rig.count(f"at_{point}")
    except Exception as why:  # told by the thread that waits for this one
        trouble.append(repr(why))


def take_partitions(rig, chain, pid, owned):
    """Partitions are only taken away when another member comes, or goes."""
    rig.wait_for(f"{chain} to own its partitions", lambda: rig.times_assigned(chain) > owned or rig.is_gone(chain, pid))
    other = rig.add_member(chain, "--instance", "1")
    rig.wait_for("the newcomer to be a member", lambda: "event=kafka_assigned " in rig.member_log(other) or rig.is_gone(chain, pid))
    other.terminate()
    other.wait(timeout=rig.patience)


def crash_at_points(rig, cycles, rng):
    """Every named place, `cycles` times, in all chains at once."""
    work = {chain: [] for chain in rig.pipeline.chains}
    points = [point for point in POINTS if not (rig.bug and point in OF_SNAPSHOTS)]
    for point in points * cycles:
        only = HAS_STATE if point == "mid-restore" or point in OF_SNAPSHOTS else HAS_LETTERS if point == "dead-letter" else ()
        work[rig.chain(rng, *only)].append((point, crash_env(point, rng)))
    trouble, threads = [], []
    for chain, places in work.items():
        rng.shuffle(places)
        if places:
            threads.append(threading.Thread(target=crash_chain, args=(rig, chain, places, trouble), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for point in points:
        done = rig.counts[rig.fault].pop(f"at_{point}", 0)
        rig.require(trouble or done == cycles, f"{done} of {cycles} crashes at {point}")
    rig.count("points", len(points))
    rig.require(not trouble, "; ".join(trouble))


# ---- politely ----

def stop_politely(rig, cycles, rng):
    aborted = 0
    for _ in range(cycles):
        time.sleep(rng.uniform(0.5, 1.5))
        chain = rig.chain(rng)
        supervisor, owned = rig.pipeline.supervisors[chain], rig.times_assigned(chain)
        os.kill(rig.pid(chain), signal.SIGTERM)
        rig.mark(chain)
        try:
            status = supervisor.wait(timeout=30)
        except subprocess.TimeoutExpired:
            raise Failed(f"{chain} does not stop within 30 s of SIGTERM") from None
        rig.require(status == 0, f"{chain} ended with {status} on SIGTERM")
        rig.count("stops")
        aborted += leaves_transaction_open(rig, chain)
        rig.start_chain(chain)
        rig.wait_for(f"{chain} to own its partitions again", lambda: rig.times_assigned(chain) > owned)
        rig.wait_for_commit(chain, time.time())
    rig.count("aborted", aborted)
    rig.require(aborted == 0, f"{aborted} transactions were left open by a clean stop")


def leaves_transaction_open(rig, chain, seconds=3):
    """An end is answered before its markers are written, so this looks again for a while; one left open would be so until its timeout."""
    deadline = time.monotonic() + seconds
    while rig.has_open_transaction(chain):
        if time.monotonic() > deadline:
            return True
    return False


# ---- out of time ----

def outlast_the_transaction(rig, cycles, rng):
    """Sleeps longer than transaction.timeout.ms at a place inside a transaction: the broker aborts it and fences the producer."""
    for i in range(cycles):
        chain, point = rig.chain(rng), ("after-produce", "before-offsets", "before-commit")[i % 3]
        pid = rig.start_armed(chain, CX_FAIL=f"{point}:{rng.randint(2, 5)}:14000")
        rig.wait_until_gone(chain, pid)
        rig.mark(chain)
        rig.count("expired")
        rig.wait_for_commit(chain, time.time())


# ---- a wrong clock ----

def jump_clocks(rig, cycles, rng):
    """The wall clock of a process jumps there and back while it runs; its monotonic clock does not."""
    if not os.path.exists(FAKETIME):
        raise Failed("libfaketime is missing: tools/dev/setup test")
    for i in range(cycles):
        chain, jump = rig.pipeline.chains[i % len(rig.pipeline.chains)], ("+1h", "-1h", "+1d", "-1d")[i % 4]
        file = pathlib.Path(rig.pipeline.scratch / f"clock.{i}")
        file.write_text("+0\n")
        rig.start_armed(chain, LD_PRELOAD=f"{REAL_WAITS} {FAKETIME}", FAKETIME_TIMESTAMP_FILE=str(file), FAKETIME_NO_CACHE="1", FAKETIME_DONT_FAKE_MONOTONIC="1")
        rig.wait_for_commit(chain, time.time() + 1)
        file.write_text(jump + "\n")
        rig.count("jumps")
        rig.wait_for_commit(chain, time.time() + 3)
        file.write_text("+0\n")
        rig.count("jumps")
        rig.wait_for_commit(chain, time.time() + 1)
        rig.kill(chain)  # the next one has the real clock


# ---- another version ----

def previous_version():
    """cx of the commit before the last one that changed the program, with fail-points."""
    commits = subprocess.run(["git", "log", "-2", "--format=%H", "--", "pipeline", "stages", "schemas"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    if len(commits) < 2:
        raise Failed("there is no earlier commit to upgrade from")
    tree, build = ROOT / "build/previous", ROOT / "build/previous-failpoints"
    if not tree.exists():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
        subprocess.run(["git", "worktree", "add", "--detach", str(tree), commits[1]], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["git", "checkout", "-q", "--detach", commits[1]], cwd=tree, check=True)
    say(f"building {commits[1][:10]}, the version to upgrade from")
    for command in (["cmake", "-S", str(tree), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1 -g",
                     "-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g", "-DCX_TESTS=OFF", "-DCX_FAILPOINTS=ON"], ["cmake", "--build", str(build), "--target", "cx"]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            raise Failed(f"the version before, {commits[1][:10]}, does not build")
    return str(build / "bin/cx")


def upgrade_rolling(rig, cycles, rng):
    """Back to the version before and to this one again, one process after the other, downstream first."""
    before = previous_version()
    rig.pipeline.other_versions.append(before)
    for cx in (before, None) * cycles:
        for chain in reversed(rig.pipeline.chains):
            supervisor = rig.pipeline.supervisors[chain]
            if rng.random() < 0.5:  # politely; else as after a power cut
                os.kill(rig.pid(chain), signal.SIGTERM)
            else:
                supervisor.send_signal(signal.SIGSTOP)
                os.kill(rig.pid(chain), signal.SIGKILL)
                supervisor.kill()
                (rig.pipeline.scratch / "pids" / f"{chain.replace(' ', '-')}.pid").unlink(missing_ok=True)
            rig.mark(chain)
            supervisor.wait(timeout=30)
            rig.start_chain(chain, cx=cx)
            rig.wait_for_commit(chain, time.time())
            rig.count("upgrades" if cx is None else "downgrades")


FAULTS = (
    Fault("F1", "kill -9 of a process by chance, at any time", kill_at_random, gate=6, full=200),
    Fault("F2", "kill -9 at every named place of the program", crash_at_points, gate=1, full=20),
    Fault("F3", "SIGTERM and a new start: nothing is left open", stop_politely, gate=2, full=50),
    Fault("F5", "kill -9 of all processes at once", kill_all, gate=1, full=20),
    Fault("F13", "a transaction outlasts its timeout", outlast_the_transaction, gate=1, full=10),
    Fault("F26", "the wall clock jumps by an hour or a day, and back", jump_clocks, gate=1, full=12),
    Fault("F31", "another version, one process after the other", upgrade_rolling, gate=0, full=10),
)
