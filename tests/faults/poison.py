"""poison.py - payloads that nobody can use, each kind with the end it must find: a dead letter with its code, or a drop with its reason."""
import io
import json
import struct
import time
from dataclasses import dataclass
from typing import Callable

import fastavro

from rig import ROOT

SCHEMA = fastavro.parse_schema(json.loads((ROOT / "schemas/interaction.avsc").read_text()))
MAGIC = struct.pack(">bI", 0, 1001)


@dataclass(frozen=True)
class Kind:
    make: Callable        # (rng, tenant, number) -> bytes or None
    end: str              # stage/reason
    detail: str = ""      # part of the dead letter's detail
    is_drop: bool = False


def comment(tenant, number, **more):
    return {"tenant": tenant, "channel": "chat", "native_id": f"poison-{number}", "occurred_at": int(time.time() * 1000), "author": {"native_id": "p"}, "text": "x",
            **more}


def avro(tenant, number, op="create", identifiers=()):
    record = {"event_id": bytes(16), "tenant": tenant, "channel": "chat", "kind": "message", "op": op, "direction": "inbound", "occurred_at": int(time.time() * 1000),
              "occurred_at_known": True, "ingested_at": 0, "backfill": False, "source": {"topic": "-", "partition": 0, "offset": 0, "index": 0, "generation": 0},
              "adapter": "canonical", "adapter_version": 1, "native_id": f"poison-{number}", "author": {"native_id": "p"},
              "identifiers": [{"type": "email", "value": value, "scope": None} for value in identifiers], "text": "x"}
    out = io.BytesIO()
    fastavro.schemaless_writer(out, SCHEMA, record)
    return MAGIC + out.getvalue()


def first_difference(a, b):
    return next(i for i, (x, y) in enumerate(zip(a, b)) if x != y)


def zigzag(n):
    value, out = (n << 1) ^ (n >> 63), bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def with_count(tenant, number, count):
    """The count of the first list is another."""
    plain = avro(tenant, number)
    at = first_difference(plain, avro(tenant, number, identifiers=("a@example.com",)))
    return plain[:at] + zigzag(count) + plain[at + 1:]


def with_op(tenant, number, index):
    plain = avro(tenant, number)
    at = first_difference(plain, avro(tenant, number, op="edit"))
    return plain[:at] + zigzag(index) + plain[at + 1:]


def with_length(tenant, number, length):
    """The first text says it is of another length."""
    plain = avro(tenant, number)
    at = len(MAGIC) + 16
    return plain[:at] + zigzag(length) + plain[at + 1:]


def text(value):
    return json.dumps(value).encode()


KINDS = {
    "truncated_avro": Kind(lambda rng, t, n: avro(t, n)[:rng.randint(6, 60)], "normalize/bad_avro"),
    "negative_length": Kind(lambda rng, t, n: with_length(t, n, -1), "normalize/bad_avro", "length"),
    "huge_length": Kind(lambda rng, t, n: with_length(t, n, 1 << 62), "normalize/bad_avro", "length"),
    "minimal_count": Kind(lambda rng, t, n: with_count(t, n, -(1 << 63)), "normalize/bad_avro"),
    "array_bomb": Kind(lambda rng, t, n: with_count(t, n, 1 << 40) + bytes(3 << 16), "normalize/bad_avro"),
    "bad_enum": Kind(lambda rng, t, n: with_op(t, n, 63), "normalize/bad_avro", "enum"),
    "wrong_magic": Kind(lambda rng, t, n: b"\x05" + avro(t, n)[1:], "normalize/invalid_json"),
    "unknown_schema": Kind(lambda rng, t, n: struct.pack(">bI", 0, 999999) + avro(t, n)[5:], "normalize/bad_avro", "schema"),
    "deep_json": Kind(lambda rng, t, n: b'{"tenant":"%s","x":' % t.encode() + b"[" * 10000 + b"]" * 10000 + b"}", "normalize/too_deep"),
    "bad_utf8": Kind(lambda rng, t, n: text(comment(t, n, text="caf?")).replace(b"caf?", b"caf\xe9"), "normalize/invalid_utf8"),
    "nul_byte": Kind(lambda rng, t, n: text(comment(t, n)).replace(b"poison-", b"poison\0"), "normalize/invalid_json"),
    "empty": Kind(lambda rng, t, n: b"", "normalize/ignored_empty", is_drop=True),
    "null_value": Kind(lambda rng, t, n: None, "normalize/ignored_empty", is_drop=True),
    "ten_megabytes": Kind(lambda rng, t, n: text(comment(t, n, text="x" * 10000000)), "normalize/too_large"),
    "id_conflict": Kind(lambda rng, t, n: text(comment(t, "twice", author={"native_id": f"u{n}"})), "dedup/id_conflict"),
}
MIXED = tuple(name for name in KINDS if name != "ten_megabytes")
