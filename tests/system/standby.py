#!/usr/bin/env python3
"""A standby follows an instance, takes its place when it is gone, and fences it when it is not: nothing is lost, doubled or torn.

  standby.py --cx PATH
"""
import argparse
import re
import signal
import sys
import time

from restore import KEYED, Process, expect, failures, feed
from rig import DEPLOYMENT, Pipeline
from rig.reference import check_events, check_raw, torn_transactions


class Standby(Process):
    def __init__(self, pipeline):
        super().__init__(pipeline, 0, "--standby")
        self.path = pipeline.scratch / "standby.log"


def takes_over(standby, cause, what):
    line = standby.wait_for("standby_takeover", seconds=90)[0]
    expect(f"cause={cause} " in line and "warm=yes" in line, f"{what}: {line[line.index('instance='):]}")
    filled = [line for line in standby.wait_for("restored", 4) if " keys=0 " not in line]
    expect(all(" from=memory " in line for line in filled), "its partitions come from memory")
    first = standby.wait_for("first_commit")[0]
    print("standby from assignment to first commit: " + re.search(r"after_ms=\d+", first).group(0), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, DEPLOYMENT, snapshots="1s")
    pipeline.create_topics()
    owner, standby = Process(pipeline, 0), Standby(pipeline)
    pipeline.start(without=(KEYED,))
    try:
        owner.start()
        feed(pipeline, 1)
        standby.start()
        standby.wait_for("standby_warm")
        feed(pipeline, 2, 2000)
        expect(not standby.lines("kafka_open"), "a standby has no producer and no membership")
        owner.stop(signal.SIGKILL)
        load = pipeline.produce_sample(2000, 3, background=True)
        takes_over(standby, "gone", "it takes over from one that was killed")
        load.wait()
        pipeline.wait_until_drained()

        # The other way round: the owner is stopped, not dead, and comes back when its place is taken.
        owner, standby.mark = standby, standby.path.stat().st_size
        second = Standby(pipeline)
        second.path = pipeline.scratch / "standby-2.log"
        second.start()
        second.wait_for("standby_warm")
        owner.process.send_signal(signal.SIGSTOP)
        second.process.send_signal(signal.SIGUSR1)
        feed_in = pipeline.produce_sample(2000, 4, background=True)
        takes_over(second, "signal", "it takes over from one that stands still, when told to")
        feed_in.wait()
        owner.process.send_signal(signal.SIGCONT)
        expect(owner.process.wait(timeout=60) == 70, "which is fenced, and ends with 70")
        feed(pipeline, 5, 1500)
        time.sleep(2.5)  # so that a tick comes
        expect(second.stop() == 0, "the survivor stops with 0")
        pipeline.stop()
        records, lost, doubled = check_raw(pipeline)
        lost_after, doubled_after = check_events(pipeline)
        expect(lost + lost_after + doubled + doubled_after + torn_transactions(pipeline) == 0, f"{records} records: nothing lost, doubled or torn")
    finally:
        pipeline.stop()
        for process in (owner, standby):
            if process.process and process.process.poll() is None:
                process.process.kill()
    print(f"standby failures={failures()}", flush=True)
    sys.exit(1 if failures() else 0)


if __name__ == "__main__":
    main()
