"""records.py - faults of records: poison of every kind, and outputs that no broker would take."""
import time
from collections import Counter

import poison
from table import Fault

PADDED = "F22-77"  # ids that contain it become too large (CX_PAD)


def poison_of_every_kind(rig, cycles, rng):
    """Each kind `cycles` times among good records; then a burst of nothing else, which the breaker stops."""
    few = min(cycles, 20)  # ten megabytes each

    def done():
        sent = Counter(rig.truth.poison.values())
        return all(sent[kind] >= (few if kind == "ten_megabytes" else cycles) for kind in poison.KINDS)
    rig.wait_for("every kind of poison to be sent", done, 600)
    rig.count("poison", len(rig.truth.poison))
    rig.count("kinds", len(poison.KINDS))
    opened = rig.pipeline.log("normalize classify").count("run.breaker_share")
    rig.require(opened == 0, "the breaker opened although most records were good")
    burst(rig)


def burst(rig):
    """Nothing but poison: the process ends with 65 and stays down; with the breaker off, as a person would start it, the rest follows."""
    chain = "normalize classify"
    rig.load.workload.poison_share, rig.load.workload.kinds = 1.0, ("truncated_avro", "wrong_magic", "bad_utf8")
    supervisor = rig.pipeline.supervisors[chain]
    rig.wait_for("the breaker to stop the process", lambda: supervisor.poll() is not None)
    rig.require(supervisor.returncode == 65, f"the process ended with {supervisor.returncode}, not 65")
    rig.count("breaker")
    rig.load.workload.poison_share = 0.01
    rig.arm(chain, CX_RUN_BREAKER_SHARE="0")
    rig.start_chain(chain)
    rig.wait_for_commit(chain, time.time())
    rig.wait_until_caught_up()  # the next process has the breaker on


def outputs_too_large(rig, cycles, rng):
    """What some records become is more than kafka.max_message: a dead letter each, and no transaction is aborted for it."""
    aborts = sum(rig.pipeline.log(chain).count("transaction_aborted") for chain in rig.pipeline.chains)
    rig.wait_for("enough large records", lambda: sum(PADDED in key[1] for key in list(rig.truth.versions)) >= cycles, 600)
    rig.count("large", sum(PADDED in key[1] for key in list(rig.truth.versions)))
    rig.wait_until_caught_up()
    more = sum(rig.pipeline.log(chain).count("transaction_aborted") for chain in rig.pipeline.chains) - aborts
    rig.count("aborted", more)
    rig.require(more == 0, f"{more} transactions were aborted")


FAULTS = (
    Fault("F21", "poison of every kind, then nothing but poison", poison_of_every_kind, gate=5, full=1000,
          load={"poison_share": 0.3, "kinds": tuple(kind for kind in poison.KINDS for _ in range(1 if kind == "ten_megabytes" else 20))}),
    Fault("F22", "outputs larger than brokers take", outputs_too_large, gate=12, full=100),
)
