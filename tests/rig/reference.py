"""reference.py - what the topics must hold: cx pipe makes it from the same input, in one process and without a broker."""
import json
import re
import subprocess
from collections import Counter
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaError, TopicPartition

from .pipeline import compare, digest, say

SOURCE = re.compile(rb'"source":\{[^}]*\},?')
OFFSET = re.compile(rb'"offset":(\d+)')
KNOWN_TIME = b'"occurred_at_known":true'
IN_PARTITION = ("cx.identity.aliases.v1", "cx.metrics.minute.v1")


def as_received(value, timestamp_ms):
    """The payload as a line for the pipe, told when it was received: a cluster takes that from the record's timestamp."""
    line = value.replace(b"\n", b" ")
    if b'"ingested_at":' in line:
        return re.sub(rb'"ingested_at":("[^"]*"|\d+)', b'"ingested_at":%d' % timestamp_ms, line)
    if line.startswith(b'{"') and b'"payload"' not in line and b'"content_type"' not in line:
        return b'{"ingested_at":%d,' % timestamp_ms + line[1:]
    when = datetime.fromtimestamp(timestamp_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{timestamp_ms % 1000:03d}Z"
    return re.sub(rb'"received_at":"[^"]*"', b'"received_at":"' + when.encode() + b'"', line, count=1)


def piped(pipeline, cx, lines, plain):
    """What a version of cx makes of raw payloads: the records in order, as `plain` has them, and how often each verdict."""
    made, verdicts = [], Counter()
    with open(lines, "rb") as given:
        command = [cx, "pipe", "normalize", "classify", "--verdicts", "-c", str(pipeline.config)]
        for line in subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, env=pipeline.env).stdout:
            if line.startswith(b'{"verdict"'):
                verdict = json.loads(line)
                verdicts[verdict["verdict"], verdict["stage"], verdict["reason"]] += 1
            else:
                made.append(plain(line))
    return made, verdicts


def check_raw(pipeline, is_known=None):
    """raw -> events and dead letters, as multisets: where a record stands differs between a cluster and a pipe. is_known: headers (a dict) of
    records that are left out, since the caller knows what becomes of them. An item that another version took (pipeline.other_versions) is what that one makes of it."""
    is_known = is_known or (lambda headers: False)
    def plain(line):
        if KNOWN_TIME not in line:  # whose time is its receipt's, which differs
            value = json.loads(line)
            for name in ("occurred_at", "event_id", "source"):
                value.pop(name)
            line = json.dumps(value).encode()
        key = digest(SOURCE.sub(b"", line, 1))
        seen[key] = line[:160]
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
                elif not is_known({name: value.decode(errors="replace") for name, value in message.headers() or ()}):
                    out.write(as_received(message.value(), message.timestamp()[1]) + b"\n")
                    records += 1
    consumer.close()
    made, verdicts = piped(pipeline, pipeline.cx, lines, plain)
    same = {}  # what another version made of an item, to what this one makes of it
    for cx in pipeline.other_versions:
        others, _ = piped(pipeline, cx, lines, plain)
        if len(others) != len(made):
            say(f"{cx} makes {len(others)} records of what this version makes {len(made)} of")
        same.update(zip(others, made))
    expected = Counter(made)
    actual = Counter(same.get(key, key) for key in map(plain, pipeline.tap("cx.events.v1", "--values")))
    lost, doubled = compare(expected, actual)
    for name, difference in (("lost", expected - actual), ("doubled", actual - expected)):
        for key in list(difference)[:5]:
            say(f"{name}: {seen[key].decode(errors='replace')}")
    letters = Counter()
    for stage in ("normalize", "classify"):
        for line in pipeline.tap(f"cx.dlq.{stage}.v1"):
            headers = json.loads(line)["headers"]
            letters["reject", stage, headers["cx-error-code"]] += not is_known(headers)
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
        place[SOURCE.search(line)[0]] = int(OFFSET.search(line)[1])
    with open(path, "wb") as out:
        for line in pipeline.tap("cx.events.v1", "--partition", str(partition), "--values"):
            at = place.get(SOURCE.search(line)[0])
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
        with open(path, "rb") as lines, open(path.with_suffix(".err"), "wb") as words:
            for line in subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, stderr=words, env=pipeline.env).stdout:
                topic = line[10:line.index(b'"', 10)].decode()
                if topic in ordered:
                    ordered[topic].append(digest(line))
                else:
                    expected_routes[identity(topic, line)] += 1
        for topic, expected in ordered.items():
            actual = [digest(line) for line in pipeline.tap(topic, "--records", "--partition", str(partition))]
            if actual != expected:
                a, b = compare(Counter(expected), Counter(actual))
                lost, doubled = lost + a + (a == b == 0), doubled + b
                say(f"{topic}/{partition}: {len(expected)} expected, {len(actual)} found, lost {a}, doubled {b}")
    actual_routes, topics = Counter(), unordered_topics(pipeline)
    for topic in topics:
        actual_routes.update(identity(topic, line) for line in pipeline.tap(topic, "--records"))
    a, b = compare(expected_routes, actual_routes)
    say(f"route topics and dead letters: {sum(expected_routes.values())} expected, {sum(actual_routes.values())} found")
    if b:
        show_unexpected(pipeline, topics, actual_routes - expected_routes)
    return lost + a, doubled + b


def identity(topic, line):
    """What makes two records the same: all of them; of a dead letter where it came from, for a pipe receives lines where a cluster receives Avro."""
    if not topic.startswith("cx.dlq."):
        return digest(line)
    value = json.loads(line)["value"]
    value = json.loads(value) if isinstance(value, str) else value
    return digest(topic + json.dumps(value["source"], sort_keys=True))


def unordered_topics(pipeline):
    letters = {f"cx.dlq.{stage}.v1" for chain in pipeline.chains[1:] for stage in chain.split()}
    return [topic for topic in topic_names(pipeline) if topic.startswith("cx.route.") or topic in letters]


def show_unexpected(pipeline, topics, unexpected, at_most=5):
    for topic in topics:
        for line in pipeline.tap(topic, "--records"):
            if at_most and identity(topic, line) in unexpected:
                say(f"not expected: {line.decode(errors='replace')[:700]}")
                at_most -= 1


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
