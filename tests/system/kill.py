#!/usr/bin/env python3
"""Exactly once under kill -9: three processes, a load, kills spread over it; then every output is compared with what cx pipe makes of
the same input. Prints one line and exits 1 unless nothing was lost, doubled or torn, and the kills did hit open transactions.

  kill.py --cx PATH [--seed N] [--records N] [--kills N]
"""
import argparse
import os
import random
import signal
import sys
import time

from confluent_kafka import Consumer

from rig import DEPLOYMENT, Pipeline, say, watermarks
from rig.reference import check_events, check_raw, torn_transactions

# What the open transaction of a chain has written to: its last stable offset is behind the end then.
WRITES = {"normalize classify": ("cx.events.v1",), "dedup identify": ("cx.identified.v1",), "route analytics": ("cx.route.unmatched.v1", "cx.route.care.v1",
                                                                                                            "cx.route.marketing.v1")}


def has_open_transaction(pipeline, chain):
    ends = []
    for isolation in ("read_committed", "read_uncommitted"):
        consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "kill-test", "isolation.level": isolation})
        total = 0
        for topic in WRITES[chain]:
            for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions:
                total += watermarks(consumer, topic, partition)[1]
        ends.append(total)
        consumer.close()
    return ends[0] < ends[1]


def stop_in_transaction(pipeline, chain, pid, rng):
    """Stops a process; lets it go on and stops it again, a few times, when its transaction was not open just then."""
    for _ in range(8):
        os.kill(pid, signal.SIGSTOP)
        if has_open_transaction(pipeline, chain):
            return True
        os.kill(pid, signal.SIGCONT)
        time.sleep(rng.uniform(0.02, 0.12))
    return False


class Load:
    """The records of the test; more of them when the kills are not done yet, for a kill in silence proves nothing."""

    MORE = 20000

    def __init__(self, pipeline, records, seed, rate):
        self.pipeline, self.seed, self.rate, self.records = pipeline, seed, rate, 0
        self.process = None
        self.send(records)

    def send(self, records):
        self.records += records
        self.process = self.pipeline.produce_sample(records, self.seed, "--rate", str(self.rate), "--per-day", "100000", background=True)
        self.seed += 1000

    def keep_up(self):
        if self.process.poll() is not None:
            self.finish()
            self.send(self.MORE)

    def finish(self):
        if self.process.wait(timeout=300) != 0:
            raise SystemExit("cx produce failed")


def kill_some(pipeline, kills, rng, load):
    """Kills the processes in turn until there were enough kills, at least three of them inside a transaction."""
    done = opened = 0
    deadline = time.monotonic() + 240
    while (done < kills or opened < 3) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0.2, 0.9))
        load.keep_up()
        chain = pipeline.chains[done % len(pipeline.chains)]
        pid = pipeline.pid(chain)
        if pid is None:
            continue
        try:
            opened += stop_in_transaction(pipeline, chain, pid, rng)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        done += 1
    return done, opened


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=int, default=200000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--rate", type=int, default=12000)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, DEPLOYMENT, snapshots="1s" if args.seed % 2 else "0")
    pipeline.create_topics()
    pipeline.start()
    try:
        load = Load(pipeline, args.records, args.seed, args.rate)
        kills, opened = kill_some(pipeline, args.kills, random.Random(args.seed), load)
        load.finish()
        say("draining")
        pipeline.wait_until_drained()
        time.sleep(2.5)  # so that a tick comes
    finally:
        pipeline.stop()
    restores = sum(1 for chain in DEPLOYMENT for line in pipeline.log(chain).splitlines() if "event=restored " in line and " records=0 " not in line)
    say("comparing")
    records, lost, doubled = check_raw(pipeline)
    lost_after, doubled_after = check_events(pipeline)
    torn = torn_transactions(pipeline)
    lost, doubled = lost + lost_after + max(0, load.records - records), doubled + doubled_after
    print(f"kill seed={args.seed} records={records} kills={kills} open_txn={opened} restores={restores} lost={lost} duplicated={doubled} torn={torn}", flush=True)
    sys.exit(0 if lost == doubled == torn == 0 and opened >= 3 and restores >= 1 and kills >= args.kills and records == load.records else 1)


if __name__ == "__main__":
    main()
