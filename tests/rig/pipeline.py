"""pipeline.py - a pipeline of stage processes on a broker, for tests. CX_KAFKA_BROKERS names the broker (deploy/local/kafka run -- …)."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = """\
kafka:
  brokers: {brokers}
  state_dir: {scratch}
  partitions: {{raw: {raw}, scope: {scope}, route: {route}}}
analytics:
  lateness: {lateness}
run:
  tick: {tick}
  commit_interval: {commit_interval}
  snapshot_interval: {snapshots}
"""
TETHER = ("setpriv", "--pdeathsig", "TERM")  # before a command: it ends when the thread does that started it, however that ended
DEPLOYMENT = ("normalize classify", "dedup identify", "route analytics")


def say(text):
    print(text, file=sys.stderr, flush=True)


class Pipeline:
    """Topics, processes and look-ups of one run."""

    def __init__(self, cx, chains=DEPLOYMENT, raw=4, scope=3, route=3, tick="2s", commit_interval="200ms", lateness="7d", snapshots="60s", env=None, brokers=None, more="",
                 prefix=""):
        """brokers: where the processes look, CX_KAFKA_BROKERS else; more: YAML after the usual configuration; prefix: words before each
        process's command, where {name} is the process."""
        self.cx, self.chains, self.scope, self.raw, self.route = str(cx), list(chains), scope, raw, route
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="cxstream-test-"))
        self.brokers, self.prefix = brokers or os.environ["CX_KAFKA_BROKERS"], prefix
        self.config = self.scratch / "cx.yaml"
        self.config.write_text(CONFIG.format(brokers=self.brokers, scratch=self.scratch, raw=raw, scope=scope, route=route, tick=tick,
                                             commit_interval=commit_interval, lateness=lateness, snapshots=snapshots) + more)
        self.env = {**os.environ, **(env or {})}
        self.supervisors = {}  # chain to the supervisor of its process
        self.other_versions = []  # of cx, that processed some of the records

    def run(self, *args, check=True, **kwargs):
        done = subprocess.run([self.cx, *args, "-c", str(self.config)], capture_output=True, env=self.env, **kwargs)
        if check and done.returncode != 0:
            raise SystemExit(f"cx {' '.join(args)}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def create_topics(self):
        self.run("topics", "create", "--chains", ",".join(chain.replace(" ", "-") for chain in self.chains))

    def command(self, chain, name, *words, cx=None):
        return " ".join((self.prefix.format(name=name), cx or self.cx, "run", chain, "-c", str(self.config), *words))

    def start(self, *words, without=()):
        """All processes, each supervised; words: of each command line, beside its instance."""
        for chain in self.chains:
            if chain not in without:
                self.start_chain(chain, *words)

    def start_chain(self, chain, *words, cx=None):
        (self.scratch / "pids").mkdir(exist_ok=True)
        name = chain.replace(" ", "-")
        command = self.command(chain, name, *(words or ("--instance", "0")), cx=cx)
        self.supervisors[chain] = subprocess.Popen([*TETHER, str(ROOT / "deploy/local/supervise"), "--pids", str(self.scratch / "pids"), "--logs",
                                                    str(self.scratch), f"{name}={command}"], env=self.env, stderr=open(self.scratch / "supervise.log", "ab"))

    def crashes(self):
        """What supervisors say of processes that ended by a signal which nobody sends: a failed assertion, a bad access."""
        file = self.scratch / "supervise.log"
        return re.findall(r"^supervise: (.* ended with signal (?!9;|15;)\d+);", file.read_text() if file.exists() else "", re.M)

    def stop(self):
        for supervisor in self.supervisors.values():
            supervisor.send_signal(signal.SIGTERM)
        for supervisor in self.supervisors.values():
            supervisor.wait(timeout=60)
        self.supervisors = {}

    def pid(self, chain):
        file = self.scratch / "pids" / f"{chain.replace(' ', '-')}.pid"
        try:
            return int(file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def log(self, chain):
        file = self.scratch / f"{chain.replace(' ', '-')}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def produce_sample(self, records, seed, *args, background=False):
        command = [self.cx, "produce", "--sample", str(records), "--seed", str(seed), "-c", str(self.config), *args]
        if background:
            return subprocess.Popen([*TETHER, *command], env=self.env, stderr=subprocess.DEVNULL)
        subprocess.run(command, check=True, env=self.env, stderr=subprocess.DEVNULL)
        return None

    def is_assigned(self):
        """Has every process been given partitions, by its log?"""
        return all("event=kafka_assigned " in self.log(chain) for chain in self.chains)

    def wait_until_drained(self, seconds=300):
        """All committed offsets at the end of their topics, twice in a row. Gives up when nothing moves for so long, and after four times that anyway."""
        from confluent_kafka import KafkaException
        begun = moved = time.monotonic()
        before, calm = None, 0
        while calm < 2:
            try:
                lags = self.lags()
            except KafkaException as trouble:  # a group's coordinator that is still loading
                lags = {"unknown": str(trouble)}
            now = time.monotonic()
            before, moved = lags, now if lags != before else moved
            if now - moved > seconds or now - begun > 4 * seconds:
                raise SystemExit("not drained: " + json.dumps(lags) + "\n" + "\n".join(self.log(c)[-1500:] for c in self.chains))
            calm = calm + 1 if all(lag == 0 for lag in lags.values()) else 0
            time.sleep(0.7)

    def lags(self):
        from confluent_kafka import Consumer, TopicPartition
        result = {}
        for chain in self.chains:
            topic = self.input_of(chain)
            consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "cx." + chain.replace(" ", "-"), "enable.auto.commit": False,
                                 "isolation.level": "read_committed", "enable.partition.eof": True, "fetch.wait.max.ms": 50})
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            lag = 0
            for committed in consumer.committed([TopicPartition(topic, p) for p in partitions], timeout=20):
                low, high = watermarks(consumer, topic, committed.partition)
                lag += end_of(consumer, topic, committed.partition, high) - max(committed.offset, low)
            consumer.close()
            result[chain] = lag
        return result

    @staticmethod
    def input_of(chain):
        return {"normalize": "cx.raw.v1", "classify": "cx.normalized.v1", "dedup": "cx.events.v1", "identify": "cx.deduplicated.v1",
                "route": "cx.identified.v1", "analytics": "cx.routed.v1"}[chain.split()[0]]

    def tap(self, topic, *args):
        """Lines of a topic, as they come."""
        with subprocess.Popen([self.cx, "tap", topic, "-c", str(self.config), *args], stdout=subprocess.PIPE, env=self.env) as process:
            yield from process.stdout
        if process.returncode != 0:
            raise SystemExit(f"cx tap {topic}: exit {process.returncode}")

    def multiset(self, topic, *args):
        """Digests of {"topic","key","value"} of every committed record of a topic."""
        return Counter(digest(line) for line in self.tap(topic, "--records", *args))


def watermarks(consumer, topic, partition):
    """Low and high watermark (last stable offset for read_committed); a partition just made has no leader for a moment."""
    from confluent_kafka import KafkaException, TopicPartition
    for attempt in range(150):
        try:
            return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
        except KafkaException:
            if attempt == 149:
                raise
            time.sleep(0.2)
    return 0, 0


_marker = {}


def last_from(consumer, topic, partition, start, end, seconds=30):
    """Offset after the last record from `start` on, 0 when there is none; one at or behind `end` is enough."""
    from confluent_kafka import KafkaError, KafkaException, TopicPartition
    consumer.assign([TopicPartition(topic, partition, start)])
    last, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if not message.error():
            last = message.offset() + 1
        if last >= end or (message.error() and message.error().code() == KafkaError._PARTITION_EOF):
            return last
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{topic}/{partition} has no end"))


def end_of(consumer, topic, partition, high):
    """Offset after the last record: transaction markers at the end are never read, and a committed offset never passes them. The consumer tells ends."""
    if high == 0:
        return 0
    key = (topic, partition)
    known, last = _marker.get(key, (-1, 0))
    if known == high:
        return last
    last, back = 0, 1
    while last == 0 and back <= high * 8:
        last = last_from(consumer, topic, partition, max(0, high - back), high)
        back *= 8
    consumer.unassign()
    _marker[key] = (high, last)
    return last


def digest(line):
    return hashlib.blake2b(line if isinstance(line, bytes) else line.encode(), digest_size=12).digest()


def compare(expected, actual):
    """(lost, duplicated) between two Counters."""
    lost = sum((expected - actual).values())
    extra = sum((actual - expected).values())
    return lost, extra
