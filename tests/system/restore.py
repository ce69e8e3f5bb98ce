#!/usr/bin/env python3
"""State that comes back: from snapshots after a stop and after a kill, in full where a snapshot is not to be believed, and without moving a partition
of others. Ends with what the kill test compares: every record, against cx pipe.

  restore.py --cx PATH
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from rig import DEPLOYMENT, Pipeline
from rig.reference import check_events, check_raw, torn_transactions

KEYED = "dedup identify"
failed = []


def expect(holds, what):
    if not holds:
        failed.append(what)
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def failures():
    return len(failed)


class Process:
    """One instance of a chain."""

    def __init__(self, pipeline, instance, *args, chain=KEYED):
        self.pipeline, self.instance, self.args, self.chain = pipeline, str(instance), args, chain
        self.path = pipeline.scratch / f"keyed-{instance}.log"
        self.process = None
        self.mark = 0

    def start(self):
        self.mark = self.path.stat().st_size if self.path.exists() else 0
        with open(self.path, "ab") as log:
            self.process = subprocess.Popen([self.pipeline.cx, "run", *self.chain.split(), "-c", str(self.pipeline.config), "--instance", self.instance,
                                             "--set", "log.level=debug", *self.args], env=self.pipeline.env, stderr=log)
        return self

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def lines(self, event):
        """Of this run, with this event."""
        text = self.path.read_bytes()[self.mark:].decode(errors="replace")
        return [line for line in text.splitlines() if f"event={event} " in line]

    def wait_for(self, event, count=1, seconds=60):
        until = time.monotonic() + seconds
        while len(self.lines(event)) < count:
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"instance {self.instance}: no {event}; exit {self.process.poll()}\n" + self.path.read_text(errors="replace")[-3000:])
            time.sleep(0.05)
        return self.lines(event)

    def restored(self):
        """What each replica was restored from: {(stage, partition): source}."""
        found = {}
        for line in self.wait_for("restored", 2 * self.pipeline.scope):
            found[re.search(r"stage=(\S+) partition=(\d+)", line).groups()] = re.search(r" from=(\w+)", line).group(1)
        return found


def snapshots(pipeline):
    return {file.name: file for file in sorted(pipeline.scratch.glob("dedup-identify.*.snapshot"))}


def feed(pipeline, seed, records=3000):
    pipeline.produce_sample(records, seed)
    pipeline.wait_until_drained()


def damage(pipeline):
    """Three of the files, each in its own way. Which partitions the sample's tenants fill is known to no one here."""
    files = snapshots(pipeline)
    one, two = sorted({name.split(".")[2] for name in files})[:2]
    cut, flipped, other = (files[f"dedup-identify.{name}.snapshot"] for name in (f"dedup.{one}", f"identify.{two}", f"dedup.{two}"))
    other.write_bytes(cut.read_bytes())
    os.truncate(cut, cut.stat().st_size * 2 // 3)
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 4
    flipped.write_bytes(content)
    return {("dedup", one), ("identify", two), ("dedup", two)}, f"it is of partition {one}, not {two}"


def make_anew(pipeline, topic, used):
    """The changelog as another generation, its first partition in use longer than it was: there only the generation record tells."""
    admin = AdminClient({"bootstrap.servers": pipeline.brokers})
    for future in admin.delete_topics([topic]).values():
        future.result()
    time.sleep(1)
    new = NewTopic(topic, num_partitions=pipeline.scope, replication_factor=1, config={"cleanup.policy": "compact"})
    for future in admin.create_topics([new]).values():
        future.result()
    time.sleep(1)
    producer = Producer({"bootstrap.servers": pipeline.brokers, "linger.ms": 50})
    for each in used:
        producer.produce(topic, key=b"\xffgeneration", value=os.urandom(16), partition=each)
    for n in range(60000):
        producer.produce(topic, key=b"\x00" + n.to_bytes(16, "big"), value=None, partition=used[0])
        if n % 10000 == 0:
            producer.flush()
    producer.flush()


def check_clean_stop(pipeline, process):
    expect(process.stop() == 0, "a stop with 0")
    files = snapshots(pipeline)
    expect(len(files) >= 4, f"a stop leaves a snapshot of each stage and partition that has state: {len(files)}")
    process.start()
    sources = process.restored()
    expect(sum(source == "snapshot" for source in sources.values()) == len(files), "a restart reads every snapshot")
    records = sum(int(re.search(r" records=(\d+)", line).group(1)) for line in process.lines("restored"))
    expect(records == 0, f"and nothing of the changelogs, for nothing came after: {records} records")


def check_kill(pipeline, process):
    process.wait_for("snapshot", 2)
    expect(process.stop(signal.SIGKILL) == -signal.SIGKILL, "a kill")
    process.start()
    expect("snapshot" in process.restored().values(), "a restart after a kill reads the snapshots that were written while it ran")


def check_damage(pipeline, process):
    process.stop()
    whole = len(snapshots(pipeline)) - 3
    damaged, telling = damage(pipeline)
    process.start()
    sources = process.restored()
    expect(sum(source == "snapshot" for source in sources.values()) == whole and all(sources[replica] == "changelog" for replica in damaged),
           "exactly what was damaged is restored in full")
    refused = process.lines("snapshot_refused")
    for why in ("it ends after", "is damaged", telling):
        expect(any(why in line for line in refused), f"the log says: {why}")


def check_neighbours(pipeline, one):
    """A restart within the session timeout moves nothing, and what was in memory comes from snapshots."""
    two = Process(pipeline, 1).start()
    two.wait_for("restored", 2)
    one.wait_for("kafka_assigned", 2)
    time.sleep(1)
    two.wait_for("kafka_assigned")
    for number in (signal.SIGTERM, signal.SIGKILL):
        before = len(two.lines("kafka_revoked"))
        one.stop(number)
        one.start()
        one.wait_for("restored", 2)
        filled = [line for line in one.lines("restored") if " keys=0 " not in line]
        expect(all(" from=snapshot " in line for line in filled), f"after {signal.Signals(number).name} an instance among others comes back from snapshots")
        feed(pipeline, 40 + number, 1500)
        expect(len(two.lines("kafka_revoked")) == before, "and the others keep what they had")
    two.stop()


def check_generation(pipeline, process):
    """Last, for the state is lost."""
    process.stop()
    used = sorted({int(name.split(".")[2]) for name in snapshots(pipeline)})
    make_anew(pipeline, "cx.changelog.dedup.v1", used)
    process.start()
    sources = process.restored()
    refused = " ".join(process.lines("restore_in_full"))
    expect(all(sources["dedup", str(p)] == "changelog" for p in used), "snapshots of a changelog that was made anew are refused")
    expect("generation is not the changelog's" in refused or "made anew" in refused, "and the log says why")
    expect(all(sources["identify", str(p)] == "snapshot" for p in used), "those of the other changelog are not")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, DEPLOYMENT, snapshots="1s")
    pipeline.create_topics()
    keyed = Process(pipeline, 0)
    pipeline.start(without=(KEYED,))
    try:
        keyed.start()
        feed(pipeline, 1)
        check_clean_stop(pipeline, keyed)
        feed(pipeline, 2)
        check_kill(pipeline, keyed)
        feed(pipeline, 3)
        check_damage(pipeline, keyed)
        feed(pipeline, 4)
        check_neighbours(pipeline, keyed)
        feed(pipeline, 5)
        time.sleep(2.5)  # so that a tick comes
        pipeline.stop()
        records, lost, doubled = check_raw(pipeline)
        lost_after, doubled_after = check_events(pipeline)
        expect(lost + lost_after + doubled + doubled_after + torn_transactions(pipeline) == 0, f"{records} records: nothing lost, doubled or torn")
        check_generation(pipeline, keyed)
    finally:
        pipeline.stop()
        if keyed.process.poll() is None:
            keyed.process.kill()
    print(f"restore failures={failures()}", flush=True)
    sys.exit(1 if failures() else 0)


if __name__ == "__main__":
    main()
