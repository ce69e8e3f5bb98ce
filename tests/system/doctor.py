#!/usr/bin/env python3
"""cx doctor on real brokers: every check that a broker can show is seen to find what is wrong, and to be silent again when it is mended.

What one broker cannot be (three brokers, 4.0.0, a newer library) is in tests/unit/run/doctor_test.c; the rights are in secured.py.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Producer, TopicPartition

from refusals import admin, set_topic, wait
from rig import ROOT, Pipeline, say

# Settings of a broker that are wrong, and the check that says so.
SICK_BROKER = {
    "broker_version": ("inter.broker.protocol.version=3.7-IV4", "3.7-IV4"),
    "auto_create": ("auto.create.topics.enable=true", "misspells"),
    "transaction_timeout": ("transaction.max.timeout.ms=10000", "transaction.max.timeout.ms=10000"),
    "transactional_id_expiration": ("transactional.id.expiration.ms=3600000", "3600000 ms"),
    "offsets_retention": ("offsets.retention.minutes=60", "60 minutes"),
    "session_timeout": ("group.max.session.timeout.ms=8000", "to 8000 ms"),
}
# check: topic, property, a wrong value, the right one
SICK_TOPICS = {
    "min_insync": ("cx.events.v1", "min.insync.replicas", "2", "1"),
    "unclean_election": ("cx.changelog.dedup.v1", "unclean.leader.election.enable", "true", "false"),
    "cleanup": ("cx.changelog.identify.v1", "cleanup.policy", "compact,delete", "compact"),
    "input_retention": ("cx.identified.v1", "retention.ms", "3600000", "604800000"),
    "changelog_retention": ("cx.changelog.dedup.v1", "retention.ms", "604800000", "1209600000"),
    "timestamps": ("cx.raw.v1", "message.timestamp.type", "CreateTime", "LogAppendTime"),
    "message_size": ("cx.route.care.v1", "max.message.bytes", "1000000", "1065536"),
}
ADVICE = {"replicas", "librdkafka"}  # one broker, Debian's library: said, but no finding
seen = set()


def require(condition, what):
    if not condition:
        raise SystemExit(f"doctor: {what}")


def soon(look):
    """What brokers were told they tell a moment later."""
    def patient(*args, **kwargs):
        deadline = time.monotonic() + 20
        while True:
            try:
                return look(*args, **kwargs)
            except SystemExit:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
    return patient


def examine(pipeline, *words, prefix=()):
    command = [*prefix, pipeline.cx, "doctor", "--json", "-c", str(pipeline.config), *words]
    done = subprocess.run(command, capture_output=True, text=True, env=pipeline.env, check=False)
    require(done.returncode in (0, 1), f"exit {done.returncode}: {done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        require(set(line) == {"check", "level", "where", "what", "do"} and all(line.values()), f"{line}")
    findings = [line for line in lines if line["level"] == "finding"]
    require(done.returncode == (1 if findings else 0), f"exit {done.returncode} with {len(findings)} findings")
    return findings, {line["check"] for line in lines if line["level"] == "advice"}


@soon
def is_well(pipeline, when, *words):
    findings, advice = examine(pipeline, *words)
    require(not findings, f"{when}: {findings}")
    require(advice <= ADVICE, f"{when}: {advice}")


@soon
def finds(pipeline, check, *parts, words=(), prefix=()):
    """Exactly this check finds something, and says it with these words."""
    findings, _ = examine(pipeline, *words, prefix=prefix)
    require({line["check"] for line in findings} == {check}, f"{check}: {findings}")
    for part in parts:
        require(any(part in line["where"] + line["what"] + line["do"] for line in findings), f"{part!r} is not in {findings}")
    seen.add(check)
    return findings


def missing_topics(pipeline):
    findings = finds(pipeline, "topics", "cx.raw.v1", "cx topics create")
    require(len(findings) >= 30, "each topic is named")


def topics(pipeline):
    for check, (topic, name, wrong, right) in SICK_TOPICS.items():
        set_topic(pipeline, topic, name, wrong)
        finds(pipeline, check, topic, wrong)
        set_topic(pipeline, topic, name, right)
        is_well(pipeline, f"after {check}")
    set_topic(pipeline, "cx.events.v1", "retention.bytes", "1000000000")
    finds(pipeline, "input_retention", "retention.bytes")
    set_topic(pipeline, "cx.events.v1", "retention.bytes", "-1")


def longer_windows(pipeline):
    finds(pipeline, "changelog_retention", "cx.changelog.dedup.v1", "3196800000", words=("--set", "dedup.window=30d"))
    pipeline.run("topics", "create", "--set", "dedup.window=30d")
    is_well(pipeline, "after topics create", "--set", "dedup.window=30d")
    pipeline.run("topics", "create")


def partitions(pipeline):
    finds(pipeline, "partitions", "cx.changelog.dedup.v1", words=("--set", f"kafka.partitions.scope={pipeline.scope + 1}"))


def clocks(pipeline):
    """A record that was stamped by a clock an hour ahead."""
    set_topic(pipeline, "cx.raw.v1", "message.timestamp.type", "CreateTime")
    producer = Producer({"bootstrap.servers": pipeline.brokers})
    producer.produce("cx.raw.v1", partition=0, value=b"{}", timestamp=int(time.time() * 1000) + 3600000)
    require(producer.flush(30) == 0, "the test could not produce")
    set_topic(pipeline, "cx.raw.v1", "message.timestamp.type", "LogAppendTime")
    finds(pipeline, "clock", "cx.raw.v1", "ahead")
    wait(admin(pipeline).delete_records([TopicPartition("cx.raw.v1", 0, 1)]))
    is_well(pipeline, "after the record is gone")


def this_machine(pipeline):
    finds(pipeline, "state_dir", "/dev/null/state", words=("--set", "kafka.state_dir=/dev/null/state"))
    finds(pipeline, "files", "256", prefix=("sh", "-c", 'ulimit -n 256 && exec "$@"', "sh"))
    small = pipeline.scratch / "small"
    small.mkdir()
    mount = f'mount -t tmpfs -o size=8m small "{small}" && exec "$@"'
    finds(pipeline, "disk", "MiB free", words=("--set", f"kafka.state_dir={small}"), prefix=("unshare", "-Urm", "sh", "-c", mount, "sh"))
    password = pipeline.scratch / "password"
    password.write_text("canary\n")
    password.chmod(0o644)
    line, = finds(pipeline, "secrets", str(password), "chmod 600", words=("--set", f"kafka.sasl_password_file={password}"))
    require("canary" not in json.dumps(line), "the secret is not told")
    password.chmod(0o600)
    is_well(pipeline, "after chmod", "--set", f"kafka.sasl_password_file={password}")
    finds(pipeline, "encryption", "plaintext", words=("--set", f"kafka.brokers={pipeline.brokers},far.example.com:9092"))
    finds(pipeline, "encryption", "certificates", words=("--set", 'kafka.librdkafka."ssl.endpoint.identification.algorithm"=none'))


def sick_broker(pipeline):
    with tempfile.TemporaryDirectory(prefix="cxstream-sick-") as folder:
        kafka, place = str(ROOT / "deploy/local/kafka"), os.path.join(folder, "broker")
        settings = [word for setting, _ in SICK_BROKER.values() for word in ("--set", setting)]
        try:
            brokers = subprocess.run([kafka, "up", "--dir", place, *settings], capture_output=True, text=True, check=True).stdout.strip()
            pipeline.run("topics", "create", "--set", f"kafka.brokers={brokers}")
            findings, _ = examine(pipeline, "--set", f"kafka.brokers={brokers}")
        finally:
            subprocess.run([kafka, "down", "--dir", place, "--hard"], check=False, stderr=subprocess.DEVNULL)
    for check, (_, part) in SICK_BROKER.items():
        line, = (line for line in findings if line["check"] == check)
        require(line["where"] == "broker 1" and part in line["what"], f"{line}")
        seen.add(check)
    require({line["check"] for line in findings} == set(SICK_BROKER), f"nothing else: {findings}")


def unreachable(pipeline):
    done = pipeline.run("doctor", "--set", "kafka.brokers=127.0.0.1:1", check=False)
    require(done.returncode == 69 and b"127.0.0.1:1" in done.stderr and not done.stdout, f"{done}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx)
    missing_topics(pipeline)
    pipeline.create_topics()
    is_well(pipeline, "on a fresh cluster")
    for case in (topics, longer_windows, partitions, clocks, this_machine, sick_broker, unreachable):
        say(case.__name__)
        case(pipeline)
    is_well(pipeline, "at the end")
    checks = {json.loads(line)["check"] for line in pipeline.run("doctor", "--list", "--json").stdout.splitlines()}
    require(checks - seen == ADVICE | {"rights"}, f"checks not seen to find: {checks - seen}")
    print(f"doctor checks={len(checks)} red_and_green={len(seen)} advice={len(ADVICE)} wrong=0")


if __name__ == "__main__":
    sys.exit(main())
