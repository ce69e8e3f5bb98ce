#!/usr/bin/env python3
"""Exactly once under kill -9: three processes, a load, kills spread over it; then every output is compared with what cx pipe makes of
the same input. Prints one line and exits 1 unless nothing was lost, doubled or torn, and the kills did hit open transactions.

  kill.py --cx PATH [--seed N] [--records N] [--kills N]
"""
import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaError, TopicPartition

from rig import DEPLOYMENT, Pipeline, compare, digest, say, watermarks

# What the open transaction of a chain has written to: its last stable offset is behind the end then.
WRITES = {"normalize classify": ("cx.events.v1",), "dedup identify": ("cx.identified.v1",), "route analytics": ("cx.route.unmatched.v1", "cx.route.care.v1",
                                                                                                            "cx.route.marketing.v1")}
IN_PARTITION = ("cx.identity.aliases.v1", "cx.metrics.minute.v1")


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


def as_received(value, timestamp_ms):
    """The payload as a line for the pipe, told when it was received: a cluster takes that from the record's timestamp."""
    line = value.replace(b"\n", b" ")
    if b'"ingested_at":' in line:
        return re.sub(rb'"ingested_at":("[^"]*"|\d+)', b'"ingested_at":%d' % timestamp_ms, line)
    if line.startswith(b'{"') and b'"payload"' not in line and b'"content_type"' not in line:
        return b'{"ingested_at":%d,' % timestamp_ms + line[1:]
    when = datetime.fromtimestamp(timestamp_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{timestamp_ms % 1000:03d}Z"
    return re.sub(rb'"received_at":"[^"]*"', b'"received_at":"' + when.encode() + b'"', line, count=1)


def check_raw(pipeline):
    """raw -> events and dead letters, as multisets: where a record stands differs between a cluster and a pipe."""
    def plain(line):
        value = json.loads(line)
        value.pop("source")
        if not value.get("occurred_at_known", True):
            value.pop("occurred_at")
            value.pop("event_id")
        text = json.dumps(value, sort_keys=True)
        key = digest(text)
        seen[key] = f"{value['tenant']} {value['channel']} {value['native_id']} {value['op']} {value.get('occurred_at')} {value['adapter']}"
        return key

    seen = {}
    lines = pipeline.scratch / "raw.jsonl"
    consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "kill-test", "isolation.level": "read_committed", "enable.partition.eof": True})
    count = consumer.list_topics("cx.raw.v1", timeout=10).topics["cx.raw.v1"].partitions
    consumer.assign([TopicPartition("cx.raw.v1", p, 0) for p in count])
    ended, records = set(), 0
    with open(lines, "wb") as out:
        while len(ended) < len(count):
            for message in consumer.consume(10000, timeout=1.0):
                if message.error():
                    if message.error().code() == KafkaError._PARTITION_EOF:
                        ended.add(message.partition())
                else:
                    out.write(as_received(message.value(), message.timestamp()[1]) + b"\n")
                    records += 1
    consumer.close()
    with open(lines, "rb") as given:
        command = [pipeline.cx, "pipe", "normalize", "classify", "--verdicts", "-c", str(pipeline.config)]
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, env=pipeline.env)
        expected, verdicts = Counter(), Counter()
        for line in process.stdout:
            if line.startswith(b'{"verdict"'):
                verdict = json.loads(line)
                verdicts[verdict["verdict"], verdict["stage"], verdict["reason"]] += 1
            else:
                expected[plain(line)] += 1
    actual = Counter(plain(line) for line in pipeline.tap("cx.events.v1", "--values"))
    lost, doubled = compare(expected, actual)
    for name, difference in (("lost", expected - actual), ("doubled", actual - expected)):
        for key in list(difference)[:5]:
            say(f"{name}: {seen[key]}")
    letters = Counter()
    for stage in ("normalize", "classify"):
        for line in pipeline.tap(f"cx.dlq.{stage}.v1"):
            letters["reject", stage, json.loads(line)["headers"]["cx-error-code"]] += 1
    rejected = Counter({key: n for key, n in verdicts.items() if key[0] == "reject"})
    lost_letters, doubled_letters = compare(rejected, letters)
    for name, difference in (("lost", rejected - letters), ("doubled", letters - rejected)):
        for key, n in difference.items():
            say(f"{name}: {n} x {'/'.join(key)}")
    return records, lost + lost_letters, doubled + doubled_letters


def ticks_of(pipeline, topic, partition):
    """(offset, time) of the ticks that fell into a partition of the last chain's input."""
    ticks = []
    for line in pipeline.tap("cx.ledger.route-analytics.v1", "--values"):
        entry = json.loads(line)
        if entry["kind"] == "tick" and entry["topic"] == topic and entry["partition"] == partition:
            ticks.append((entry["first_offset"], int(time_ms(entry["time"]))))
    return sorted(ticks)


def time_ms(text):
    return round(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp() * 1000)


def reference_input(pipeline, partition, path):
    """The events of a partition in committed order, the ledger's ticks merged in where they fell."""
    ticks = ticks_of(pipeline, "cx.identified.v1", partition)
    place = {}
    for line in pipeline.tap("cx.identified.v1", "--partition", str(partition)):
        record = json.loads(line)
        source = record["value"]["source"]
        place[source["topic"], source["partition"], source["offset"], source["index"]] = record["offset"]
    with open(path, "wb") as out:
        for line in pipeline.tap("cx.events.v1", "--partition", str(partition), "--values"):
            source = json.loads(line)["source"]
            at = place.get((source["topic"], source["partition"], source["offset"], source["index"]))
            while at is not None and ticks and ticks[0][0] <= at:
                out.write(b'{"tick": %d}\n' % ticks.pop(0)[1])
            out.write(line)
        for _, ms in ticks:
            out.write(b'{"tick": %d}\n' % ms)


def check_events(pipeline):
    """events -> everything after, record by record; in order where a topic keeps its input's partition."""
    lost = doubled = 0
    expected_routes = Counter()
    for partition in range(pipeline.scope):
        path = pipeline.scratch / f"events-{partition}.jsonl"
        reference_input(pipeline, partition, path)
        command = [pipeline.cx, "pipe", "dedup", "identify", "route", "analytics", "--outputs", "all", "-c", str(pipeline.config)]
        ordered = {topic: [] for topic in IN_PARTITION}
        letters = Counter()
        with open(path, "rb") as lines:
            for line in subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, env=pipeline.env).stdout:
                topic = line[10:line.index(b'"', 10)].decode()
                if topic in ordered:
                    ordered[topic].append(digest(line))
                elif topic.startswith("cx.dlq."):
                    letters[digest(line)] += 1
                else:
                    expected_routes[digest(line)] += 1
        for topic, expected in ordered.items():
            actual = [digest(line) for line in pipeline.tap(topic, "--records", "--partition", str(partition))]
            if actual != expected:
                a, b = compare(Counter(expected), Counter(actual))
                lost, doubled = lost + a + (a == b == 0), doubled + b
                say(f"{topic}/{partition}: {len(expected)} expected, {len(actual)} found, lost {a}, doubled {b}")
    actual_routes = Counter()
    functions = [name for name in topic_names(pipeline) if name.startswith("cx.route.")]
    for topic in functions:
        actual_routes.update(pipeline.multiset(topic))
    a, b = compare(expected_routes, actual_routes)
    say(f"route topics: {sum(expected_routes.values())} expected, {sum(actual_routes.values())} found")
    return lost + a, doubled + b


def topic_names(pipeline):
    consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "kill-test"})
    names = sorted(consumer.list_topics(timeout=10).topics)
    consumer.close()
    return names


def torn_transactions(pipeline):
    """Ledger entries whose numbers do not add up, or that do not follow each other: part of a transaction is missing."""
    torn = 0
    for chain in pipeline.chains:
        position = {}
        entries = [json.loads(line) for line in pipeline.tap(f"cx.ledger.{chain.replace(' ', '-')}.v1", "--values")]
        for entry in sorted((e for e in entries if e["kind"] != "config"), key=lambda e: (e["topic"], e["partition"], e["first_offset"], e["next_offset"])):
            where = entry["topic"], entry["partition"]
            out = entry["emitted"] + sum(sum(entry[name].values()) for name in ("absorbed", "dropped", "rejected"))
            torn += out != entry["items"] or entry["first_offset"] < position.get(where, 0)
            position[where] = entry["next_offset"]
    return torn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=int, default=200000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--rate", type=int, default=12000)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, DEPLOYMENT)
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
