"""table.py - what a fault is, and the list of all of them.

A fault is a row of FAULTS in one of the modules below: its name, what it does in one sentence, the function that does it, how often in the
gate and in a full run, and what it runs on. Faults with the same setup share brokers, processes, load and one judgement at the end.
"""
import importlib
from dataclasses import dataclass, field
from typing import Callable

MODULES = ("process", "members", "records", "brokers", "network")


@dataclass(frozen=True)
class Setup:
    """What faults run on. Equal setups are shared."""
    broker: Callable = None  # makes the cluster, see broker.py; None: one node
    instances: bool = True   # named members with a stable transactional id; False: dynamic ones
    rate: int = 600          # records a second of load
    more: str = ""           # YAML after the usual configuration
    env: tuple = ()          # (name, value) of the processes' environment
    chains: tuple = ("normalize classify", "dedup identify", "route analytics")


@dataclass(frozen=True)
class Fault:
    name: str
    doc: str
    run: Callable            # run(rig, cycles, rng): does it `cycles` times; rig is session.Session
    gate: int                # cycles in the gate; 0: not in it
    full: int                # cycles in a full run
    setup: Setup = Setup()
    load: dict = field(default_factory=dict, compare=False)  # of workload.Workload


def faults():
    """Name to fault, in the order of their numbers."""
    rows = [row for module in MODULES for row in importlib.import_module(module).FAULTS]
    return {row.name: row for row in sorted(rows, key=lambda row: int(row.name[1:]))}
