"""canonical_json.py - canonical JSON as it is read and as it is written (DESIGN §3)."""
import json
import re

from harness import equal, test

LEAST = {"tenant": "t", "channel": "c", "native_id": "1", "occurred_at": "2026-01-05T10:00:00Z", "author": {"name": "N"}}
FIELDS = ["event_id", "tenant", "brand", "channel", "kind", "op", "direction", "occurred_at", "occurred_at_known", "ingested_at", "backfill", "source",
          "adapter", "adapter_version", "native_id", "parent_id", "conversation_id", "supersedes", "url", "author", "identifiers", "title", "text", "rating",
          "media", "reach", "attributes", "classification", "duplicate", "identity", "context", "routing"]


def settle(cx, record, *words):
    given = record if isinstance(record, (str, bytes)) else json.dumps(record)
    line, = cx("pipe", "normalize", "--verdicts", *words, given=given).ends(0).is_silent().lines()
    return line


def read(cx, **more):
    return json.loads(settle(cx, {**LEAST, **more}))


def reason(cx, record):
    verdict = json.loads(settle(cx, record))
    assert verdict.get("verdict") == "reject", verdict
    return verdict["reason"]


@test
def what_is_written_has_every_field_in_the_order_of_the_schema(cx):
    equal(list(json.loads(settle(cx, LEAST))), FIELDS)


@test
def absent_is_null_and_the_defaults_are_comment_create_inbound(cx):
    record = read(cx)
    equal([record[k] for k in ("kind", "op", "direction", "backfill", "occurred_at_known")], ["comment", "create", "inbound", False, True])
    for name in ("brand", "parent_id", "conversation_id", "supersedes", "url", "title", "text", "rating", "reach", "classification", "duplicate", "identity",
                 "context", "routing"):
        equal(record[name], None, name)
    equal((record["media"], record["attributes"], record["identifiers"]), ([], {}, []))
    equal(record["author"], {"native_id": None, "handle": None, "name": "N", "followers": None, "verified": None, "actor": "customer"})


@test
def required_are_tenant_channel_native_id_time_and_somebody(cx):
    for name in ("tenant", "channel", "native_id", "occurred_at", "author"):
        missing = {k: v for k, v in LEAST.items() if k != name}
        reason(cx, missing)
    reason(cx, {**LEAST, "author": {}})
    reason(cx, {**LEAST, "author": None})
    somebody = {k: v for k, v in LEAST.items() if k != "author"}
    equal(json.loads(settle(cx, {**somebody, "identifiers": [{"type": "email", "value": "a@b.com"}]})).get("verdict"), None)
    for author in ({"native_id": "x"}, {"handle": "x"}, {"name": "x"}):
        equal(json.loads(settle(cx, {**LEAST, "author": author})).get("verdict"), None, str(author))


@test
def times_are_read_as_rfc_3339_or_milliseconds_and_written_in_utc_with_three_decimals(cx):
    for given, written in (("2026-01-05T10:00:00Z", "10:00:00.000Z"), ("2026-01-05T10:00:00.1Z", "10:00:00.100Z"), ("2026-01-05T13:00:00+03:00", "10:00:00.000Z"),
                           ("2026-01-05T10:00:00.123456789Z", "10:00:00.123Z"), (1767607200000, "10:00:00.000Z"), (1767607200007, "10:00:00.007Z")):
        equal(read(cx, occurred_at=given)["occurred_at"], "2026-01-05T" + written, str(given))
    for wrong in ("yesterday", "2026-01-05", "2026-13-05T10:00:00Z", "2026-01-05T25:00:00Z", True, [], "2004-12-31T23:59:59Z", 1e300):
        reason(cx, {**LEAST, "occurred_at": wrong})
    reason(cx, {**LEAST, "occurred_at": "2026-01-07T10:00:01Z", "ingested_at": "2026-01-06T10:00:00Z"})


@test
def ids_are_32_lower_case_hex_digits_and_depend_on_the_content_only(cx):
    first = read(cx, text="a")
    assert re.fullmatch("[0-9a-f]{32}", first["event_id"]), first["event_id"]
    equal(read(cx, text="a")["event_id"], first["event_id"])
    equal(read(cx, text="a", reach={"likes": 5})["event_id"], first["event_id"], "counters are left out")
    for change in ({"text": "b"}, {"native_id": "2"}, {"tenant": "u"}, {"channel": "d"}, {"op": "edit"}, {"title": "x"}):
        assert read(cx, **{"text": "a", **change})["event_id"] != first["event_id"], change


@test
def members_without_a_field_are_kept_as_attributes(cx):
    record = read(cx, colour="red", size=3, deep={"a": [1, None]}, yes=True, attributes={"own": "1"})
    equal(record["attributes"].get("colour"), "red")
    equal(json.loads(record["attributes"]["deep"]), {"a": [1, None]})
    equal((record["attributes"]["size"], record["attributes"]["yes"], record["attributes"]["own"]), ("3", "true", "1"))


@test
def a_record_that_was_written_can_be_read_again_and_stays_what_it_was(cx):
    rich = {**LEAST, "text": "ağ \U0001f600 \"q\" \\ \n", "title": "T", "rating": {"value": 4.5, "scale": 5}, "kind": "review", "url": "https://e.example/1",
            "identifiers": [{"type": "email", "value": "A@B.com"}], "parent_id": "p", "colour": "red",
            "author": {"native_id": "u", "handle": "@h", "name": "N", "followers": 12, "verified": True}}
    once = settle(cx, rich)
    equal(settle(cx, once), once)
    record = json.loads(once)
    equal((record["text"], record["rating"]), (rich["text"], {"value": 4.5, "scale": 5}))
    equal((record["author"]["followers"], record["author"]["verified"]), (12, True))


@test
def channel_and_kind_are_open_words_of_small_letters(cx):
    equal(read(cx, channel="smoke_signal_2", kind="puff")["channel"], "smoke_signal_2")
    for wrong in ("", "Big", "two words", "x" * 33, "ü"):
        reason(cx, {**LEAST, "channel": wrong})
        reason(cx, {**LEAST, "kind": wrong})


@test
def texts_are_cleaned_of_what_no_text_may_hold(cx):
    equal(read(cx, text="a\u0000b")["text"], "ab", "NUL")
    equal(json.loads(settle(cx, json.dumps({**LEAST, "text": "X"}).replace('"X"', '"a\\ud800b"')))["text"], "a\ufffdb", "lone surrogate")
    equal(reason(cx, json.dumps(LEAST).encode()[:-1] + b',"text":"\xff"}'), "invalid_utf8")
    equal(reason(cx, '{"tenant":"t","tenant":"u"}'), "duplicate_key")
    equal(reason(cx, "[" * 100 + "]" * 100), reason(cx, '{"a":' * 100 + "1" + "}" * 100), "depth")


@test
def floats_are_written_as_short_as_they_can_be(cx):
    for value, text in ((0.1, "0.1"), (4.0, "4"), (1 / 3, "0.3333333333333333"), (4.35, "4.35")):
        line = settle(cx, {**LEAST, "rating": {"value": value, "scale": 5}})
        assert f'"value":{text},' in line, re.search('"rating":{[^}]*}', line)
