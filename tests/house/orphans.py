"""orphans.py - what measures and tests leaves nothing running, however it is ended.

Everything here is real but what is started in the end: in place of brokers and programs stands a script that tells its pid and stays.
"""
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAST = 60000  # ms; what still runs then is left behind
STAYS = """\
#!/bin/sh
case "$*" in *"$STAYS"*) ;; *) exit 0 ;; esac
echo $$ >"$PIDS/pipe"
exec sleep 1000
"""
RIG = """\
import os, sys
sys.path.insert(0, {tests!r})
from rig import Pipeline
pipeline = Pipeline({stays!r}, chains=["normalize", "dedup"], brokers="-")
pipeline.start()
load = pipeline.produce_sample(1, 1, background=True)
print(*(s.pid for s in pipeline.supervisors.values()), flush=True)
load.wait()
"""


def stub(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(STAYS)
    file.chmod(0o755)
    return file


class Started:
    """Pids that stubs tell, one after the other; each is held by a descriptor, which no other process can take over."""

    def __init__(self, folder):
        self.pipe = folder / "pipe"
        os.mkfifo(self.pipe)
        self.held = []

    def hold(self, pid):
        self.held.append((pid, os.pidfd_open(pid)))

    def wait_for(self, count):
        while count > 0:
            told = self.pipe.read_text().split()
            for pid in told:
                self.hold(int(pid))
            count -= len(told)

    def are_gone(self):
        for pid, fd in self.held:
            if not select.select([fd], [], [], LAST / 1000)[0]:
                os.kill(pid, signal.SIGKILL)
                raise SystemExit(f"{pid} is left behind")


def started(folder, stays=""):
    """stays: a word of the command that does, of others that end at once."""
    folder.mkdir()
    return Started(folder), {**os.environ, "PIDS": str(folder), "STAYS": stays}


def bench_ends(folder, number, case, stubs, stays=""):
    """A copy of bench/run where its programs are stubs."""
    for name in stubs:
        stub(folder / name)
    prepare = stub(folder / "tests/system/run")
    prepare.write_text("#!/bin/sh\n")
    (folder / "bench").mkdir(exist_ok=True)
    shutil.copy(ROOT / "bench/run", folder / "bench/run")
    pids, env = started(folder / f"pids-{number}-{case}", stays)
    bench = subprocess.Popen([folder / "bench/run", *([case] if case else [])], env=env, stderr=subprocess.DEVNULL)
    pids.wait_for(1)
    os.kill(bench.pid, number)
    status = bench.wait()
    assert status == 128 + number, f"bench/run {case} ended with {status}"
    pids.are_gone()


def rig_ends(folder, number):
    """Three processes, two of them supervised."""
    stays = stub(folder / "stays")
    pids, env = started(folder / f"pids-{number}-rig")
    rig = subprocess.Popen([sys.executable, "-B", "-c", RIG.format(tests=str(ROOT / "tests"), stays=str(stays))], env=env, stdout=subprocess.PIPE)
    pids.wait_for(3)
    for pid in rig.stdout.readline().split():
        pids.hold(int(pid))
    os.kill(rig.pid, number)
    rig.wait()
    pids.are_gone()


def main():
    with tempfile.TemporaryDirectory(prefix="cx-orphans-") as name:
        folder = pathlib.Path(name)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            bench_ends(folder, number, "restore", ["build/release/bench/restore_bench"])  # in a pipe
            bench_ends(folder, number, "commit", ["deploy/local/kafka"])
            bench_ends(folder, number, "", ["build/release/bench/stages_bench", "build/release/bench/text_bench"], "chain.py")  # in no pipe
        for number in (signal.SIGTERM, signal.SIGKILL):
            rig_ends(folder, number)
    print("nothing is left behind")


main()
