"""brokers.py - faults of brokers: killed, bounced where it hurts, out of disk."""
import time

from cluster import SmallDisk, ThreeNodes
from network import PROXIED
from table import Fault, Setup


def strike(rig):
    """All chains are struck now: as soon as one of them is seen with a transaction open."""
    opened, deadline = 0, time.monotonic() + 20
    while not opened and time.monotonic() < deadline:
        opened = sum(rig.has_open_transaction(chain) for chain in rig.pipeline.chains)
    for chain in rig.pipeline.chains:
        rig.mark(chain)
    rig.count("open_txn", opened)


def recover(rig):
    since = time.time()
    for chain in rig.pipeline.chains:
        rig.wait_for_commit(chain, since)


def kill_broker(rig, cycles, rng):
    recover(rig)  # all are at work
    for _ in range(cycles):
        time.sleep(rng.uniform(0.5, 1.5))
        strike(rig)
        rig.broker.kill()
        time.sleep(rng.uniform(0, 3))
        rig.broker.start()
        rig.count("broker_kills")
        recover(rig)
    rig.require(rig.counts[rig.fault]["open_txn"] >= cycles, "too few kills hit an open transaction")


def bounce(rig, cycles, rng):
    """Each node that matters in turn, every other time without a goodbye."""
    broker = rig.broker
    for i in range(cycles):
        chain = rig.chain(rng)
        name = chain.replace(" ", "-")
        node = (lambda: broker.leader(rig.pipeline.input_of(chain), rng.randrange(3)),
                lambda: broker.coordinator("__transaction_state", f"cx.{name}.0"),
                lambda: broker.coordinator("__consumer_offsets", f"cx.{name}"),
                broker.controller)[i % 4]()
        is_hard = i // 4 % 2 == i % 2
        rig.require(node in (1, 2, 3), f"no node to bounce: {node}")
        strike(rig)
        broker.stop_node(node, is_hard)
        time.sleep(rng.uniform(0, 3))
        broker.start_node(node)
        rig.count(("hard_" if is_hard else "clean_") + ("leader", "txn_coordinator", "group_coordinator", "controller")[i % 4])
        recover(rig)
        rig.wait_for("all replicas in sync", broker.is_in_sync)
    rig.require(rig.counts[rig.fault]["open_txn"] >= cycles, "too few bounces hit an open transaction")


def fill_disk(rig, cycles, rng):
    """Not a byte is left: the broker gives its disk up and ends. Then there is room, and somebody starts it again."""
    for _ in range(cycles):
        strike(rig)
        rig.broker.fill()
        rig.wait_for("the broker to end", lambda: not rig.broker.is_running())
        rig.count("full_disks")
        time.sleep(rng.uniform(1, 4))
        rig.broker.empty()
        rig.broker.start()
        recover(rig)


FAULTS = (
    Fault("F8", "kill -9 of the only broker, and a new start", kill_broker, gate=1, full=30, setup=PROXIED),
    Fault("F9", "bounces of leaders, coordinators and the controller of three nodes", bounce, gate=0, full=48,
          setup=Setup(broker=ThreeNodes, rate=300)),
    Fault("F15", "the broker's disk is full", fill_disk, gate=0, full=3, setup=Setup(broker=SmallDisk, rate=300)),
)
