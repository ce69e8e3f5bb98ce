"""session.py - brokers, processes and load that some faults share, and what a fault may do to them.

A fault gets the Session as `rig`: it kills, stops and starts processes through it, and tells it what it did, so that a run in which nothing
happened cannot pass.
"""
import os
import pathlib
import signal
import subprocess
import time
from collections import Counter, defaultdict

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from broker import BROKER, OneNode
from rig import Pipeline, say
from watch import LiveReader, Watch
from workload import Load, RAW, Truth, Workload

HERE = pathlib.Path(__file__).resolve().parent
MORE = """\
normalize:
  max_payload: 1m
placement: {t00: 0, t01: 1, t02: 2, t03: 3, t04: 4, t05: 5}
http:
  listen: ""
"""
# Times are short so that a fault shows in seconds; their order is that of production (docs/operating.md).
ENV = {"CX_KAFKA_SESSION_TIMEOUT": "6s", "CX_KAFKA_TRANSACTION_TIMEOUT": "10s", "CX_KAFKA_MESSAGE_TIMEOUT": "8s", "CX_KAFKA_SOCKET_TIMEOUT": "5s",
       "CX_KAFKA_MAX_POLL_INTERVAL": "30s", "CX_RUN_BREAKER_WINDOW": "2000", "CX_STATE_DIGEST": "1", "CX_PAD": "route:F22-77"}
# A topic that a chain's open transaction has written to: its last stable offset is behind the end then.
WRITES = {"normalize": "cx.events.v1", "dedup": "cx.identified.v1", "route": "cx.route.care.v1"}  # care gets every record
CRASHES = tuple(-number for number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE))


class Failed(Exception):
    """What a fault did not bring about, or a process did not do."""


class Session:
    def __init__(self, cx, setup, seed, bug=None, isolation="read_committed"):
        self.cx, self.setup, self.seed, self.bug = str(cx), setup, seed, bug
        self.isolation = isolation               # of the reader during the faults
        self.patience = 75 if bug else 240       # seconds to wait for anything: some mistakes never come to it
        self.broker = setup.broker() if setup.broker else OneNode(BROKER)
        self.truth = Truth()
        self.kills = []                          # (fault, chain, wall time in s) of every blow that a chain must get over
        self.counts = defaultdict(Counter)       # fault to what happened in it
        self.fault = None
        self.pipeline = self.load = self.watch = self.reader = None
        self.members = []
        self.told = 0                            # crashes that an earlier fault was told of

    # ---- coming and going ----

    def open(self):
        self.broker.start()
        more = MORE + self.setup.more
        env = {**ENV, **dict(self.setup.env)}
        self.pipeline = Pipeline(self.cx, self.setup.chains, raw=RAW, scope=6, route=3, brokers=self.broker.stages, env=env,
                                 lateness="10s", snapshots="0" if self.bug else "2s", more=more)  # snapshots would hide a wrong changelog
        self.pipeline.prefix = f"{HERE}/armed {self.pipeline.scratch}/{{name}}.arm" + (f" env CX_BUG={self.bug}" if self.bug else "")
        self.pipeline.create_topics()
        self.raise_raw_limit()
        for chain in self.pipeline.chains:
            self.start_chain(chain)
        self.watch = Watch(self.pipeline, self.broker.bootstrap)
        self.watch.start()
        self.reader = LiveReader(self.broker.bootstrap, self.isolation)
        self.reader.start()
        self.wait_until_assigned()

    def raise_raw_limit(self):
        """Raw topics take what is far too large, so that a process meets it."""
        entry = ConfigEntry("max.message.bytes", "12000000", incremental_operation=AlterConfigOpType.SET)
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap})
        for future in admin.incremental_alter_configs([ConfigResource(ResourceType.TOPIC, "cx.raw.v1", incremental_configs=[entry])]).values():
            future.result(30)

    def close(self):
        for part in (self.load and self.load.end, self.watch and self.watch.end, self.reader and self.reader.end, self.stop_members,
                     self.pipeline and self.pipeline.stop, self.broker.stop):
            try:
                if part:
                    part()
            except (Exception, SystemExit) as trouble:  # the rest is to be closed all the same
                say(f"closing: {trouble}")

    def begin(self, fault, **workload):
        """The load of one fault: its ids begin with the fault's name."""
        self.fault = fault
        self.load = Load(self.broker.bootstrap, Workload(self.seed, fault, **workload), self.truth, self.setup.rate)
        self.load.start()
        since = time.time()
        for chain in self.pipeline.chains:
            self.wait_for_commit(chain, since)

    def end(self):
        """The load ends and everything is processed."""
        sent = self.load.sent
        self.load.end()
        self.counts[self.fault]["records"] += self.load.sent
        self.load = None
        self.require(sent > 0, "the load sent nothing")
        self.stop_members()
        self.require_no_crash()

    def require_no_crash(self):
        """Supervisors would hide it: the process comes back, and the records are right."""
        crashes, self.told = self.pipeline.crashes()[self.told:], len(self.pipeline.crashes())
        self.require(not crashes, f"a bug: {crashes}")

    # ---- what happened ----

    def count(self, what, n=1):
        self.counts[self.fault][what] += n

    def require(self, condition, what):
        if not condition:
            raise Failed(what)

    def wait_for(self, what, condition, seconds=None):
        seconds = seconds or self.patience
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise Failed(f"waited {seconds} s for {what}\n" + "\n".join(self.pipeline.log(chain)[-1500:] for chain in self.pipeline.chains))
            time.sleep(0.05)

    def chain(self, rng, *only):
        """A chain by chance: one of those that begin with a stage of `only`."""
        return rng.choice([c for c in self.pipeline.chains if not only or c.split()[0] in only])

    def times_assigned(self, chain):
        """How often the chain's process was given partitions, by its log."""
        return self.pipeline.log(chain).count("event=kafka_assigned ")

    def wait_until_assigned(self):
        self.wait_for("all processes to own their partitions", self.pipeline.is_assigned)

    # ---- blows ----

    def pid(self, chain):
        """Pid of the chain's supervised process; waits while it is being started anew."""
        self.wait_for(f"a process of {chain}", lambda: self.pipeline.pid(chain))
        return self.pipeline.pid(chain)

    def mark(self, chain):
        """From now to the chain's next commit is a resume time."""
        self.kills.append((self.fault, chain, time.time()))

    def hit(self, chain, is_open=None):
        """Says that the chain was struck now; counts it when a transaction was open, which is looked for if it is not known."""
        self.mark(chain)
        self.count("open_txn", self.has_open_transaction(chain) if is_open is None else is_open)

    def kill(self, chain, is_open=None):
        pid = self.pid(chain)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        self.hit(chain, is_open)
        self.count("kills")
        return pid

    def freeze(self, chain):
        """SIGSTOP inside a transaction, whose end was not already asked for; the pid."""
        deadline = time.monotonic() + self.patience
        while True:
            pid = self.pid(chain)
            os.kill(pid, signal.SIGSTOP)
            if self.has_open_transaction(chain) and not time.sleep(0.1) and self.has_open_transaction(chain):
                return pid
            os.kill(pid, signal.SIGCONT)
            self.require(time.monotonic() < deadline, f"{chain} is never seen inside a transaction")
            time.sleep(0.07)

    def wait_until_gone(self, chain, pid):
        self.wait_for(f"the end of process {pid} of {chain}", lambda: self.pipeline.pid(chain) != pid)

    def wait_until_caught_up(self):
        """What was sent before now is processed, but for the newest second or so."""
        self.wait_for("the processes to catch up", lambda: max(self.pipeline.lags().values()) <= self.setup.rate)

    def start_armed(self, chain, **env):
        """Lets the chain's process start anew with this environment; the pid of the process that took it, which may have ended since."""
        self.arm(chain, **env)
        deadline, killed = time.monotonic() + self.patience, None
        while self.is_armed(chain):
            pid = self.pipeline.pid(chain)
            if pid and pid != killed and self.is_armed(chain):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                killed = pid
            self.require(time.monotonic() < deadline, f"{chain} is not started anew")
            time.sleep(0.05)
        return int((self.pipeline.scratch / f"{chain.replace(' ', '-')}.arm.taken").read_text())

    def is_gone(self, chain, pid):
        """Has another process taken this one's place? Before it has a place, and after it, there is none."""
        return self.pipeline.pid(chain) not in (None, pid)

    def come_to(self, chain, line, env, meanwhile=lambda pid, owned: None):
        """Starts the chain's process anew with this environment until it says this line; again when it ended for another reason before.
        `meanwhile` is told its pid and how often the chain had been given partitions before it."""
        before = self.pipeline.log(chain).count(line)
        for _ in range(5):
            owned = self.times_assigned(chain)
            pid = self.start_armed(chain, **env)
            meanwhile(pid, owned)
            self.wait_for(f"{chain} to say {line.strip()}", lambda: self.pipeline.log(chain).count(line) > before or self.is_gone(chain, pid))
            if self.pipeline.log(chain).count(line) > before:
                return
        raise Failed(f"{chain} does not come to say {line.strip()}")

    def crash(self, chain, point, meanwhile=lambda pid, owned: None, **env):
        """Lets the chain's process kill itself at a fail-point."""
        self.come_to(chain, f"failpoint kills {point}\n", {"CX_FAIL": f"{point}:1", **env}, meanwhile)
        self.hit(chain)

    def halt(self, chain, point, passing):
        """Lets the chain's process stop itself when it passes a fail-point for the n-th time, all its threads: it holds what it was about to send."""
        self.come_to(chain, f"failpoint stops {point}\n", {"CX_FAIL": f"{point}:{passing}:stop"})

    def linger(self, chain, point, passing):
        """The same, but its threads go on for a minute: what it was about to send goes out."""
        self.come_to(chain, f"failpoint sleeps {point}\n", {"CX_FAIL": f"{point}:{passing}:60000"})

    def wait_for_commit(self, chain, since, seconds=None):
        """The next commit of a chain after a wall time."""
        self.wait_for(f"a commit of {chain}", lambda: self.reader.committed[chain] > since, seconds)

    def arm(self, chain, **env):
        """Environment of the next start of a chain's process, of that one only: see pipeline/base/failpoint.h."""
        file = self.pipeline.scratch / f"{chain.replace(' ', '-')}.arm"
        file.with_suffix(".new").write_text("".join(f"{name}={value!r}\n" for name, value in env.items()))
        file.with_suffix(".new").rename(file)

    def is_armed(self, chain):
        """Is there still an environment that no process has taken?"""
        return (self.pipeline.scratch / f"{chain.replace(' ', '-')}.arm").exists()

    def has_open_transaction(self, chain):
        return self.watch.has_open_transaction(WRITES[chain.split()[0]])

    # ---- members beside the supervised ones ----

    def add_member(self, chain, *words, env=None):
        """A further process of a chain; ends with the fault at the latest."""
        name = f"{chain.replace(' ', '-')}.{len(self.members)}"
        command = self.pipeline.command(chain, name, *words).split()
        log = open(self.pipeline.scratch / f"{name}.log", "ab")
        command = [word.replace("''", "") for word in command]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**self.pipeline.env, **(env or {})})
        process.log_name = name
        self.members.append(process)
        return process

    def member_log(self, process):
        return (self.pipeline.scratch / f"{process.log_name}.log").read_text(errors="replace")

    def start_chain(self, chain, cx=None):
        """The chain's supervised process, when it was stopped."""
        self.pipeline.start_chain(chain, "--instance", "0" if self.setup.instances else "''", cx=cx)

    def stop_members(self):
        for process in self.members:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.members:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
        crashes = [self.member_log(process)[-500:] for process in self.members if process.returncode in CRASHES]
        self.members.clear()
        self.require(not crashes, f"a bug: {crashes}")
