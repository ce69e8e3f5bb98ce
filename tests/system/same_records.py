#!/usr/bin/env python3
"""Six unfused processes, three, and one give the same records on the topics they share, the ledger excepted.

The same raw topic, placed by tenant, is read by each deployment in turn, ticks off; everything else is deleted in between.
"""
import argparse
import sys
import time

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from rig import Pipeline, say

STAGES = ("normalize", "classify", "dedup", "identify", "route", "analytics")
DEPLOYMENTS = {"six": STAGES, "three": ("normalize classify", "dedup identify", "route analytics"), "one": (" ".join(STAGES),)}
IN_ORDER = ("cx.identity.aliases.v1", "cx.metrics.minute.v1")
SHARED = {"six": {"cx.events.v1", "cx.identified.v1"}, "three": {"cx.events.v1", "cx.identified.v1"}, "one": set()}


def shared_topics(pipeline):
    names = AdminClient({"bootstrap.servers": pipeline.brokers}).list_topics(timeout=10).topics
    return sorted(n for n in names if n.startswith(("cx.route.", "cx.dlq.", "cx.metrics.", "cx.identity.")))


def outcome(pipeline, name):
    result = {}
    for topic in shared_topics(pipeline) + sorted(SHARED[name]):
        if topic in IN_ORDER:
            for partition in range(pipeline.scope):
                result[topic, partition] = list(pipeline.tap(topic, "--records", "--partition", str(partition)))
        else:
            result[topic] = pipeline.multiset(topic)
    return result


def delete_group(admin, group):
    """A static member stays in its group for a session timeout after it has stopped; a group whose topics are deleted goes by itself when it is gone."""
    for attempt in range(60):
        try:
            admin.delete_consumer_groups([group])[group].result()
            return
        except KafkaException as refused:
            if refused.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return
            if attempt == 59:
                raise
            time.sleep(0.5)


def wipe(pipeline):
    admin = AdminClient({"bootstrap.servers": pipeline.brokers})
    topics = [n for n in admin.list_topics(timeout=10).topics if n.startswith("cx.") and n != "cx.raw.v1"]
    for future in admin.delete_topics(topics).values():
        future.result()
    for group in [g.group_id for g in admin.list_consumer_groups().result().valid if g.group_id.startswith("cx.")]:
        delete_group(admin, group)
    while any(n.startswith("cx.") and n != "cx.raw.v1" for n in admin.list_topics(timeout=10).topics):
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--records", type=int, default=12000)
    args = parser.parse_args()
    outcomes, failed = {}, 0
    for number, (name, chains) in enumerate(DEPLOYMENTS.items()):
        pipeline = Pipeline(args.cx, chains, raw=3, scope=3, route=3, tick="0")
        pipeline.create_topics()
        if number == 0:
            pipeline.produce_sample(args.records, 5)
        pipeline.start()
        try:
            pipeline.wait_until_drained()
        finally:
            pipeline.stop()
        outcomes[name] = outcome(pipeline, name)
        say(f"{name}: {len(outcomes[name])} topics read, {sum(sum(v.values()) if hasattr(v, 'values') else len(v) for v in outcomes[name].values())} records")
        wipe(pipeline)
    for name in ("three", "one"):
        for topic, records in outcomes[name].items():
            if outcomes["six"].get(topic) != records:
                print(f"{topic}: {name} process(es) and six differ")
                failed += 1
    empty = not outcomes["six"]["cx.route.care.v1"]
    print(f"same_records deployments={len(outcomes)} topics={len(outcomes['one'])} differing={failed}")
    sys.exit(1 if failed or empty else 0)


if __name__ == "__main__":
    main()
