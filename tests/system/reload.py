#!/usr/bin/env python3
"""A tenant's labels change while records flow: one transaction has one model, records and ledger say which, a broken file changes nothing.

  reload.py --cx PATH
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time

from http_endpoints import samples, start, total, wait_until_ready
from rig import Pipeline

CHAIN = "normalize classify"
WARRANTY = ("the hinge broke, warranty please", "warranty claim for the drawer", "is it under warranty", "a broken leg, I claim the warranty", "warranty: the door")
MISSING = ("a screw is missing", "a missing panel in the box", "one bolt missing", "the box came with a missing handle", "missing: two hinges")


def require(condition, what):
    if not condition:
        raise SystemExit(f"reload: {what}")


def train(cx, folder, label):
    """acme.cxm with a name of its own for what customers want; its version."""
    labels = folder / "labels.tsv"
    labels.write_text("".join(f"{label}\t{t}\n" for t in WARRANTY) + "".join(f"missing_part\t{t}\n" for t in MISSING))
    done = subprocess.run([cx, "train", "--base", "cx", "--data", str(labels), "--name", "acme", "--out", str(folder / "acme.cxm")], capture_output=True, text=True,
                          check=True)
    return next(word for word in done.stdout.split() if word.startswith("acme@"))


class Feed(threading.Thread):
    """Records for two tenants, without a pause, so that nearly always a transaction is open."""

    def __init__(self, pipeline):
        super().__init__()
        self.over, self.records = threading.Event(), 0
        self.process = subprocess.Popen([pipeline.cx, "produce", "--topic", "cx.raw.v1", "-c", str(pipeline.config)], stdin=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, env=pipeline.env)

    def run(self):
        while not self.over.wait(0.01):
            for _ in range(6):
                line = {"tenant": "acme" if self.records % 2 else "beta", "channel": "instagram", "native_id": str(self.records), "author": {"name": "N"},
                        "occurred_at": 1767607200000, "text": "the hinge broke, is it under warranty"}
                self.process.stdin.write(json.dumps(line).encode() + b"\n")
                self.records += 1
            self.process.stdin.flush()

    def stop(self):
        self.over.set()
        self.join()
        self.process.stdin.close()
        require(self.process.wait(timeout=60) == 0, "cx produce")
        return self.records


def wait_for(pipeline, event, count):
    deadline = time.monotonic() + 60
    while len(lines := [line for line in pipeline.log(CHAIN).splitlines() if f"event={event} " in line]) < count:
        require(time.monotonic() < deadline, f"{event} never came {count} times: " + pipeline.log(CHAIN)[-1500:])
        time.sleep(0.05)
    return lines


def check_models(pipeline, versions):
    """Every record by the transaction that the ledger has it in: one configuration, one model."""
    where, barriers = [], {}
    for line in pipeline.tap("cx.ledger.normalize-classify.v1", "--values"):
        entry = json.loads(line)
        if entry["kind"] == "config":
            barriers.setdefault(entry["partition"], []).append(entry["config_hash"])
        elif entry["kind"] == "batch":
            where.append((entry["partition"], entry["first_offset"], entry["next_offset"], entry["config_hash"]))
            require(entry["config_hash"] == barriers[entry["partition"]][-1], "a transaction of a configuration that no barrier announced")
    said, records = {}, 0
    for line in pipeline.tap("cx.events.v1", "--values"):
        record = json.loads(line)
        source, model = record["source"], record["classification"]["model"]
        hashes = [h for p, first, after, h in where if p == source["partition"] and first <= source["offset"] < after]
        require(len(hashes) == 1, f"{source} is in {len(hashes)} transactions")
        records += 1
        if record["tenant"] == "beta":
            require("+" not in model, f"beta has labels of another: {model}")
        else:
            said.setdefault(hashes[0], set()).add(model.split("+")[1])
            label = record["classification"]["intents"][0]["name"]
            require(label == versions[model.split("+")[1]], f"{model} said {label}")
    require(all(len(models) == 1 for models in said.values()), f"one configuration, several models: {said}")
    require({m for models in said.values() for m in models} == set(versions), f"models seen: {said}")
    return records, len(where)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, [CHAIN], raw=2, commit_interval="730ms")
    overlay = pipeline.scratch / "acme.cxm"
    pipeline.config.write_text(pipeline.config.read_text() + f"classify:\n  overlays: {{acme: {overlay}}}\n")
    versions = {train(args.cx, pipeline.scratch, "warranty_claim"): "warranty_claim"}
    pipeline.create_topics()
    process, port = start(pipeline, CHAIN)
    feed = Feed(pipeline)
    try:
        wait_until_ready(port)
        feed.start()
        wait_for(pipeline, "first_commit", 1)
        versions[train(args.cx, pipeline.scratch, "guarantee")] = "guarantee"
        wait_for(pipeline, "reload", 1)
        good = overlay.read_bytes()
        draft = pipeline.scratch / "draft"
        draft.write_bytes(good[:-200])
        os.replace(draft, overlay)
        refused = wait_for(pipeline, "reload_refused", 1)[0]
        require("cx.yaml:" in refused and "acme.cxm" in refused, f"the refusal says where: {refused}")
        require(total(samples(port), "cx_last_reload_successful") == 0, "the metric of a refusal")
        draft.write_bytes(good)
        os.replace(draft, overlay)
        wait_for(pipeline, "reload", 2)
        process.send_signal(signal.SIGHUP)
        wait_for(pipeline, "reload", 3)
        produced = feed.stop()
        pipeline.wait_until_drained()
        numbers = samples(port)
        require((total(numbers, "cx_reloads_total", result="loaded"), total(numbers, "cx_reloads_total", result="refused")) == (3, 1), f"reloads: {numbers}")
        require(total(numbers, "cx_last_reload_successful") == 1, "the metric once it is mended")
        process.terminate()
        require(process.wait(timeout=30) == 0, "exit after SIGTERM: " + pipeline.log(CHAIN)[-500:])
    finally:
        feed.over.set()
        process.kill()
    records, transactions = check_models(pipeline, versions)
    require(records == produced, f"{records} records of {produced} came out")
    print(f"reload records={records} transactions={transactions} models={len(versions)} refused=1 wrong=0")


if __name__ == "__main__":
    sys.exit(main())
