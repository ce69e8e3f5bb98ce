#!/usr/bin/env python3
"""The whole pipeline on a real broker, three processes, exactly once: records per second, CPU seconds and peak memory of each, broker included.

usage: chain.py --cx PATH [--records N] [--out FILE]     (CX_KAFKA_BROKERS names the broker: deploy/local/kafka run -- …)
A first load warms the broker's JVM up, which compiles itself at the start. Then the raw topic is filled, and the clock runs from the start of
the processes to the last commit of the last one, as its ledger has it.
"""
import argparse
import json
import os
import pathlib
import sys
import time
from datetime import datetime, timedelta, timezone

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))
from rig import Pipeline, say  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def usage(pid):
    """(CPU seconds, peak resident MB) of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, peak / 1024


def broker_pid():
    parent = os.getppid()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            ppid = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
        if b"kafka.Kafka" in command and ppid == parent:
            return int(entry.name)
    return None


def last_commit_ms(pipeline):
    last = 0
    for line in pipeline.tap("cx.ledger.route-analytics.v1", "--values"):
        entry = json.loads(line)
        if entry["kind"] == "batch":
            at = datetime.strptime(entry["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
            last = max(last, at.timestamp() * 1000)
    return last


def produce(pipeline, args, records, seed):
    """A load whose last record is of now."""
    start = datetime.now(timezone.utc) - timedelta(days=records / args.per_day)
    pipeline.produce_sample(records, seed, "--per-day", str(args.per_day), "--start", start.strftime("%Y-%m-%dT%H:%M:%SZ"))


def warm_up(pipeline, args):
    if not args.warm:
        return
    produce(pipeline, args, args.warm, 1001)
    pipeline.start()
    pipeline.wait_until_drained(600)
    pipeline.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    parser.add_argument("--records", type=int, default=300000)
    parser.add_argument("--warm", type=int, default=100_000, help="records of the first load (default: %(default)s)")
    parser.add_argument("--per-day", type=int, default=10_000_000, help="conversations a day of the sample: how dense it lies in time (default: %(default)s)")
    parser.add_argument("--kafka", action="append", default=[], metavar="NAME=VALUE", help="an option of the kafka: map to measure with")
    parser.add_argument("--out")
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, raw=4, scope=3, route=3, tick="10s", lateness="1h")
    for word in args.kafka:
        pipeline.config.write_text(pipeline.config.read_text().replace("  state_dir", f"  {word.replace('=', ': ')}\n  state_dir"))
    pipeline.create_topics()
    warm_up(pipeline, args)
    produce(pipeline, args, args.records, 1)
    broker = broker_pid()
    before = usage(broker)[0] if broker else 0
    started = time.time() * 1000
    pipeline.start()
    try:
        time.sleep(2)
        pids = {chain: pipeline.pid(chain) for chain in pipeline.chains}
        pipeline.wait_until_drained(600)
        result = {chain: usage(pid) for chain, pid in pids.items()}
        if broker:
            cpu, peak = usage(broker)
            result["broker"] = (cpu - before, peak)
    finally:
        pipeline.stop()
    seconds = (last_commit_ms(pipeline) - started) / 1000
    report = {"records": args.records, "seconds": round(seconds, 2), "records_per_s": round(args.records / seconds),
              "processes": {name: {"cpu_s": round(cpu, 2), "peak_mb": round(peak, 1)} for name, (cpu, peak) in result.items()}}
    say(json.dumps(report))
    if args.out:
        pathlib.Path(args.out).write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
