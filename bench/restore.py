#!/usr/bin/env python3
"""How long a process with a large state is away, on a real broker: cold, from a snapshot after a clean stop, and taken over by a standby. One JSON line a
question: what was read, the seconds for it, those from the start of the process until its state was there (with the CPU seconds that this took), and
those from the first partition given to the first commit. Of a standby, the seconds until it took the instance for gone stand apart.

usage: restore.py --cx PATH [--keys N]     (CX_KAFKA_BROKERS names the broker: deploy/local/kafka run -- …)
The state is identify's, filled by writing its changelog: one partition, 16-byte keys, values of one size.
"""
import argparse
import json
import pathlib
import re
import shutil
import signal
import struct
import sys
import time

from confluent_kafka import Producer

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("tests", "tests/system", "bench")]
from chain import usage  # noqa: E402
from restore import Process  # noqa: E402
from rig import Pipeline, say  # noqa: E402

FEEDER, KEYED = "normalize classify dedup", "identify"
CHANGELOG = "cx.changelog.identify.v1"


def fixed_table(snapshot):
    """(number, value size) of the first hash table with values of one size, from a snapshot's head (pipeline/state/snapshot_format.h)."""
    head, at = snapshot.read_bytes()[:4096], 16
    for _ in range(5):
        at += 1 + head[at]
    at += 4 + 16 + 24
    tables = head[at]
    at += 1
    for number in range(tables):
        kind, size = struct.unpack_from("<BI", head, at)
        if kind == 1 and size:
            return number, (size + 3) // 4 * 4
        at += 5
        at += 1 + head[at] + 8
    raise SystemExit("no such table")


def fill(pipeline, keys, table, size):
    producer = Producer({"bootstrap.servers": pipeline.brokers, "linger.ms": 50, "batch.size": 900000, "queue.buffering.max.messages": 2000000,
                         "compression.type": "lz4", "acks": 1})
    for n in range(keys):
        mixed = n * 0x9E3779B97F4A7C15F39CC0605CEDC835
        value = (mixed % 2**128).to_bytes(16, "little")[:size].ljust(size, b"\0")  # an id, as most of what identify remembers
        while True:
            try:
                producer.produce(CHANGELOG, key=bytes([table]) + n.to_bytes(8, "big") + (mixed % 2**64).to_bytes(8, "big"), value=value, partition=0)
                break
            except BufferError:
                producer.poll(0.1)
        if n % 50000 == 0:
            producer.poll(0)
    producer.flush()


def feed(pipeline, seed):
    pipeline.produce_sample(500, seed)
    pipeline.wait_until_drained()


def ready(process):
    """(seconds, CPU seconds) since the start of the process, when its state is there."""
    begun = time.monotonic()
    process.wait_for("restored", seconds=600)
    return round(time.monotonic() - begun, 2), round(usage(process.process.pid)[0], 2)


def report(question, process, **more):
    restored = process.wait_for("restored", seconds=600)[0]
    first = process.wait_for("first_commit", seconds=120)[0]
    number = {name: int(re.search(rf" {name}=(\d+)", restored).group(1)) for name in ("records", "keys", "ms")}
    load = process.lines("snapshot_loaded")
    print(json.dumps({"bench": "restore on a broker", "question": question, "from": re.search(r" from=(\w+)", restored).group(1),
                      "records": number["records"], "restore_seconds": number["ms"] / 1000,
                      "load_seconds": int(re.search(r" ms=(\d+)", load[0]).group(1)) / 1000 if load else 0,
                      "first_commit_seconds": int(re.search(r"after_ms=(\d+)", first).group(1)) / 1000, **more}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--keys", type=int, default=10000000)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, (FEEDER, KEYED), raw=1, scope=1, route=1, tick="0")
    pipeline.create_topics()
    pipeline.start(without=(KEYED,))
    owner, standby = Process(pipeline, 0, chain=KEYED), Process(pipeline, 0, "--standby", chain=KEYED)
    standby.path = pipeline.scratch / "standby.log"
    try:
        owner.start()
        feed(pipeline, 1)
        owner.stop()
        snapshot = pipeline.scratch / "identify.identify.0.snapshot"
        table, size = fixed_table(snapshot)
        say(f"{args.keys} keys with values of {size} bytes")
        fill(pipeline, args.keys, table, size)
        snapshot.unlink()
        for seed, question in ((2, "cold"), (3, "after a clean stop")):
            owner.start()
            seconds, cpu = ready(owner)
            feed(pipeline, seed)
            report(question, owner, start_to_restored_seconds=seconds, start_to_restored_cpu_seconds=cpu)
            owner.stop()
        owner.start()
        owner.wait_for("restored", seconds=600)
        standby.start()
        standby.wait_for("standby_warm", seconds=600)
        owner.stop(signal.SIGKILL)
        pipeline.produce_sample(500, 4)
        takeover = standby.wait_for("standby_takeover", seconds=120)[0]
        report("standby takes over", standby, detection_seconds=int(re.search(r"unseen_ms=(\d+)", takeover).group(1)) / 1000)
        standby.stop()
    finally:
        pipeline.stop()
        for process in (owner, standby):
            if process.process and process.process.poll() is None:
                process.process.kill()
        shutil.rmtree(pipeline.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
