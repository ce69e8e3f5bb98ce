"""cluster.py - clusters of more than one plain broker: behind a proxy, of three nodes, on a small disk."""
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading

from confluent_kafka.admin import AdminClient

from broker import BROKER, KAFKA, OneNode

HERE = pathlib.Path(__file__).resolve().parent


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Proxy:
    """A running kproxy; its commands are those of kproxy.py."""

    def __init__(self, ports, targets):
        words = [f"{port}={target}" for port, target in zip(ports, targets)]
        self.process = subprocess.Popen([sys.executable, "-B", str(HERE / "kproxy.py"), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()
        self.process.stdout.readline()

    def do(self, name, **words):
        with self.lock:
            self.process.stdin.write(json.dumps({"do": name, **words}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def rule(self, action, **words):
        return str(self.do("rule", action=action, **words)["rule"])

    def counts(self, rule):
        return self.do("counts")["rules"][rule]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()


class Proxied(OneNode):
    """Stage processes reach the brokers through kproxy, the rig's own clients do not. With `between` the brokers talk to each other through it, too."""

    nodes, between, more = 1, False, ()

    def __init__(self):
        super().__init__((*BROKER, *self.more, *(("inter.broker.listener.name=PROXIED",) if self.between else ())))
        self.ports = free_ports(self.nodes)
        self.settings += ["--nodes", str(self.nodes), "--proxied", ",".join(f"127.0.0.1:{port}" for port in self.ports)]
        self.proxy = None

    def start(self):
        super().start()
        self.stages = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        if self.proxy is None:
            self.proxy = Proxy(self.ports, (pathlib.Path(self.folder) / "proxied").read_text().strip().split(","))

    def stop(self):
        if self.proxy:
            self.proxy.close()
        super().stop()


class Forgetful(Proxied):
    """Transactional ids that are idle for ten seconds are forgotten."""

    more = ("transactional.id.expiration.ms=10000", "transaction.remove.expired.transaction.cleanup.interval.ms=500")


class ThreeNodes(Proxied):
    """Three nodes, three replicas, two of them in sync; brokers talk through the proxy."""

    nodes, between = 3, True

    def places(self):
        """(topic, partition) to its metadata."""
        topics = AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(timeout=20).topics
        return {(name, number): place for name, topic in topics.items() for number, place in topic.partitions.items()}

    def leader(self, topic, partition):
        return self.places()[topic, partition].leader

    def is_in_sync(self):
        return all(len(place.isrs) == self.nodes for place in self.places().values())

    def coordinator(self, topic, name):
        """Node of the group's or transaction's coordinator: the leader of the partition that Java's hash of the name says."""
        value, places = 0, self.places()
        for byte in name.encode("utf-16-be")[1::2]:
            value = value * 31 + byte & 0xffffffff
        count = sum(1 for t, _ in places if t == topic)
        return places[topic, (value & 0x7fffffff) % count].leader

    def controller(self):
        """Leader of the metadata quorum: clients are told any node. DescribeQuorum, version 0."""
        name = b"__cluster_metadata"
        body = struct.pack(">hhihB", 55, 0, 1, -1, 0) + struct.pack(">BB", 2, len(name) + 1) + name + struct.pack(">BiBBB", 2, 0, 0, 0, 0)
        for address in self.bootstrap.split(","):
            try:
                with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=5) as s:
                    s.sendall(struct.pack(">i", len(body)) + body)
                    answer = s.makefile("rb").read(4 + 4 + 1 + 2 + 1 + 1 + len(name) + 1 + 4 + 2 + 4)
                    return struct.unpack(">i", answer[-4:])[0]
            except (OSError, struct.error):
                continue
        return -1

    def stop_node(self, node, is_hard):
        subprocess.run([KAFKA, "down", "--dir", self.folder, "--node", str(node), "--keep", *(("--hard",) if is_hard else ())], check=True)

    def start_node(self, node):
        subprocess.run([KAFKA, "up", "--dir", self.folder, "--node", str(node)], stdout=subprocess.DEVNULL, check=True)


class SmallDisk(OneNode):
    """One node whose files lie on a file system of their own, in memory, which can be filled to the last byte."""

    SIZE = 256

    def __init__(self):
        super().__init__((*BROKER, "log.segment.bytes=16777216"))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}m", "cxstream-faults", self.folder], check=False).returncode != 0:
            shutil.rmtree(self.folder)
            raise SystemExit("a small file system cannot be mounted here: this fault needs the right to mount (root)")
        self.ballast = os.path.join(self.folder, "ballast")

    def is_running(self):
        return subprocess.run([KAFKA, "status", "--dir", self.folder], capture_output=True, check=False).returncode == 0

    def fill(self):
        """Until not a byte more is to be had."""
        with open(self.ballast, "wb", buffering=0) as f:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    continue

    def empty(self):
        os.unlink(self.ballast)

    def stop(self):
        subprocess.run([KAFKA, "down", "--dir", self.folder, "--keep", "--hard"], check=False)
        subprocess.run(["umount", "--lazy", self.folder], check=False)  # a broker just killed may still hold it
        shutil.rmtree(self.folder, ignore_errors=True)
