"""members.py - faults of membership: frozen members that wake up, members that come and go, two of the same name."""
import os
import signal
import time

from table import Fault, Setup


def freeze(rig, cycles, rng):
    """SIGSTOP shorter than a session, longer, and longer than a transaction; half of the time another member takes over meanwhile."""
    for i in range(cycles):
        chain = rig.chain(rng, "dedup", "route")
        seconds, has_stand_in = (8, 14, 2)[i % 3], i % 2 == 0
        other = rig.add_member(chain, "--instance", "1") if has_stand_in else None
        if other:
            rig.wait_for("the stand-in to be a member", lambda: "event=kafka_assigned " in rig.member_log(other))
        pid = rig.freeze(chain)
        rig.hit(chain, True)
        rig.count("frozen")
        time.sleep(seconds)
        said = len(rig.pipeline.log(chain))
        os.kill(pid, signal.SIGCONT)
        if seconds > 6:  # the session is over: what was open must not be committed
            rig.wait_for(f"{chain} to notice that it was thrown out", lambda: rig.pipeline.pid(chain) != pid or was_thrown_out(rig.pipeline.log(chain)[said:]))
            rig.count("fenced")
        rig.wait_for_commit(chain, time.time())
        rig.stop_members()


def was_thrown_out(log):
    return "lost=1" in log or "kafka_not_owner" in log or "exit=70" in log


def rebalance_storm(rig, cycles, rng):
    """One member, three, one again; those that come go within two seconds of the others' losing partitions to them, politely or not."""
    for i in range(cycles):
        chain = rig.pipeline.chains[i % len(rig.pipeline.chains)]
        before = times_revoked(rig, chain)
        others = [rig.add_member(chain, "--instance", "''") for _ in range(2)]
        rig.wait_for(f"{chain} to lose its partitions to the newcomers", lambda: times_revoked(rig, chain) > before)
        time.sleep(rng.uniform(0, 2))
        rig.hit(chain)
        for other in others:
            if rng.random() < 0.5:
                other.kill()
            else:
                other.terminate()
        rig.count("storms")
        time.sleep(2)
        rig.stop_members()
        rig.wait_for_commit(chain, time.time())
    rig.count("rebalances", sum(times_revoked(rig, chain) for chain in rig.pipeline.chains))


def times_revoked(rig, chain):
    return rig.pipeline.log(chain).count("event=kafka_revoked ")


def twin(rig, cycles, rng):
    """A second process with the same instance and transactional id: one of the two ends, the other goes on."""
    for _ in range(cycles):
        chain = rig.chain(rng)
        pid = rig.pid(chain)
        other = rig.add_member(chain, "--instance", "0")
        rig.hit(chain)
        rig.wait_for("one of two twins to end", lambda: other.poll() is not None or rig.pipeline.pid(chain) != pid)
        # The supervised one comes back when it was the one to go, and then the other must.
        rig.wait_for("the twin without a supervisor to end", lambda: other.poll() is not None)
        rig.require(other.returncode == 70, f"the twin ended with {other.returncode}, not 70")
        rig.count("fenced")
        rig.wait_for_commit(chain, time.time())


FAULTS = (
    Fault("F4", "SIGSTOP, past the session and past the transaction, then SIGCONT", freeze, gate=1, full=20),
    Fault("F6", "members come and go: 1, 3, 1", rebalance_storm, gate=1, full=50, setup=Setup(instances=False)),
    Fault("F7", "two processes with the same names", twin, gate=1, full=10),
)
