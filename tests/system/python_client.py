#!/usr/bin/env python3
"""A client in another language reads our topics with the schemas alone, we read what it writes, and keys fall where Kafka's own
partitioner puts them."""
import argparse
import io
import json
import re
import struct
import sys
import time

import fastavro
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from rig import ROOT, Pipeline, say

IDS = {int(i): file for i, file in re.findall(r'CX_SCHEMA\((\d+),\s*"[^"]+",\s*\d+,\s*"([^"]+)"\)', (ROOT / "schemas/ids.def").read_text())}
SCHEMAS = {i: fastavro.parse_schema(json.loads((ROOT / "schemas" / file).read_text()), named_schemas={}) for i, file in IDS.items()}
INTERACTION = next(i for i, file in IDS.items() if file == "interaction.avsc")
AVRO = ("cx.events.v1", "cx.identified.v1", "cx.identity.aliases.v1", "cx.metrics.minute.v1", "cx.ledger.dedup-identify.v1", "cx.route.care.v1")
MURMUR2 = ("cx.raw.v1", "cx.events.v1", "cx.route.care.v1", "cx.route.marketing.v1", "cx.route.unmatched.v1")
OURS = 200


def murmur2(data):
    """Kafka's partitioner, from its specification."""
    m, mask, h = 0x5BD1E995, 0xFFFFFFFF, 0x9747B28C ^ len(data)
    for i in range(0, len(data) // 4 * 4, 4):
        k = struct.unpack_from("<I", data, i)[0] * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    tail = data[len(data) // 4 * 4:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def messages(pipeline, topic):
    consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "python-test", "isolation.level": "read_committed", "enable.partition.eof": True})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    ended = set()
    while len(ended) < len(partitions):
        message = consumer.poll(30)
        if message is None:
            raise SystemExit(f"{topic}: nothing for 30 s")
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
        else:
            yield message, len(partitions)
    consumer.close()


def decode(value):
    magic, schema_id = struct.unpack(">bI", value[:5])
    assert magic == 0, magic
    body = io.BytesIO(value[5:])
    record = fastavro.schemaless_reader(body, SCHEMAS[schema_id])
    assert body.read() == b"", "bytes left over"
    return record


def write_ours(pipeline):
    """Records as a foreign producer writes them: Avro with our schema's id, straight to the raw topic."""
    producer = Producer({"bootstrap.servers": pipeline.brokers, "partitioner": "murmur2_random"})
    now = int(time.time() * 1000)
    for i in range(OURS):
        record = {"event_id": bytes(16), "tenant": "python", "channel": "x", "kind": "comment", "op": "create", "direction": "inbound", "occurred_at": now,
                  "ingested_at": now, "source": {"topic": "elsewhere", "partition": 0, "offset": i}, "adapter": "python", "adapter_version": 1,
                  "native_id": f"py-{i}", "author": {"native_id": f"author-{i % 7}"}, "text": "merhaba dünya", "attributes": {"n": str(i)}}
        out = io.BytesIO()
        out.write(struct.pack(">bI", 0, INTERACTION))
        fastavro.schemaless_writer(out, SCHEMAS[INTERACTION], record)
        producer.produce("cx.raw.v1", key="python", value=out.getvalue())
    producer.flush()


def wait_for_minutes(pipeline, seconds=60):
    """Rows of minutes come with a tick, after everything is drained."""
    deadline = time.monotonic() + seconds
    while not any(pipeline.tap("cx.metrics.minute.v1")) and time.monotonic() < deadline:
        time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx)
    pipeline.create_topics()
    pipeline.start()
    try:
        pipeline.produce_sample(6000, 3)
        write_ours(pipeline)
        pipeline.wait_until_drained()
        wait_for_minutes(pipeline)
    finally:
        pipeline.stop()
    read = {topic: [decode(message.value()) for message, _ in messages(pipeline, topic)] for topic in AVRO}
    misplaced = 0
    for topic in MURMUR2:
        for message, partitions in messages(pipeline, topic):
            if message.key() is not None:
                misplaced += murmur2(message.key()) % partitions != message.partition()
    ours = {r["native_id"] for r in read["cx.events.v1"] if r["tenant"] == "python"}
    say({topic: len(records) for topic, records in read.items()})
    print(f"python_client read={sum(map(len, read.values()))} written={OURS} found={len(ours)} misplaced={misplaced}")
    sys.exit(0 if all(read.values()) and len(ours) == OURS and misplaced == 0 else 1)


if __name__ == "__main__":
    main()
