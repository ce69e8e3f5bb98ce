#!/usr/bin/env python3
"""What exactly once costs, and what the commit interval does to it: the whole pipeline, three processes, on a real broker. One JSON line a run: records
per second and CPU seconds of a load as fast as it goes, then how long records take at a fixed rate from the raw topic to a reader of the route topics.

usage: commit.py --cx PATH --without PATH [--rounds N] [--intervals MS,…]     (CX_KAFKA_BROKERS names the broker: deploy/local/kafka run -- …)
--without is bench/no_transactions.so: preloaded into the same program, it leaves the transactions out. Runs with and without follow each other, in
turned order from round to round, on one broker that a first load has warmed up. The rate is the same for all: half of what the first load reached.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time

from confluent_kafka import Consumer, TopicPartition

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "tests"), str(pathlib.Path(__file__).resolve().parent)]
from chain import broker_pid, last_commit_ms, produce, usage  # noqa: E402
from rig import Pipeline, say, watermarks  # noqa: E402

LAST = "cx.ledger.route-analytics.v1"


class Reader(threading.Thread):
    """Reads the route topics as others would: of each record how long after its raw record's timestamp, which it keeps, it could be read."""

    def __init__(self, pipeline):
        super().__init__(daemon=True)
        self.consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "bench", "isolation.level": "read_committed", "enable.auto.commit": False})
        topics = self.consumer.list_topics(timeout=10).topics
        places = [(name, p) for name in topics if name.startswith("cx.route.") for p in topics[name].partitions]
        self.consumer.assign([TopicPartition(name, p, watermarks(self.consumer, name, p)[1]) for name, p in places])
        self.latencies, self.is_over = [], False

    def run(self):
        while not self.is_over:
            messages = self.consumer.consume(5000, timeout=0.005)
            now = time.time() * 1000
            self.latencies += [now - message.timestamp()[1] for message in messages if not message.error()]
        self.consumer.close()

    def end(self):
        self.is_over = True
        self.join()
        return sorted(self.latencies)


def cpu_of(pipeline):
    seconds = {chain: usage(pipeline.pid(chain))[0] for chain in pipeline.chains}
    broker = broker_pid()
    return {**seconds, **({"broker": usage(broker)[0]} if broker else {})}


def settled(pipeline):
    """Records that the last chain has in its ledger."""
    entries = (json.loads(line) for line in pipeline.tap(LAST, "--values"))
    return sum(entry["records"] for entry in entries if entry["kind"] == "batch")


def wait_until_given(pipeline):
    until = time.monotonic() + 60
    while not pipeline.is_assigned():
        if time.monotonic() > until:
            raise SystemExit("the processes got no partitions")
        time.sleep(0.1)


def load(pipeline, args, records, seed):
    """(records per second, CPU seconds by process) of a load as fast as it goes, into processes that wait for it."""
    before, begun = cpu_of(pipeline), time.time() * 1000
    produce(pipeline, args, records, seed)
    pipeline.wait_until_drained(600)
    after = cpu_of(pipeline)
    return records / (last_commit_ms(pipeline) - begun) * 1000, {name: round(after[name] - before[name], 2) for name in after}


def quantiles(pipeline, args, seed):
    reader = Reader(pipeline)
    reader.start()
    count = int(args.rate * args.seconds)
    command = [pipeline.cx, "produce", "--sample", str(count), "--seed", str(seed), "--rate", str(args.rate), "--per-day", str(args.per_day), "-c",
               str(pipeline.config)]
    subprocess.run(command, check=True, env=pipeline.env, stderr=subprocess.DEVNULL)
    pipeline.wait_until_drained(600)
    found = reader.end()
    if len(found) < count / 2:
        raise SystemExit(f"{len(found)} records in the route topics, of {count}")
    return {f"p{share}_ms": round(found[min(len(found) - 1, len(found) * share // 100)]) for share in (50, 99)}


def measure(pipeline, args, interval, exactly_once, seed):
    pipeline.prefix = "" if exactly_once else f"env LD_PRELOAD={args.without}"
    pipeline.config.write_text(args.template.replace("commit_interval: 200ms", f"commit_interval: {interval}ms"))
    for chain in pipeline.chains:
        (pipeline.scratch / f"{chain.replace(' ', '-')}.log").unlink(missing_ok=True)
    pipeline.start()
    wait_until_given(pipeline)
    try:
        rate, cpu = load(pipeline, args, args.records, seed)
        return {"interval_ms": interval, "exactly_once": exactly_once, "records": args.records, "records_per_s": round(rate), "cpu_s": cpu,
                **({"rate": args.rate, **quantiles(pipeline, args, seed + 1)} if args.rate else {})}
    finally:
        pipeline.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--without", required=True, metavar="LIBRARY")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=40000, help="of a load (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10, help="at the fixed rate (default: %(default)s)")
    parser.add_argument("--rate", type=int, default=0, help="records a second (default: half of what goes through)")
    parser.add_argument("--intervals", default="20,50,100,200,500,1000", help="commit intervals in ms (default: %(default)s)")
    parser.add_argument("--per-day", type=int, default=10_000_000)
    args = parser.parse_args()
    args.without = pathlib.Path(args.without).resolve()
    pipeline = Pipeline(args.cx, raw=4, scope=3, route=3, tick="10s", lateness="1h")
    args.template, rate = pipeline.config.read_text(), args.rate
    pipeline.create_topics()
    args.rate = 0
    measure(pipeline, args, 200, True, 1000)
    first = statistics.median(measure(pipeline, args, 200, True, 1000 + n)["records_per_s"] for n in (1, 2))
    args.rate = rate or round(first / 200) * 100
    say(f"{first:.0f} records/s when warm; latencies at {args.rate}/s")
    seed, records = 2000, 3 * args.records
    for each in range(args.rounds):
        for interval in map(int, args.intervals.split(",")):
            for exactly_once in ((True, False) if each % 2 == 0 else (False, True)):
                run = measure(pipeline, args, interval, exactly_once, seed)
                records += args.records + int(args.rate * args.seconds)
                seed += 2
                print(json.dumps({"bench": "commit", "round": each + 1, **run}), flush=True)
    say(f"{records} records produced, {settled(pipeline)} in the last ledger (repeats and rejects end before it)")


if __name__ == "__main__":
    main()
