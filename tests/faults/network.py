"""network.py - faults between processes and brokers: requests late, answers lost, connections slow, broken and stalled."""
import re
import time

from cluster import Forgetful, ThreeNodes
from table import Fault, Setup

FENCED = {"47", "90"}  # INVALID_PRODUCER_EPOCH, PRODUCER_FENCED: what a broker says to a request of an epoch that is over
# Some transactions abort, so that ends of both kinds are under way; and no ticks, so that silence is silent.
PROXIED = Setup(broker=Forgetful, env=(("CX_ABORT_EVERY", "6"), ("CX_RUN_TICK", "0")))


def transactional_id(chain):
    return f"^cx.{re.escape(chain.replace(' ', '-'))}[.]0$"


def meet(rig, rule, what, hits=1):
    rig.wait_for(what, lambda: rig.broker.proxy.counts(rule)["hits"] >= hits)


def delay_the_end(rig, cycles, rng):
    """Keeps back an EndTxn whose sender loses its connection and asks again, until the next transaction has written something. A broker that took the
    late one would end that transaction in the middle (KIP-890); it must find a new epoch."""
    verdicts = []
    for i in range(cycles):
        chain, commits = rig.pipeline.chains[i % len(rig.pipeline.chains)], i % 2 == 0
        rule = rig.broker.proxy.rule("hold", api="EndTxn", commits=commits, transactional_id=transactional_id(chain), until="Produce")
        meet(rig, rule, f"an EndTxn of {chain}")
        rig.hit(chain)
        rig.wait_for("the broker's verdict on the late EndTxn", lambda: rig.broker.proxy.counts(rule)["codes"])
        verdicts += rig.broker.proxy.counts(rule)["codes"]
        rig.count("late_commits" if commits else "late_aborts")
        rig.wait_for_commit(chain, time.time())
    fenced = sum(code in FENCED for code in verdicts)
    rig.count("fenced", fenced)
    rig.require(fenced == cycles, f"{cycles - fenced} of {cycles} late ends were taken for the next transaction's: {verdicts}")


LOSSES = ("Produce", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "InitProducerId")


def lose_answers(rig, cycles, rng):
    """Of each API that makes up a transaction: the broker acts and its answer is lost, mostly with the connection, sometimes without a sign."""
    for i in range(cycles):
        for n, api in enumerate(LOSSES):
            chain = rig.pipeline.chains[(i + n) % len(rig.pipeline.chains)]
            rule = rig.broker.proxy.rule("mute" if rng.random() < 0.2 else "lose", api=api, transactional_id=transactional_id(chain))
            if api == "InitProducerId":  # asked for by a process that starts
                rig.kill(chain)
            meet(rig, rule, f"a request {api} of {chain}")
            rig.hit(chain)
            rig.count("lost_answers")
            rig.wait_for_commit(chain, time.time())


def disturb(rig, cycles, rng):
    """Slow answers, one in a hundred connections reset, then nothing at all for five seconds."""
    proxy = rig.broker.proxy
    try:
        for _ in range(cycles):
            proxy.do("network", latency_ms=200, jitter_ms=100, reset_share=0.01)
            for chain in rig.pipeline.chains:
                rig.hit(chain)
            time.sleep(8)
            proxy.do("network", latency_ms=200, jitter_ms=100, stalled=True)
            time.sleep(5)
            proxy.do("network")
            rig.count("partitions")
            for chain in rig.pipeline.chains:
                rig.wait_for_commit(chain, time.time())
    finally:
        proxy.do("network")


def forget_the_idle(rig, cycles, rng):
    """Silence until the broker has forgotten the transactional ids; then records come again. The processes start anew, since a producer that helps
    itself to another id may repeat what it had sent (KAFKA-18019)."""
    chains = rig.pipeline.chains
    for _ in range(cycles):
        rig.load.flowing.clear()
        rig.wait_for("a silence of 13 s", lambda: time.time() - max(rig.reader.committed.values()) > 13)
        before = {chain: rig.pipeline.log(chain).count(" exit=70 cause=") for chain in chains}
        for chain in chains:
            rig.mark(chain)
        rig.load.flowing.set()
        since = time.time()
        for chain in chains:
            rig.wait_for_commit(chain, since)
        rig.count("restarts", sum(rig.pipeline.log(chain).count(" exit=70 cause=") - before[chain] for chain in chains))
        rig.count("silences")
    rig.require(rig.counts[rig.fault]["restarts"] >= cycles, "no process started anew: were the ids forgotten?")


def restore_behind_markers(rig, cycles, rng):
    """The markers that end a transaction in a changelog come late from the coordinator, those in the group's offsets do not; then the group
    rebalances. Who restores only what is stable then misses the last transaction (KAFKA-10167) and takes repeats for first ones."""
    broker, chain = rig.broker, "dedup identify"
    offsets = broker.coordinator("__consumer_offsets", "cx.dedup-identify")
    leaders = {broker.leader("cx.changelog.dedup.v1", p) for p in range(rig.pipeline.scope)} - {offsets}
    rig.require(leaders, "every changelog partition is led by the group's coordinator")
    rules = [broker.proxy.rule("delay", api="WriteTxnMarkers", broker=leader - 1, seconds=1.5, times=0) for leader in leaders]
    for _ in range(cycles):
        for rule in rules:
            meet(rig, rule, "delayed markers", broker.proxy.counts(rule)["hits"] + 1)
        other = rig.add_member(chain, "--instance", "1")
        rig.hit(chain)
        rig.wait_for("the other member's partitions", lambda: "event=assigned " in rig.member_log(other))
        time.sleep(rng.uniform(1, 3))
        other.terminate()
        other.wait(timeout=rig.patience)
        rig.count("rebalances", 2)
        rig.wait_for_commit(chain, time.time())
    rig.count("late_markers", sum(broker.proxy.counts(rule)["hits"] for rule in rules))
    broker.proxy.do("clear")


FAULTS = (
    Fault("F10", "an EndTxn arrives in the middle of the next transaction", delay_the_end, gate=4, full=100, setup=PROXIED),
    Fault("F11", "answers of each transactional request are lost", lose_answers, gate=1, full=20, setup=PROXIED),
    Fault("F12", "slow, broken and stalled connections", disturb, gate=1, full=40, setup=PROXIED),
    Fault("F14", "transactional ids expire in silence", forget_the_idle, gate=1, full=5, setup=PROXIED),
    Fault("F20", "a rebalance while changelog markers are late", restore_behind_markers, gate=0, full=20,
          setup=Setup(broker=ThreeNodes, rate=300)),
)
