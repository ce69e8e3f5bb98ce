"""pipe.py - cx pipe (DESIGN §5): what goes in, what comes out, in which order, and on what it must not depend."""
import json
import os
import signal
import subprocess

from harness import equal, test

ALL = ("normalize", "classify", "dedup", "identify", "route", "analytics")
SAMPLE = ("produce", "--sample", "500", "--seed", "3", "--start", "2026-01-05T00:00:00Z", "--print")
WHATSAPP = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {
    "messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550001111", "phone_number_id": "123"},
    "contacts": [{"profile": {"name": "Zoe"}, "wa_id": "15551234567"}],
    "messages": [{"from": "15551234567", "id": "wamid.A", "timestamp": "1767225600", "type": "text", "text": {"body": "hola"}},
                 {"from": "15551234567", "id": "wamid.B", "timestamp": "1767225601", "type": "text", "text": {"body": "dos"}}]}}]}]}


def comment(number, **more):
    record = {"tenant": "acme", "channel": "instagram", "native_id": f"c{number}", "occurred_at": "2026-01-05T10:00:00Z", "author": {"native_id": "u1"},
              "text": f"text {number}"}
    return {**record, **more}


def lines(*records):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records)


@test
def a_canonical_line_becomes_one_record(cx):
    record, = cx("pipe", "normalize", given=lines(comment(1))).ends(0).is_silent().json()
    equal((record["tenant"], record["native_id"], record["text"], record["adapter"]), ("acme", "c1", "text 1", "canonical"))
    equal(record["source"], {"topic": "-", "partition": 0, "offset": 0, "index": 0, "generation": 0})
    equal(record["ingested_at"], "2026-01-05T10:00:00.000Z", "without received_at a line is received when it occurred")


@test
def an_envelope_becomes_the_records_of_its_payload(cx):
    envelope = {"adapter": "whatsapp", "tenant": "acme", "brand": "b", "received_at": "2026-01-02T00:00:00Z", "payload": WHATSAPP}
    first, second = cx("pipe", "normalize", given=lines(comment(1), envelope)).ends(0).json()[1:]
    equal([r["native_id"] for r in (first, second)], ["wamid.A", "wamid.B"])
    equal([(r["source"]["offset"], r["source"]["index"]) for r in (first, second)], [(1, 0), (1, 1)])
    equal({(r["tenant"], r["brand"], r["channel"], r["ingested_at"]) for r in (first, second)}, {("acme", "b", "whatsapp", "2026-01-02T00:00:00.000Z")})


@test
def payloads_of_an_adapter_take_their_tenant_from_the_configuration(cx):
    bare = lines(WHATSAPP)
    rejects = cx("pipe", "normalize", "--adapter", "whatsapp", "--verdicts", given=bare).ends(0).json()
    equal([reject["reason"] for reject in rejects], ["no_tenant", "no_tenant"])
    config = cx.file("tenant.yaml", 'inputs: [{topic: "-", adapter: whatsapp, tenant: acme, brand: b}]\n')
    equal([r["tenant"] for r in cx("pipe", "normalize", "-c", config, given=bare).ends(0).json()], ["acme", "acme"])
    cx("pipe", "normalize", "--adapter", "nobody", given=bare).ends(78).has_no_output().says("nobody")
    cx("pipe", "normalize", "--adapter", "email}, {topic: x", given=bare).ends(78).has_no_output()


@test
def stages_after_normalize_take_lines_as_well(cx):
    normal = cx("pipe", "normalize", "classify", given=lines(comment(1))).ends(0).out
    fused = cx("pipe", "normalize", "classify", "dedup", "identify", "route", given=lines(comment(1))).ends(0).out
    equal(cx("pipe", "dedup", "identify", "route", given=normal).ends(0).out, fused, "records of the stages before")
    bare, = cx("pipe", "route", given=lines(comment(1))).ends(0).json()
    assert bare["routing"] is not None and bare["classification"] is None, bare


@test
def sections_that_a_line_claims_for_stages_still_to_come_are_discarded(cx):
    record, = cx("pipe", "normalize", "classify", "dedup", "identify", given=lines(comment(1))).ends(0).json()
    again, = cx("pipe", "dedup", given=lines(record)).ends(0).json()
    assert again["classification"] is not None and again["identity"] is None, again
    raw, = cx("pipe", "normalize", given=lines(comment(1, classification={"language": "tr"}, identity={"ucid": "0" * 32}))).ends(0).json()
    assert raw["classification"] is None and raw["identity"] is None, raw


@test
def a_bad_line_is_a_reject_and_the_exit_is_0(cx):
    given = lines(comment(1), "nonsense", "{}", "[1]", '"text"', '{"tenant":', comment(2)).encode() + b'{"text":"\xff\xfe"}\n'
    run = cx("pipe", "normalize", given=given).ends(0).is_silent()
    equal([r["native_id"] for r in run.json()], ["c1", "c2"])
    strict = cx("pipe", "normalize", "--strict", given=given).ends(65)
    equal(strict.out, run.out)
    cx("pipe", "normalize", "--strict", given=lines(comment(1))).ends(0)
    verdicts = [line for line in cx("pipe", "normalize", "--verdicts", given=given).ends(0).json() if "verdict" in line]
    equal([v["source"]["offset"] for v in verdicts], [1, 2, 3, 4, 5, 7])
    equal({v["verdict"] for v in verdicts}, {"reject"})


@test
def a_drop_is_no_failure_even_when_strict(cx):
    cx("pipe", "normalize", "dedup", "--strict", given=lines(comment(1), comment(1))).ends(0)


@test
def verdicts_stand_where_their_line_stood_and_have_one_shape(cx):
    given = lines(comment(1), "nonsense", comment(1), comment(2))
    found = cx("pipe", "normalize", "dedup", "--verdicts", given=given).ends(0).lines()
    equal(len(found), 4)
    equal(found[1], '{"verdict":"reject","stage":"normalize","reason":"invalid_json","source":{"topic":"-","partition":0,"offset":1,"index":0},'
                    '"detail":"byte 0: not valid JSON"}')
    equal(found[2], '{"verdict":"drop","stage":"dedup","reason":"repeat","source":{"topic":"-","partition":0,"offset":2,"index":0},"detail":null}')
    equal([json.loads(found[i])["native_id"] for i in (0, 3)], ["c1", "c2"])


@test
def every_item_has_exactly_one_line_with_verdicts(cx):
    sample = cx(*SAMPLE).ends(0).out
    run = cx("pipe", *ALL[:5], "--verdicts", given=sample).ends(0)
    sources = [tuple(line["source"][k] for k in ("topic", "partition", "offset", "index")) for line in run.json()]
    equal(len(sources), len(set(sources)), "distinct items")
    equal({s[2] for s in sources}, set(range(500)), "lines accounted for")
    equal([s[2] for s in sources], sorted(s[2] for s in sources), "order")


@test
def outputs_prints_every_record_of_the_topics_asked_for(cx):
    given = lines(comment(1, text="my order never arrived, I want a refund"), "nonsense", comment(2))
    everything = cx("pipe", *ALL, "--outputs", "all", given=given).ends(0).json()
    assert all(list(line) == ["topic", "key", "value"] for line in everything), everything
    topics = {line["topic"] for line in everything}
    assert {"cx.identity.aliases.v1", "cx.dlq.normalize.v1"} <= topics and any(t.startswith("cx.route.") for t in topics), topics
    letter, = (line for line in everything if line["topic"] == "cx.dlq.normalize.v1")
    equal(letter["value"], "nonsense", "a dead letter is what was received")
    for topic in topics:
        equal(cx("pipe", *ALL, "--outputs", topic, given=given).ends(0).json(), [line for line in everything if line["topic"] == topic], topic)
    two = ("cx.identity.aliases.v1", "cx.dlq.normalize.v1")
    equal(cx("pipe", *ALL, "--outputs", ",".join(two), given=given).ends(0).json(), [line for line in everything if line["topic"] in two])
    keys = {line["key"] for line in everything if line["topic"].startswith("cx.route.")}
    equal(keys, {everything[0]["value"]["from"]}, "key of a route topic is the UCID")


@test
def a_line_may_bring_its_own_source_and_time_of_ingestion(cx):
    source = {"topic": "cx.raw.v1", "partition": 3, "offset": 77, "index": 2, "generation": 4}
    given = lines(comment(1, source=source, ingested_at="2026-01-05T11:00:00.5Z"), comment(1, source=source, ingested_at=1767610800500))
    first, drop = cx("pipe", "normalize", "dedup", "--verdicts", given=given).ends(0).json()
    equal((first["source"], first["ingested_at"]), (source, "2026-01-05T11:00:00.500Z"))
    equal(drop["source"], {k: source[k] for k in ("topic", "partition", "offset", "index")})


@test
def a_tick_is_time_that_passes_and_counts_as_a_line(cx):
    chain = ("pipe", "normalize", "classify", "route", "analytics", "--outputs", "cx.metrics.minute.v1", "--set", "analytics.lateness=10s")
    still = cx(*chain, given=lines(comment(1))).ends(0).json()
    rows = cx(*chain, given=lines(comment(1), {"tick": 1767607500000})).ends(0).json()
    equal([row["value"]["final"] for row in still], [])
    assert rows and all(row["value"]["final"] for row in rows), rows
    after, = cx("pipe", "normalize", given=lines({"tick": 1767607500000}, comment(1))).ends(0).json()
    equal(after["source"]["offset"], 1)
    for odd in ('{"tick":"soon"}', '{"tick":1,"more":2}', '{"tick":1.5}'):
        equal(cx("pipe", "normalize", "--verdicts", given=lines(odd)).ends(0).json()[0]["verdict"], "reject", odd)


@test
def blank_lines_are_skipped_and_counted(cx):
    last = cx("pipe", "normalize", given="\n\r\n" + lines(comment(1)) + "\n").ends(0).json()
    equal([r["source"]["offset"] for r in last], [2])
    equal(cx("pipe", "normalize", given="").ends(0).out, b"")


@test
def a_last_line_without_its_line_feed_and_lines_of_other_systems_are_lines(cx):
    usual = cx("pipe", "normalize", given=lines(comment(1))).ends(0).out
    equal(cx("pipe", "normalize", given=lines(comment(1)).rstrip("\n")).ends(0).out, usual)
    equal(cx("pipe", "normalize", given=lines(comment(1)).replace("\n", "\r\n")).ends(0).out, usual)


@test
def output_does_not_depend_on_batches_or_restarts(cx):
    sample = cx(*SAMPLE).ends(0).out
    for outputs in ((), ("--outputs", "all"), ("--verdicts",)):
        usual = cx("pipe", *ALL, *outputs, given=sample).ends(0).out
        assert usual.count(b"\n") > 400
        for cut in (("--batch", "1"), ("--batch", "7"), ("--batch", "4096"), ("--restart", "9", "--batch", "2"), ("--restart", "113")):
            equal(cx("pipe", *ALL, *outputs, *cut, given=sample).ends(0).out, usual, " ".join(cut + outputs))


@test
def the_same_lines_give_the_same_bytes(cx):
    sample = cx(*SAMPLE).ends(0).out
    equal(cx(*SAMPLE).ends(0).out, sample, "sample")
    equal(cx("pipe", *ALL, "--outputs", "all", given=sample).ends(0).out, cx("pipe", *ALL, "--outputs", "all", given=sample).ends(0).out)
    assert cx(*SAMPLE[:3], "--seed", "4", *SAMPLE[5:]).ends(0).out != sample


@test
def fused_stages_and_stages_joined_by_pipes_give_the_same_records(cx):
    sample = cx(*SAMPLE).ends(0).out
    joined = sample
    for stage in ALL[:5]:
        joined = cx("pipe", stage, given=joined).ends(0).out
    equal(cx("pipe", *ALL[:5], given=sample).ends(0).out, joined)


@test
def a_reader_that_has_seen_enough_ends_the_pipe_quietly(cx):
    with open(cx.file("many.jsonl", cx("produce", "--sample", "5000", "--print").ends(0).out), "rb") as many:
        process = cx.start("pipe", "normalize", stdin=many, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=30)
    equal((process.returncode, err), (-signal.SIGPIPE, b""))


@test
def many_short_lines_cost_no_memory(cx):
    path = cx.file("short.jsonl", b'{"tenant":"t"}\n' * 2000000)
    with open(path, "rb") as short:
        process = cx.start("pipe", "normalize", stdin=short, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    equal((process.returncode, said), (0, b""))
    assert usage.ru_maxrss < 400000, f"{usage.ru_maxrss} KiB"


@test
def a_line_of_many_megabytes_is_a_reject(cx):
    found = cx("pipe", "normalize", "--verdicts", given=lines(comment(1, text="x" * 3000000), comment(2), "y" * 30000000)).ends(0).json()
    equal([line.get("verdict", "emit") for line in found], ["reject", "emit", "reject"])
    letter = cx("pipe", "normalize", "--outputs", "cx.dlq.normalize.v1", given=lines("y" * 30000000)).ends(0).json()
    equal(len(letter[0]["value"]), 65536, "a dead letter above the cap is cut")
