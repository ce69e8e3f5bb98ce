#!/usr/bin/env python3
"""A TCP proxy between Kafka clients and brokers, and between brokers, which knows requests from bytes.

  kproxy LISTEN=HOST:PORT...      LISTEN: a port of the loopback; one word per broker, numbered from 0

It reads of each request its length, API, correlation id, client id and, where the API has one, transactional id; the rest passes untouched. Brokers
must advertise the proxy's ports (deploy/local/kafka --advertise), else clients find their way around it.

Commands are JSON lines on stdin, each answered by one line on stdout; the proxy ends with its stdin.

  {"do":"rule","action":A,"api":NAME,...}   answers {"rule":id}. Matches requests; the first rule that matches acts. Also:
      client, transactional_id   regular expressions, searched for
      broker      number of the one broker meant            commits   true/false: EndTxn that commits, that aborts
      skip        so many matching requests pass first      times     acts so often, then never again (default 1; 0: for ever)
      seconds     for delay: how long                       until     for hold: an API, see below
      A is one of
      pass        only counts
      delay       the request, and what follows it on its connection, waits
      lose        the broker acts, but its answer is lost: the connection ends in place of it
      mute        the broker acts, but its answer never comes; all else on the connection goes on
      cut         the request is lost and its connection ends
      hold        the connection ends for the client, but the request is kept, and reaches the broker late: at `release`, or when the same
                  transactional id has had a request of the API `until` answered
      repeat      the broker gets the request twice; the second answer is swallowed
  {"do":"clear"}                   no more rules; what is held is released
  {"do":"release"}                 delivers what is held
  {"do":"network","latency_ms":n,"jitter_ms":n,"reset_share":x,"stalled":bool,"broker":n}
                                   latency is added to answers; resets end the connection instead of an answer; stalled: nothing moves
  {"do":"cut","client":regex}      ends connections now; answers {"cut":n}
  {"do":"counts"}                  {"rules":{id:{"hits","held","codes"}},"requests":{API:n},"bytes":n,"connections":n}; codes counts the broker's
                                   verdicts on what was held, by error code (EndTxn; 0: taken, 47 and 90: fenced)
"""
import asyncio
import collections
import contextlib
import functools
import json
import random
import re
import struct
import sys

APIS = {0: "Produce", 1: "Fetch", 2: "ListOffsets", 3: "Metadata", 8: "OffsetCommit", 9: "OffsetFetch", 10: "FindCoordinator", 11: "JoinGroup",
        12: "Heartbeat", 13: "LeaveGroup", 14: "SyncGroup", 18: "ApiVersions", 22: "InitProducerId", 24: "AddPartitionsToTxn", 25: "AddOffsetsToTxn",
        26: "EndTxn", 27: "WriteTxnMarkers", 28: "TxnOffsetCommit"}
# Requests that begin with a transactional id, and the first version of each whose encoding is flexible (KIP-482).
TRANSACTIONAL = {"Produce": 9, "InitProducerId": 2, "AddPartitionsToTxn": 3, "AddOffsetsToTxn": 3, "EndTxn": 3, "TxnOffsetCommit": 3}
ACTIONS = ("pass", "delay", "lose", "mute", "cut", "hold", "repeat")
LIMIT = 128 << 20  # no Kafka frame is larger
CLOSE, RESET = object(), object()  # in place of an answer: the connection's end
COPY = 0x70000000  # correlation ids of repeated requests: no client gets so far


class Request:
    """What is read of a request frame."""

    def __init__(self, frame):
        key, self.version, self.correlation, client_length = struct.unpack_from(">hhih", frame)
        self.frame, self.api = frame, APIS.get(key, str(key))
        at = 10 + max(0, client_length)
        self.client = frame[10:at].decode(errors="replace")
        self.transactional_id, self.commits = "", None
        flexible = TRANSACTIONAL.get(self.api)
        if flexible is not None:
            at = self.read_id(at, self.version >= flexible)
        if self.api == "EndTxn":
            self.commits = frame[at + 10] != 0  # after producer id and epoch

    def read_id(self, at, is_flexible):
        if is_flexible:  # one byte of tagged fields, none in use; then a compact string
            length, at = self.frame[at + 1] - 1, at + 2
        else:
            length, at = struct.unpack_from(">h", self.frame, at)[0], at + 2
        end = at + max(0, length)
        self.transactional_id = self.frame[at:end].decode(errors="replace")
        return end


class Rule:
    def __init__(self, number, words):
        words.pop("do")
        self.number, self.action, self.api = number, words.pop("action"), words.pop("api", None)
        self.client, self.transactional_id = re.compile(words.pop("client", "")), re.compile(words.pop("transactional_id", ""))
        self.broker, self.commits = words.pop("broker", None), words.pop("commits", None)
        self.skip, self.times = words.pop("skip", 0), words.pop("times", 1)
        self.seconds, self.until = words.pop("seconds", 0.0), words.pop("until", None)
        self.hits = self.held = 0
        self.codes = collections.Counter()
        if words or self.action not in ACTIONS or (self.api or "Fetch") not in APIS.values():
            raise ValueError(f"a rule cannot have {words or self.action or self.api}")

    def takes(self, request, broker):
        """Does the rule act on this request? Counts it if so."""
        if (self.api not in (None, request.api) or self.broker not in (None, broker) or self.commits not in (None, request.commits)
                or not self.client.search(request.client) or not self.transactional_id.search(request.transactional_id)):
            return False
        if self.times and self.hits >= self.times:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class Network:
    """How the way to one broker is."""

    def __init__(self):
        self.latency = self.jitter = self.reset_share = 0.0
        self.moves = asyncio.Event()
        self.moves.set()

    def set(self, words):
        self.latency, self.jitter = words.get("latency_ms", 0) / 1000, words.get("jitter_ms", 0) / 1000
        self.reset_share = words.get("reset_share", 0.0)
        (self.moves.clear if words.get("stalled") else self.moves.set)()


class Connection:
    """One client's connection and the one to the broker that belongs to it. Two pumps; when one ends, both do."""

    def __init__(self, proxy, broker, reader, writer):
        self.proxy, self.broker, self.network = proxy, broker, proxy.networks[broker]
        self.client_reader, self.client_writer = reader, writer
        self.waiting = {}  # correlation id -> (request, rule or None)
        self.client = ""
        self.held = None  # (request, rule) kept until released
        self.releasing = asyncio.Event()
        self.copies = 0

    async def run(self):
        host, port = self.proxy.targets[self.broker]
        try:
            await self.network.moves.wait()
            self.broker_reader, self.broker_writer = await asyncio.open_connection(host, port, limit=1 << 20)
        except OSError:
            self.client_writer.transport.abort()
            return
        self.answers = asyncio.Queue(10000)
        pumps = [asyncio.ensure_future(f()) for f in (self.pump_requests, self.pump_answers, self.deliver_answers)]
        self.proxy.connections.add(self)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            self.client_writer.close()
            if self.held:
                await self.deliver_held(pumps[1])
        finally:
            self.proxy.connections.discard(self)
            for pump in pumps:
                pump.cancel()
            self.client_writer.close()
            self.broker_writer.close()
        for outcome in await asyncio.gather(*pumps, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, (OSError, asyncio.IncompleteReadError)):
                print("kproxy: " + repr(outcome), file=sys.stderr, flush=True)

    async def frame(self, reader):
        head = await reader.readexactly(4)
        length, = struct.unpack(">i", head)
        if not 0 <= length <= LIMIT:
            raise ValueError(f"a frame of {length} bytes: not Kafka")
        body = await reader.readexactly(length)
        await self.network.moves.wait()
        self.proxy.bytes += length + 4
        return body

    def send(self, frame):
        self.broker_writer.write(struct.pack(">i", len(frame)) + frame)

    async def pump_requests(self):
        while True:
            request = Request(await self.frame(self.client_reader))
            self.client = request.client
            self.proxy.requests[request.api] += 1
            rule = self.proxy.rule_for(request, self.broker)
            action = rule.action if rule else "pass"
            if action == "cut":
                return
            if action == "hold":
                self.held = request, rule
                rule.held += 1
                return
            if action == "delay":
                await asyncio.sleep(rule.seconds)
            self.waiting[request.correlation] = request, rule
            self.send(request.frame)
            if action == "repeat":
                self.copies += 1
                self.send(request.frame[:4] + struct.pack(">i", COPY + self.copies) + request.frame[8:])
            await self.broker_writer.drain()

    async def pump_answers(self):
        loop, due = asyncio.get_running_loop(), 0.0
        while True:
            answer = await self.frame(self.broker_reader)
            request, rule = self.waiting.pop(struct.unpack_from(">i", answer)[0], (None, None))
            if request is None:  # of a copy, or of one that was held
                continue
            self.proxy.answered(request)
            action = rule.action if rule else "pass"
            if action == "hold":
                rule.codes[struct.unpack_from(">h", answer, 8)[0]] += 1
                return
            if action == "mute":
                continue
            if action == "lose":
                answer = CLOSE
            elif self.network.reset_share and random.random() < self.network.reset_share:
                answer = RESET
            if self.network.latency:
                due = max(due, loop.time() + self.network.latency + random.uniform(-self.network.jitter, self.network.jitter))
            await self.answers.put((due, answer))

    async def deliver_answers(self):
        loop = asyncio.get_running_loop()
        while True:
            due, answer = await self.answers.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if answer is RESET:
                self.client_writer.transport.abort()
            if answer in (RESET, CLOSE):
                return
            self.client_writer.write(struct.pack(">i", len(answer)) + answer)
            await self.client_writer.drain()

    async def deliver_held(self, answers):
        """The client is gone; the broker gets what was held when its time comes, and says what it thinks of it."""
        await self.releasing.wait()
        request, rule = self.held
        self.waiting[request.correlation] = self.held
        self.send(request.frame)
        await asyncio.wait([answers], timeout=30)

    def is_released_by(self, answered):
        request, rule = self.held
        return rule.until == answered.api and request.transactional_id == answered.transactional_id


class Proxy:
    def __init__(self, targets):
        self.targets = targets
        self.networks = [Network() for _ in targets]
        self.rules, self.all_rules = [], {}
        self.connections = set()
        self.requests = collections.Counter()
        self.bytes = 0

    def rule_for(self, request, broker):
        return next((rule for rule in self.rules if rule.takes(request, broker)), None)

    def answered(self, request):
        for connection in self.connections:
            if connection.held and connection.is_released_by(request):
                connection.releasing.set()

    def release(self):
        for connection in self.connections:
            connection.releasing.set()

    def command(self, words):
        name = words["do"]
        if name == "rule":
            rule = Rule(len(self.all_rules) + 1, words)
            self.rules.append(rule)
            self.all_rules[rule.number] = rule
            return {"rule": rule.number}
        if name in ("clear", "release"):
            self.rules = [] if name == "clear" else self.rules
            self.release()
        elif name == "network":
            for number, network in enumerate(self.networks):
                if words.get("broker") in (None, number):
                    network.set(words)
        elif name == "cut":
            chosen = [c for c in self.connections if re.search(words.get("client", ""), c.client)]
            for connection in chosen:
                connection.client_writer.transport.abort()
            return {"cut": len(chosen)}
        elif name == "counts":
            return {"rules": {rule.number: {"hits": rule.hits, "held": rule.held, "codes": rule.codes} for rule in self.all_rules.values()},
                    "requests": self.requests, "bytes": self.bytes, "connections": len(self.connections)}
        else:
            raise ValueError(f"no command {name}")
        return {}

    async def control(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            try:
                answer = self.command(json.loads(line))
            except (ValueError, KeyError, TypeError, re.error) as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)

    async def run(self, ports):
        async def serve(broker, reader, writer):
            with contextlib.suppress(asyncio.CancelledError):  # at the end
                await Connection(self, broker, reader, writer).run()

        servers = [await asyncio.start_server(functools.partial(serve, n), "127.0.0.1", port, limit=1 << 20) for n, port in enumerate(ports)]
        print(json.dumps({"listening": [s.sockets[0].getsockname()[1] for s in servers]}), flush=True)
        await self.control()


def main():
    ports, targets = [], []
    for word in sys.argv[1:]:
        match = re.fullmatch(r"(\d+)=([^:]+):(\d+)", word)
        if not match:
            print("usage: kproxy LISTEN=HOST:PORT...", file=sys.stderr)
            sys.exit(64)
        ports.append(int(match[1]))
        targets.append((match[2], int(match[3])))
    asyncio.run(Proxy(targets).run(ports))


if __name__ == "__main__":
    main()
