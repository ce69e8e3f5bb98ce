#!/usr/bin/env python3
"""What a process does when it must not simply go on: each time it says why, loses nothing, and its exit tells the supervisor what to do.

A stop while brokers are away, a changelog made anew, offsets that are gone, a changelog about to forget its generation, a record that the cluster
refuses, a tenant pinned to nowhere, an input that is wrong as a whole.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from rig import Pipeline, say

DAY_MS = 86400000
GENERATION = b"\xffgeneration"


def require(condition, what):
    if not condition:
        raise SystemExit(f"refusals: {what}")


def start(pipeline, chain, *words):
    log = open(pipeline.scratch / "refusals.log", "ab")
    return subprocess.Popen([pipeline.cx, "run", *chain.split(), "-c", str(pipeline.config), "--instance", "0", *words], stdout=log, stderr=subprocess.PIPE,
                            env=pipeline.env, text=True)


def ends(process, status, *parts, seconds=60):
    _, err = process.communicate(timeout=seconds)
    require(process.returncode == status, f"exit {process.returncode} instead of {status}: {err[-600:]}")
    for part in parts:
        require(part in err, f"{part!r} is not in: {err[-600:]}")


def stop(process):
    process.terminate()
    ends(process, 0)


def run_until_drained(pipeline, chain, *words):
    process = start(pipeline, chain, *words)
    pipeline.chains = [chain]
    pipeline.wait_until_drained()
    stop(process)


def send(pipeline, topic, records, partition=0):
    producer = Producer({"bootstrap.servers": pipeline.brokers})
    for record in records:
        producer.produce(topic, partition=partition, value=json.dumps(record) if not isinstance(record, bytes) else record)
    require(producer.flush(30) == 0, "the test could not produce")


def comment(number, text="hello", tenant="acme"):
    return {"tenant": tenant, "channel": "chat", "native_id": f"c{number}", "occurred_at": int(time.time() * 1000), "author": {"native_id": "u"}, "text": text}


def values(pipeline, topic):
    return [json.loads(line) for line in pipeline.tap(topic)]


_admin = []  # kept: a client that is collected forgets its answers


def admin(pipeline):
    if not _admin:
        _admin.append(AdminClient({"bootstrap.servers": pipeline.brokers}))
    return _admin[0]


def wait(futures):
    for future in futures.values():
        future.result(30)


def set_topic(pipeline, topic, name, value):
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    wait(admin(pipeline).incremental_alter_configs([ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])]))


def generations(pipeline, topic, partition):
    """(timestamp, value) of the generation records of a changelog partition."""
    consumer = Consumer({"bootstrap.servers": pipeline.brokers, "group.id": "refusals", "isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0)])
    found = []
    while True:
        message = consumer.poll(5)
        if message is None or message.error():
            consumer.close()
            return found
        if message.key() == GENERATION:
            found.append((message.timestamp()[1], message.value()))


def a_stop_is_heeded_while_brokers_are_away(pipeline):
    process = start(pipeline, "normalize classify")
    send(pipeline, "cx.raw.v1", [comment(n) for n in range(10)])
    pipeline.chains = ["normalize classify"]
    pipeline.wait_until_drained()
    broker = int(open(os.path.join(os.environ["CX_KAFKA_DIR"], "pid"), encoding="utf-8").read())
    send(pipeline, "cx.raw.v1", [comment(n) for n in range(10, 2000)])
    os.kill(broker, signal.SIGSTOP)
    try:
        time.sleep(1)
        process.terminate()
        ends(process, 0, seconds=45)
    finally:
        os.kill(broker, signal.SIGCONT)
    run_until_drained(pipeline, "normalize classify")
    ids = [line["value"]["native_id"] for line in values(pipeline, "cx.events.v1")]
    require(sorted(ids) == sorted(f"c{n}" for n in range(2000)), f"{len(ids)} records, {len(set(ids))} distinct, of 2000")


def an_idle_changelog_keeps_its_generation(pipeline):
    run_until_drained(pipeline, "dedup identify")
    topic = "cx.changelog.dedup.v1"
    partition = next(p for p in range(pipeline.scope) if generations(pipeline, topic, p))
    before = generations(pipeline, topic, partition)
    old = Producer({"bootstrap.servers": pipeline.brokers})
    old.produce(topic, partition=partition, key=GENERATION, value=before[-1][1], timestamp=int(time.time() * 1000) - 4 * DAY_MS)
    old.flush(30)
    process = start(pipeline, "dedup identify")
    deadline = time.monotonic() + 30
    while len(generations(pipeline, topic, partition)) < len(before) + 2:
        require(time.monotonic() < deadline, "no generation record within 30 s although the last one is old")
        time.sleep(0.5)
    stop(process)
    after = generations(pipeline, topic, partition)
    require(after[-1][1] == before[-1][1] and after[-1][0] > time.time() * 1000 - DAY_MS, f"the same generation, with the clock's time: {after}")


def state_without_offsets_is_refused(pipeline):
    deadline = time.monotonic() + 40
    while True:
        try:
            wait(admin(pipeline).delete_consumer_groups(["cx.dedup-identify"]))
            break
        except KafkaException:  # a named member stays in its group until its session has timed out
            require(time.monotonic() < deadline, "the group cannot be deleted")
            time.sleep(1)
    ends(start(pipeline, "dedup identify"), 78, "group cx.dedup-identify has no offset", "cx.changelog.dedup.v1")


def offsets_without_state_are_refused(pipeline):
    cluster = admin(pipeline)
    run_until_drained(pipeline, "route analytics")
    wait(cluster.delete_topics(["cx.changelog.analytics.v1"]))
    time.sleep(1)
    pipeline.create_topics()
    ends(start(pipeline, "route analytics"), 78, "no generation record", "cx.changelog.analytics.v1")


def a_record_the_cluster_refuses_becomes_a_dead_letter(pipeline):
    """Ours is within kafka.max_message, but the topic allows less: the batch is cut until the one record is alone."""
    set_topic(pipeline, "cx.events.v1", "max.message.bytes", "20000")
    have = len(values(pipeline, "cx.events.v1"))
    noise = "".join(chr(0x4E00 + (i * 7919) % 20000) for i in range(12000))
    send(pipeline, "cx.raw.v1", [comment(n) for n in range(3000, 3100)] + [comment("large", noise)] + [comment(n) for n in range(3100, 3200)])
    run_until_drained(pipeline, "normalize classify", "--set", "kafka.librdkafka={batch.num.messages: 1}")
    require(len(values(pipeline, "cx.events.v1")) == have + 200, "all others go on")
    letter, = (v for v in values(pipeline, "cx.dlq.normalize.v1") if v["headers"]["cx-error-code"] == "refused_by_cluster")
    require(json.loads(letter["value"])["native_id"] == "clarge", f"the dead letter is the one refused: {str(letter)[:300]}")


def a_tenant_pinned_to_nowhere_stops_the_process(pipeline):
    have = len(values(pipeline, "cx.events.v1"))
    send(pipeline, "cx.raw.v1", [comment(5000, tenant="pinned")])
    ends(start(pipeline, "normalize classify", "--set", "placement.pinned=9"), 78, "placement", "cx.events.v1")
    require(len(values(pipeline, "cx.events.v1")) == have, "nothing was written")
    run_until_drained(pipeline, "normalize classify", "--set", "placement.pinned=2")
    line = values(pipeline, "cx.events.v1")[-1]
    require([v["partition"] for v in values(pipeline, "cx.events.v1") if v["key"] == "pinned"] == [2], f"the tenant is where it was pinned: {str(line)[:200]}")


def an_input_that_is_wrong_as_a_whole_opens_the_breaker(pipeline):
    send(pipeline, "cx.raw.v1", [b"nonsense"] * 500)
    limits = ("--set", "run.breaker_window=100", "--set", "run.batch_records=50")
    before = len(values(pipeline, "cx.dlq.normalize.v1"))
    ends(start(pipeline, "normalize classify", *limits), 65, "rejected", "run.breaker_share")
    letters = len(values(pipeline, "cx.dlq.normalize.v1")) - before
    require(100 <= letters <= 200, f"it stopped after the window: {letters} dead letters")
    run_until_drained(pipeline, "normalize classify", "--set", "run.breaker_share=0")
    require(len(values(pipeline, "cx.dlq.normalize.v1")) - before == 500, "with the breaker off the rest follows, once")


CASES = (a_stop_is_heeded_while_brokers_are_away, an_idle_changelog_keeps_its_generation, offsets_without_state_are_refused,
         state_without_offsets_is_refused, a_record_the_cluster_refuses_becomes_a_dead_letter, a_tenant_pinned_to_nowhere_stops_the_process,
         an_input_that_is_wrong_as_a_whole_opens_the_breaker)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, tick="0")
    pipeline.create_topics()
    for case in CASES:
        say(case.__name__)
        case(pipeline)
        pipeline.chains = ["normalize classify", "dedup identify", "route analytics"]
    print(f"refusals cases={len(CASES)} failed=0")


if __name__ == "__main__":
    sys.exit(main())
