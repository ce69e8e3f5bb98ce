"""workload.py - records whose fate is known beforehand: ids in order, a fifth of them again later, some edited, some poison.

Everything follows from the seed but the times. `Truth` remembers what was sent, so that the oracle needs nothing of the program under test to say
what must be there.
"""
import json
import random
import threading
import time
from collections import Counter, deque

from confluent_kafka import Producer

import poison

TENANTS = 12
RAW = 6
AUTHORS = 400
NEAR, FAR = 50, 5000
TEXTS = ("the parcel never came and nobody answers", "refund please, charged twice for the order", "love the new app, great job", "where can I buy this in blue",
         "my lawyer will hear of this", "kargom hala gelmedi, iade istiyorum", "is this job still open? I applied last week", "hello", "no puedo pagar con mi tarjeta",
         "the invoice shows the wrong amount", "stop sending me mail", "the update broke the login")
POISON_HEADER = "rig-poison"


def tenant_name(n):
    return f"t{n:02d}"


class Truth:
    """What was sent: `versions` (tenant, native_id, op) to its number in its tenant's order, `copies` of each, `poison` by number."""

    def __init__(self):
        self.versions, self.copies, self.poison, self.sent = {}, Counter(), {}, 0


class Workload:
    def __init__(self, seed, label, poison_share=0.01, kinds=None):
        self.rng, self.label = random.Random(f"{seed}/{label}"), label
        self.poison_share, self.kinds = poison_share, kinds or poison.MIXED
        self.numbers, self.count = Counter(), 0
        self.pending = []  # (due, record), repeats that wait for their turn
        self.queue = deque()
        self.recent = {}

    def _record(self, tenant, native_id, author, op, text):
        record = {"tenant": tenant, "brand": "acme", "channel": "chat", "kind": "message", "native_id": native_id, "op": op,
                  "occurred_at": int(time.time() * 1000), "author": {"native_id": f"{tenant}-u{author}"}, "text": text}
        if author % 3 == 0:  # some share an identifier with another: customers merge
            record["identifiers"] = [{"type": "email", "value": f"{tenant}.{self.rng.choice((author, author // 2 * 2, author // 7))}@example.com"}]
        return record

    def _fresh(self):
        n = self.rng.randrange(TENANTS)
        tenant = tenant_name(n)
        self.numbers[tenant] += 1
        native_id = f"{self.label}-{self.numbers[tenant]}"
        record = self._record(tenant, native_id, self.rng.randrange(AUTHORS), "create", f"{self.rng.choice(TEXTS)} #{self.numbers[tenant]}")
        if self.rng.random() < 0.03:  # an edit follows, with a later time
            edit = {**record, "op": "edit", "occurred_at": record["occurred_at"] + 1, "text": record["text"] + " (edited)"}
            self._later(edit, n, self.rng.randint(1, NEAR))
        return record, n

    def _later(self, record, n, distance):
        self.pending.append((self.count + distance, self.count, record, n))

    def next(self, truth):
        """(partition, key, value, headers) of the next record, noted in `truth`."""
        self.count += 1
        if self.rng.random() < self.poison_share:
            return self._poison(truth)
        due = next((i for i, row in enumerate(self.pending) if row[0] <= self.count), None)
        if due is not None:
            _, _, record, n = self.pending.pop(due)
        else:
            record, n = self._fresh()
            if self.rng.random() < 0.25:  # of the fresh ones: a fifth of all
                far = self.rng.random() < 0.5
                self._later(record, n, self.rng.randint(FAR, 2 * FAR) if far else self.rng.randint(1, NEAR))
        return self._note(truth, record, n)

    def rest(self, truth):
        """The repeats that are still waiting."""
        for _, _, record, n in sorted(self.pending, key=lambda row: row[:2]):
            yield self._note(truth, record, n)
        self.pending = []

    def _note(self, truth, record, n):
        key = (record["tenant"], record["native_id"], record["op"])
        truth.versions.setdefault(key, len(truth.versions))
        truth.copies[key] += 1
        return n % RAW, record["tenant"], json.dumps(record).encode(), None

    def _poison(self, truth):
        kind = self.rng.choice(self.kinds)
        number = f"{self.label}.{self.count}"
        n = self.rng.randrange(TENANTS)
        value = poison.KINDS[kind].make(self.rng, tenant_name(n), number)
        truth.poison[number] = kind
        return n % RAW, tenant_name(n), value, [(POISON_HEADER, f"{number}/{kind}".encode())]


class Load(threading.Thread):
    """Sends a workload at a rate until told to stop, then the repeats that still wait."""

    def __init__(self, brokers, workload, truth, rate):
        super().__init__(daemon=True)
        self.workload, self.truth, self.rate = workload, truth, rate
        self.producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 5, "message.timeout.ms": 300000, "log_level": 2,
                                  "message.max.bytes": 12000000, "queue.buffering.max.messages": 1000000})
        self.ending, self.flowing = threading.Event(), threading.Event()
        self.flowing.set()  # clear() makes a silence
        self.sent, self.failure = 0, None

    def run(self):
        try:
            begun = time.monotonic()
            while not self.ending.is_set():
                if not self.flowing.wait(0.1):
                    continue
                self._send(self.workload.next(self.truth))
                ahead = self.sent / self.rate - (time.monotonic() - begun)
                if ahead > 0.005:
                    time.sleep(ahead)
                elif ahead < -1:  # held up: no burst afterwards
                    begun = time.monotonic() - self.sent / self.rate
            for record in self.workload.rest(self.truth):
                self._send(record)
            if self.producer.flush(300) != 0:
                raise RuntimeError("the load could not be delivered")
        except Exception as trouble:  # told by end()
            self.failure = trouble

    def _send(self, record):
        partition, key, value, headers = record
        while True:
            try:
                self.producer.produce("cx.raw.v1", partition=partition, key=key, value=value, headers=headers, on_delivery=self._delivered)
                break
            except BufferError:
                self.producer.poll(0.1)
        self.producer.poll(0)
        self.sent += 1
        self.truth.sent += 1

    def _delivered(self, error, _):
        if error:
            self.failure = RuntimeError(str(error))

    def end(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise SystemExit(f"load: {self.failure}")
