"""watch.py - what is seen while faults happen: sizes of the processes, commits as the ledgers have them, and a read_committed reader (C7)."""
import os
import threading
import time
from array import array
from collections import defaultdict

from confluent_kafka import Consumer, KafkaException, TopicPartition

READ = ("cx.events.v1", "cx.identified.v1", "cx.identity.aliases.v1", "cx.metrics.minute.v1", "cx.ledger.", "cx.route.", "cx.dlq.")


def consumer(brokers, isolation="read_committed", **more):
    return Consumer({"bootstrap.servers": brokers, "group.id": "faults-rig", "isolation.level": isolation, "enable.auto.commit": False, "log_level": 2, **more})


def partitions_of(client, prefixes):
    names = client.list_topics(timeout=20).topics
    return [(name, p) for name in sorted(names) if name.startswith(tuple(prefixes)) for p in names[name].partitions]


class LiveReader(threading.Thread):
    """Reads all outputs by read_committed while faults happen: per partition the offsets and a hash of what was seen."""

    def __init__(self, brokers, isolation="read_committed"):
        super().__init__(daemon=True)
        self.client = consumer(brokers, isolation, **{"queued.max.messages.kbytes": 16384})
        self.places = partitions_of(self.client, READ)
        self.seen = {place: (array("q"), array("q")) for place in self.places}
        self.committed = defaultdict(float)  # chain to the wall time at which a ledger record of it was last seen
        self.ending = threading.Event()

    def run(self):
        self.client.assign([TopicPartition(topic, p, 0) for topic, p in self.places])
        while not self.ending.is_set():
            for message in self.client.consume(2000, timeout=0.2):
                if not message.error():
                    offsets, hashes = self.seen[message.topic(), message.partition()]
                    offsets.append(message.offset())
                    hashes.append(hash((message.key(), message.value())))
                    if message.topic().startswith("cx.ledger."):
                        self.committed[message.topic()[10:-3].replace("-", " ")] = time.time()

    def end(self):
        if not self.ending.is_set():
            self.ending.set()
            self.join()
            self.client.close()


class Watch(threading.Thread):
    """Resident size and descriptors of every process twice a second; when each chain last committed; whether a transaction is open."""

    def __init__(self, pipeline, bootstrap=None):
        super().__init__(daemon=True)
        self.pipeline, self.brokers = pipeline, bootstrap or pipeline.brokers
        self.samples = defaultdict(list)  # (chain, pid) -> [(time, kilobytes, descriptors)]
        self.ends = {level: consumer(self.brokers, level) for level in ("read_committed", "read_uncommitted")}
        self.ending, self.lock = threading.Event(), threading.Lock()

    def run(self):
        while not self.ending.wait(0.5):
            for chain in self.pipeline.chains:
                pid = self.pipeline.pid(chain)
                if pid:
                    self._sample(chain, pid)

    def _sample(self, chain, pid):
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as f:
                size = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
            self.samples[chain, pid].append((time.time(), size, len(os.listdir(f"/proc/{pid}/fd"))))
        except (FileNotFoundError, ProcessLookupError, IndexError):
            return

    def end(self):
        if not self.ending.is_set():
            self.ending.set()
            self.join()
            for client in self.ends.values():
                client.close()

    def _total(self, level, topic):
        client, total = self.ends[level], 0
        with self.lock:
            for p in client.list_topics(topic, timeout=20).topics[topic].partitions:
                total += client.get_watermark_offsets(TopicPartition(topic, p), timeout=20)[1]
        return total

    def has_open_transaction(self, topic):
        """Does the last stable offset of some partition lie behind its end?"""
        try:
            stable = self._total("read_committed", topic)
            return stable < self._total("read_uncommitted", topic)
        except KafkaException:  # brokers are away: unknown
            return False
