#!/usr/bin/env python3
"""The pages of a stage process: answered before, while and after it works, whoever asks; numbers that are the ledger's."""
import argparse
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from rig import Pipeline, say

RECORDS = 3000
CHAINS = ("normalize classify", "dedup identify", "route analytics")
PAGES = ("/livez", "/readyz", "/metrics", "/status", "/config", "/version")
CONNECTIONS = 64  # at most, at a time


class Page:
    def __init__(self, port, path, method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                self.status, self.headers, self.body = response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            self.status, self.headers, self.body = error.code, error.headers, error.read().decode()


def expect(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"http_endpoints: {what}: {str(found)[:500]} instead of {str(wanted)[:500]}")


def require(condition, what):
    if not condition:
        raise SystemExit(f"http_endpoints: {what}")


def start(pipeline, chain):
    """The process, and the port it says it listens on."""
    log = open(pipeline.scratch / f"{chain.replace(' ', '-')}.log", "w+", encoding="utf-8")
    command = [pipeline.cx, "run", *chain.split(), "-c", str(pipeline.config), "--instance", "0", "--set", "http.listen=127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=log, env=pipeline.env)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = re.search(r"event=http .*port=(\d+)", pipeline.log(chain))
        if found:
            return process, int(found.group(1))
        time.sleep(0.05)
    raise SystemExit("http_endpoints: no port in the log: " + pipeline.log(chain))


def wait_until_ready(port):
    deadline = time.monotonic() + 60
    while Page(port, "/readyz").status != 200:
        require(time.monotonic() < deadline, "not ready within a minute")
        expect(Page(port, "/livez").status, 200, "a process that restores is alive")
        time.sleep(0.1)


def samples(port):
    """Metric with labels -> value."""
    page = Page(port, "/metrics")
    expect(page.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "content type of /metrics")
    return {m.group(1): float(m.group(2)) for m in re.finditer(r"^([a-z_]+(?:\{.*\})?) (\S+)$", page.body, re.M)}


def total(numbers, name, **labels):
    wanted = [f'{k}="{v}"' for k, v in labels.items()]
    return sum(v for k, v in numbers.items() if k.split("{")[0] == name and all(w in k for w in wanted))


def check_pages(port, chain):
    expect(Page(port, "/livez").body, "ok\n", "/livez")
    expect(Page(port, "/readyz").body, "ok\n", "/readyz")
    require(re.fullmatch(r"cx \d+\.\d+\.\d+\S*\n", Page(port, "/version").body), "/version")
    status = json.loads(Page(port, "/status").body)
    expect((status["chain"], status["alive"], status["ready"], status["assigned_partitions"] > 0), (chain.replace(" ", "-"), True, True, True), "/status")
    config = Page(port, "/config").body
    require("hunter2" not in config and "***" in config and "commit_interval" in config, "/config masks secrets: " + config)
    for path in PAGES:
        get, head = Page(port, path), Page(port, path, "HEAD")
        expect((get.status, head.status, head.body), (200, 200, ""), f"HEAD {path}")
        expect(head.headers["Content-Type"], get.headers["Content-Type"], f"type of HEAD {path}")


def check_refusals(port):
    for path in ("/", "/nothing", "/metrics/", "/livez/../etc/passwd", "/METRICS", "/" + "x" * 5000):
        expect(Page(port, path).status, 404, "GET " + path[:40])
    expect(Page(port, "/livez?verbose=1").status, 200, "a query is nobody's business")
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        page = Page(port, "/status", method)
        expect((page.status, page.headers["Allow"]), (405, "GET, HEAD"), method)
    for junk in (b"GET /livez HTTP/1.1\r\nHost: x\r\nBig: " + b"x" * 100000 + b"\r\n\r\n", b"\x16\x03\x01 nonsense\r\n\r\n", b"GET\r\n\r\n", b"\0" * 1000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=15) as s:
            answer = b""
            try:
                s.sendall(junk)
                answer = s.recv(200)
            except ConnectionError:
                pass
            require(not answer or answer.split()[1][:1] in (b"4", b"5"), f"junk is refused: {answer}")
    expect(Page(port, "/livez").status, 200, "alive after junk")


def threads(process):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as f:
        return int(re.search(r"Threads:\s+(\d+)", f.read()).group(1))


def descriptors(process):
    done = subprocess.run(["ls", f"/proc/{process.pid}/fd"], capture_output=True, text=True, check=False)
    return len(done.stdout.split())


def answered_soon(port, what):
    """Whoever asks, and asks again when put off, is answered."""
    deadline = time.monotonic() + 40
    while True:
        try:
            expect(Page(port, "/livez").status, 200, f"/livez: {what}")
            return
        except (OSError, http.client.HTTPException):
            require(time.monotonic() < deadline, f"{what}: everybody else is kept out")
            time.sleep(0.3)


def check_slow_clients(process, port):
    """Clients that never finish their request take neither threads nor more than a set number of connections, and are put out after a while."""
    before = threads(process), descriptors(process)
    slow = []
    for _ in range(3 * CONNECTIONS):
        s = socket.create_connection(("127.0.0.1", port), timeout=5)
        try:
            s.sendall(b"GET /livez HT")
        except ConnectionError:
            pass
        slow.append(s)
    time.sleep(0.5)
    expect(threads(process), before[0], "threads under slow clients")
    require(descriptors(process) <= before[1] + CONNECTIONS, f"descriptors under slow clients: {descriptors(process)}, before {before[1]}")
    answered_soon(port, "slow clients")
    for s in slow:
        s.close()
    time.sleep(0.3)
    require(descriptors(process) <= before[1] + 2, "descriptors are given back")


class Abuse(threading.Thread):
    """Clients that mean no good, all the while: they trickle, send heads of 10 MB, pipe garbage, and come 200 at a time."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.ports, self.over, self.rounds, self.trickling = ports, threading.Event(), 0, []

    @staticmethod
    def connect(port):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except OSError:
            return None

    @staticmethod
    def send(client, data):
        try:
            client.sendall(data)
            return True
        except OSError:
            return False

    def crowd(self, port):
        clients = [c for c in (self.connect(port) for _ in range(200)) if c]
        for client in clients:
            self.send(client, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            client.close()

    def run(self):
        while not self.over.is_set():
            for port in self.ports:
                self.trickling = [c for c in self.trickling if self.send(c, b"x")][-200:]
                self.trickling += [c for c in (self.connect(port) for _ in range(20)) if c and self.send(c, b"GET /livez HTTP/1.1\r\nX: ")]
                for data in (b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000_000, b"GET /livez HTTP/1.1\r\n\r\n\0\xff garbage\r\n" * 2000,
                             b"POST /status HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 100_000):
                    client = self.connect(port)
                    if client:
                        self.send(client, data)
                        client.close()
                self.crowd(port)
            self.rounds += 1
            self.over.wait(0.2)


def check_promtool(port):
    promtool = shutil.which("promtool")
    if not promtool:
        say("promtool is missing (Debian: prometheus); the exposition was not linted")
        return 0
    done = subprocess.run([promtool, "check", "metrics"], input=Page(port, "/metrics").body, capture_output=True, text=True, check=False)
    expect((done.returncode, done.stdout, done.stderr), (0, "", ""), "promtool check metrics")
    return 1


def check_zeroes(port, chain):
    """Before the first record there is a series for everything that can happen: alerts need the 0 that comes before the 1."""
    numbers = samples(port)
    for stage in chain.split():
        require(any(k.startswith("cx_items_settled_total") and f'stage="{stage}"' in k for k in numbers), f"cx_items_settled_total of {stage}")
    for name in ("cx_records_consumed_total", "cx_items_total", "cx_transactions_total", "cx_records_produced_total", "cx_consumer_lag_records",
                 "cx_transaction_duration_seconds_count", "cx_end_to_end_latency_seconds_count", "cx_assigned_partitions", "cx_state_restored_records_total"):
        require(any(k.split("{")[0] == name for k in numbers), f"{name} is not there")
    for verdict in ("emit", "absorb", "drop", "reject"):
        expect(total(numbers, "cx_items_total", verdict=verdict), 0, f"{verdict} before the first record")
    expect(total(numbers, "cx_records_consumed_total"), 0, "consumed before the first record")
    expect(total(numbers, "cx_build_info"), 1, "cx_build_info")
    return set(numbers)


def ledger_of(pipeline, chain):
    sums = {"records": 0, "items": 0, "emitted": 0, "absorbed": 0, "dropped": 0, "rejected": 0}
    reasons = {}
    for line in pipeline.tap(f"cx.ledger.{chain.replace(' ', '-')}.v1", "--values"):
        entry = json.loads(line)
        for name in ("records", "items", "emitted"):
            sums[name] += entry[name]
        for name in ("absorbed", "dropped", "rejected"):
            for reason, n in entry[name].items():
                sums[name] += n
                reasons[reason] = reasons.get(reason, 0) + n
    return sums, reasons


def check_against_ledger(pipeline, port, chain):
    numbers, (sums, reasons) = samples(port), ledger_of(pipeline, chain)
    require(sums["items"] > 1000, f"work was done: {sums}")
    expect(total(numbers, "cx_transactions_total", result="aborted"), 0, "aborts, which would be counted twice")
    expect(total(numbers, "cx_records_consumed_total"), sums["records"], f"{chain}: records")
    for verdict, name in (("emit", "emitted"), ("absorb", "absorbed"), ("drop", "dropped"), ("reject", "rejected")):
        expect(total(numbers, "cx_items_total", verdict=verdict), sums[name], f"{chain}: {name}")
    for reason, n in reasons.items():
        stage, name = reason.split("/")
        expect(total(numbers, "cx_items_settled_total", stage=stage, reason=name), n, f"{chain}: {reason}")
    expect(total(numbers, "cx_items_settled_total"), sum(reasons.values()), f"{chain}: all that did not go on")
    expect(total(numbers, "cx_consumer_lag_records"), 0, f"{chain}: lag")
    return len(reasons)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cx", required=True)
    args = parser.parse_args()
    pipeline = Pipeline(args.cx, CHAINS, tick="1h")
    pipeline.config.write_text(pipeline.config.read_text().replace("kafka:\n", "kafka:\n  librdkafka: {ssl.key.password: hunter2}\n"))
    pipeline.create_topics()
    running = {chain: start(pipeline, chain) for chain in CHAINS}
    names, reasons, linted = {}, 0, 0
    try:
        for chain, (process, port) in running.items():
            wait_until_ready(port)
            check_pages(port, chain)
            check_refusals(port)
            names[chain] = check_zeroes(port, chain)
            linted += check_promtool(port)
        check_slow_clients(*running[CHAINS[0]])
        abuse = Abuse([port for _, port in running.values()])
        abuse.start()
        pipeline.produce_sample(RECORDS, 11)
        pipeline.wait_until_drained()
        for chain, (process, port) in running.items():
            answered_soon(port, f"{chain} under abuse")
            require(process.poll() is None and descriptors(process) < 300, f"{chain}: {descriptors(process)} descriptors under abuse")
        abuse.over.set()
        abuse.join(60)
        require(abuse.rounds > 1 and abuse.trickling, "the abuse took place")
        for client in abuse.trickling:
            client.close()
        time.sleep(1.5)  # gauges are refreshed twice a second
        for chain, (process, port) in running.items():
            reasons += check_against_ledger(pipeline, port, chain)
            linted += check_promtool(port)
            appeared = {n for n in set(samples(port)) - names[chain] if n.startswith(("cx_items", "cx_records", "cx_transactions"))}
            expect(appeared, set(), "series that showed only after their first record")
        for process, port in running.values():
            process.terminate()
        for chain, (process, port) in running.items():
            expect(process.wait(timeout=30), 0, f"{chain}: exit after SIGTERM: " + pipeline.log(chain)[-500:])
    finally:
        for process, _ in running.values():
            process.kill()
    print(f"http_endpoints processes={len(running)} pages={len(PAGES)} reasons={reasons} linted={linted} wrong=0")


if __name__ == "__main__":
    sys.exit(main())
