#!/usr/bin/env python3
"""kproxy against a broker that answers every request with its number and its API: what each action does to a request and to what is around it."""
import json
import pathlib
import queue
import socket
import struct
import subprocess
import sys
import threading
import unittest

KPROXY = pathlib.Path(__file__).with_name("kproxy.py")
FETCH, METADATA, PRODUCE, INIT, END = 1, 3, 0, 22, 26
GONE = "gone"


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def read_frame(s):
    return read_exactly(s, struct.unpack(">i", read_exactly(s, 4))[0])


class Broker:
    """Answers with correlation id, throttle time 0, error code 0 and the API; keeps what it got."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.got = queue.Queue()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                s, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        try:
            while True:
                frame = read_frame(s)
                api, _, correlation = struct.unpack_from(">hhi", frame)
                self.got.put((api, correlation))
                answer = struct.pack(">iihh", correlation, 0, 0, api)
                s.sendall(struct.pack(">i", len(answer)) + answer)
        except (EOFError, OSError):
            s.close()


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(10)

    def send(self, api, correlation, client="c", transactional_id=None, version=0, commits=True):
        body = struct.pack(">hhih", api, version, correlation, len(client)) + client.encode()
        if transactional_id is not None:
            flexible = api == INIT and version >= 2
            body += struct.pack(">BB", 0, len(transactional_id) + 1) if flexible else struct.pack(">h", len(transactional_id))
            body += transactional_id.encode()
        if api == END:
            body += struct.pack(">qhB", 7, 0, commits)
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def answer(self):
        """Correlation id of the next answer, or GONE."""
        try:
            return struct.unpack_from(">i", read_frame(self.socket))[0]
        except (EOFError, ConnectionError):
            return GONE

    def close(self):
        self.socket.close()


class KproxyTest(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.proxy = subprocess.Popen([sys.executable, "-B", KPROXY, f"0=127.0.0.1:{self.broker.port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        self.port = json.loads(self.proxy.stdout.readline())["listening"][0]
        self.clients = []

    def tearDown(self):
        for client in self.clients:
            client.close()
        self.proxy.communicate("", timeout=20)
        self.assertEqual(self.proxy.returncode, 0)
        self.broker.server.close()

    def client(self):
        self.clients.append(Client(self.port))
        return self.clients[-1]

    def do(self, name, **words):
        self.proxy.stdin.write(json.dumps({"do": name, **words}) + "\n")
        self.proxy.stdin.flush()
        answer = json.loads(self.proxy.stdout.readline())
        self.assertNotIn("error", answer)
        return answer

    def hits(self, rule):
        return self.do("counts")["rules"][str(rule["rule"])]

    def seen(self, n):
        return [self.broker.got.get(timeout=10) for _ in range(n)]

    def test_passes_all_in_order_when_there_are_no_rules(self):
        client = self.client()
        for n in range(1000):
            client.send(FETCH, n)
        self.assertEqual([client.answer() for _ in range(1000)], list(range(1000)))
        self.assertEqual(self.do("counts")["requests"], {"Fetch": 1000})

    def test_loses_one_answer_of_the_api_meant(self):
        rule = self.do("rule", action="lose", api="EndTxn")
        client = self.client()
        client.send(METADATA, 1)
        self.assertEqual(client.answer(), 1)
        client.send(END, 2, transactional_id="t")
        self.assertEqual(client.answer(), GONE)
        self.assertEqual(self.seen(2), [(METADATA, 1), (END, 2)], "the broker acted on it")
        other = self.client()
        other.send(END, 3, transactional_id="t")
        self.assertEqual(other.answer(), 3, "once is once")
        self.assertEqual(self.hits(rule)["hits"], 1)

    def test_mutes_an_answer_and_goes_on(self):
        self.do("rule", action="mute", api="Produce")
        client = self.client()
        client.send(PRODUCE, 1, transactional_id="t")
        client.send(PRODUCE, 2, transactional_id="t")
        self.assertEqual(client.answer(), 2)
        self.assertEqual(self.seen(2), [(PRODUCE, 1), (PRODUCE, 2)])

    def test_cuts_before_the_broker_sees_the_request(self):
        self.do("rule", action="cut", api="EndTxn")
        client = self.client()
        client.send(END, 1, transactional_id="t")
        self.assertEqual(client.answer(), GONE)
        other = self.client()
        other.send(METADATA, 2)
        self.assertEqual(other.answer(), 2)
        self.assertEqual(self.seen(1), [(METADATA, 2)])

    def test_delivers_what_is_held_after_the_next_request_of_its_transactional_id(self):
        rule = self.do("rule", action="hold", api="EndTxn", commits=True, until="Produce")
        client = self.client()
        client.send(END, 1, transactional_id="t")
        self.assertEqual(client.answer(), GONE)
        other = self.client()
        other.send(END, 2, transactional_id="t")
        self.assertEqual(other.answer(), 2)
        other.send(PRODUCE, 3, transactional_id="another")
        self.assertEqual(other.answer(), 3)
        other.send(METADATA, 4)
        self.assertEqual(other.answer(), 4)
        self.assertEqual(self.seen(3), [(END, 2), (PRODUCE, 3), (METADATA, 4)], "still held")
        other.send(PRODUCE, 5, transactional_id="t")
        self.assertEqual(other.answer(), 5)
        self.assertEqual(self.seen(2), [(PRODUCE, 5), (END, 1)])
        while not self.hits(rule)["codes"]:
            pass
        self.assertEqual(self.hits(rule), {"hits": 1, "held": 1, "codes": {"0": 1}})

    def test_releases_on_command(self):
        self.do("rule", action="hold", api="EndTxn", commits=False)
        client = self.client()
        client.send(END, 1, transactional_id="t", commits=True)
        self.assertEqual(client.answer(), 1, "one that commits was not meant")
        client.send(END, 2, transactional_id="t", commits=False)
        self.assertEqual(client.answer(), GONE)
        self.do("release")
        self.assertEqual(self.seen(2), [(END, 1), (END, 2)])

    def test_repeats_a_request_and_swallows_the_second_answer(self):
        self.do("rule", action="repeat", api="Produce")
        client = self.client()
        client.send(PRODUCE, 1, transactional_id="t")
        client.send(METADATA, 2)
        self.assertEqual([client.answer(), client.answer()], [1, 2])
        self.assertEqual([api for api, _ in self.seen(3)], [PRODUCE, PRODUCE, METADATA])

    def test_delays_a_request_and_what_is_behind_it(self):
        self.do("rule", action="delay", api="Metadata", seconds=0.3)
        client, other = self.client(), self.client()
        client.send(METADATA, 1)
        client.send(FETCH, 2)
        other.send(FETCH, 3)
        self.assertEqual(other.answer(), 3)
        self.assertEqual([client.answer(), client.answer()], [1, 2])
        self.assertEqual(self.seen(3), [(FETCH, 3), (METADATA, 1), (FETCH, 2)])

    def test_tells_clients_and_transactional_ids_apart(self):
        mine = self.do("rule", action="pass", client="^a-out$", times=0)
        init = self.do("rule", action="pass", transactional_id="dedup", times=0)
        client = self.client()
        client.send(METADATA, 1, client="a-out")
        client.send(METADATA, 2, client="a-outer")
        client.send(INIT, 3, transactional_id="cx.dedup.0", version=4)
        client.send(INIT, 4, transactional_id="cx.dedup.0", version=1)
        client.send(END, 5, transactional_id="cx.route.0")
        self.assertEqual([client.answer() for _ in range(5)], [1, 2, 3, 4, 5])
        self.assertEqual((self.hits(mine)["hits"], self.hits(init)["hits"]), (1, 2))

    def test_skips_and_stops_as_told(self):
        rule = self.do("rule", action="mute", api="Fetch", skip=2, times=3)
        client = self.client()
        for n in range(10):
            client.send(FETCH, n)
        self.assertEqual([client.answer() for _ in range(7)], [0, 1, 5, 6, 7, 8, 9])
        self.assertEqual(self.hits(rule)["hits"], 3)

    def test_stalls_and_goes_on(self):
        client = self.client()
        client.send(FETCH, 1)
        self.assertEqual(client.answer(), 1)
        self.do("network", stalled=True)
        client.send(FETCH, 2)
        client.socket.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            client.answer()
        client.socket.settimeout(10)
        self.do("network", stalled=False)
        self.assertEqual(client.answer(), 2)

    def test_latency_keeps_the_order_and_resets_end_connections(self):
        self.do("network", latency_ms=5, jitter_ms=5)
        client = self.client()
        for n in range(200):
            client.send(FETCH, n)
        self.assertEqual([client.answer() for _ in range(200)], list(range(200)))
        self.do("network", reset_share=1.0)
        client.send(FETCH, 1)
        self.assertEqual(client.answer(), GONE)

    def test_refuses_commands_it_does_not_know(self):
        for words in ({"do": "dance"}, {"do": "rule", "action": "explode"}, {"do": "rule", "action": "cut", "api": "Nothing"},
                      {"do": "rule", "action": "cut", "colour": 1}):
            self.proxy.stdin.write(json.dumps(words) + "\n")
            self.proxy.stdin.flush()
            self.assertIn("error", json.loads(self.proxy.stdout.readline()))


if __name__ == "__main__":
    unittest.main()
