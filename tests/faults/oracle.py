"""oracle.py - after the faults: is every record where it must be, once, in order, and all of it explained?

Each check has a letter-number of its own and gives the things that are wrong, as (fault, words). They see topics, the load's truth and what was
watched; no process is asked. What a fault did wrong is told by the name that the ids of its load begin with; "-" is nobody's in particular.
"""
import bisect
import json
import re
import sys
import time
from collections import Counter, defaultdict

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from confluent_kafka import IsolationLevel, KafkaException

import poison
from rig import reference, say
from watch import consumer, partitions_of
from workload import POISON_HEADER

CHECKS = []


def check(name, sentence):
    def register(function):
        CHECKS.append((name, sentence, function))
        return function
    return register


class Evidence:
    """All that the checks look at, read once."""

    def __init__(self, session):
        self.session, self.truth, self.pipeline = session, session.truth, session.pipeline
        self.drained = drain(session)
        if self.drained:
            time.sleep(2.5)  # so that a tick comes
        self.unstable = wait_until_stable(session)
        session.watch.end()
        self.pipeline.stop()
        self.digests = state_digests(self.pipeline)
        restart_and_stop(session)
        self.restored = state_digests(self.pipeline)
        self.late_reader()
        self.read_raw()
        self.read_outputs()
        self.ledgers = {chain: self.ledger(chain) for chain in self.pipeline.chains}

    def late_reader(self):
        """What a read_committed reader finds afterwards, at least as far as the other one came."""
        self.session.reader.end()
        from watch import LiveReader
        late = LiveReader(self.session.broker.bootstrap)
        late.start()

        def is_behind():
            return any(seen and not (late.seen[where][0] and late.seen[where][0][-1] >= seen[-1]) for where, (seen, _) in self.session.reader.seen.items())

        calm, before, deadline = 0, -1, time.monotonic() + 120
        while calm < 5 or (is_behind() and time.monotonic() < deadline):
            count = sum(len(offsets) for offsets, _ in late.seen.values())
            calm, before = calm + 1 if count == before else 0, count
            time.sleep(0.2)
        late.end()
        self.late = late

    def read_raw(self):
        """Poison by where it stands; how many records the input holds."""
        self.raw, self.poison_at = 0, {}
        client = consumer(self.session.broker.bootstrap, **{"enable.partition.eof": True})
        places = partitions_of(client, ("cx.raw.v1",))
        client.assign([TopicPartition(topic, p, 0) for topic, p in places])
        ended = 0
        while ended < len(places):
            for message in client.consume(5000, timeout=1.0):
                if message.error():
                    ended += 1
                    continue
                self.raw += 1
                headers = dict(message.headers() or ())
                if POISON_HEADER in headers:
                    self.poison_at[message.topic(), message.partition(), message.offset()] = headers[POISON_HEADER].decode().split("/")
        client.close()

    def read_outputs(self):
        tap = self.pipeline.tap
        self.events = [slim(line) for line in tap("cx.events.v1")]
        self.identified = [slim(line) for line in tap("cx.identified.v1")]
        self.letters = [letter(json.loads(line)) for stage in stages(self.pipeline) for line in tap(f"cx.dlq.{stage}.v1")]
        self.routed = Counter()
        for topic, _ in sorted(set((t, 0) for t, _ in self.late.places if t.startswith("cx.route."))):
            for line in tap(topic, "--values"):
                self.routed[place(SOURCE.search(line))] += 1

    def ledger(self, chain):
        entries = [json.loads(line) for line in self.pipeline.tap(f"cx.ledger.{chain.replace(' ', '-')}.v1", "--values")]
        return sorted((e for e in entries if e["kind"] == "batch"), key=lambda e: (e["topic"], e["partition"], e["first_offset"]))


def stages(pipeline):
    return [stage for chain in pipeline.chains for stage in chain.split()]


# Not read as JSON: there are hundreds of thousands of lines, and their fields stand in the schema's order.
SOURCE = re.compile(rb'"source":\{"topic":"([^"]*)","partition":(\d+),"offset":(\d+),"index":(\d+)')
RECORD = re.compile(rb'"partition":(\d+),"offset":(\d+).*?"tenant":"([^"]*)".*?"op":"([^"]*)".*?' + SOURCE.pattern + rb'.*?"native_id":"([^"]*)"')


def place(source, first=1):
    return sys.intern(source[first].decode()), *map(int, source.group(first + 1, first + 2, first + 3))


def slim(line):
    found = RECORD.search(line)
    return {"at": (int(found[1]), int(found[2])), "key": (sys.intern(found[3].decode()), found[9].decode(), sys.intern(found[4].decode())),
            "source": place(found, 5)}


def letter(line):
    headers = line["headers"]
    source = headers["__connect.errors.topic"], int(headers["__connect.errors.partition"]), int(headers["__connect.errors.offset"])
    return {"stage": headers["cx-stage"], "code": headers["cx-error-code"], "detail": headers.get("cx-error-detail", ""), "source": source,
            "poison": headers.get(POISON_HEADER), "value": line["value"]}


def fault_of(native_id):
    return native_id.split("-")[0]


# ---- reading ----

def drain(session):
    try:
        session.pipeline.wait_until_drained(session.patience)
        return True
    except SystemExit as trouble:
        say(str(trouble)[:2000])
        return False


def wait_until_stable(session, seconds=20):
    """Partitions whose last stable offset stays behind their end: twice the transactions' timeout is enough for any."""
    admin = AdminClient({"bootstrap.servers": session.broker.bootstrap})
    names = admin.list_topics(timeout=20).topics
    wanted = {TopicPartition(name, p): OffsetSpec.latest() for name in names if name.startswith("cx.") for p in names[name].partitions}
    deadline = time.monotonic() + seconds
    while True:
        ends = {}
        for level in (IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED):
            answers = admin.list_offsets(wanted, isolation_level=level, request_timeout=30)
            ends[level] = {(p.topic, p.partition): future.result().offset for p, future in answers.items()}
        stable, high = ends.values()
        behind = [f"{t}/{p}: last stable offset {stable[t, p]}, end {high[t, p]}" for t, p in high if stable[t, p] != high[t, p]]
        if not behind or time.monotonic() > deadline:
            return behind
        time.sleep(0.5)


def restart_and_stop(session):
    """All processes once more, without input: what they hold then is what the changelogs give."""
    pipeline = session.pipeline
    for chain in pipeline.chains:
        log = pipeline.scratch / f"{chain.replace(' ', '-')}.log"
        log.rename(log.with_suffix(".first"))
    for chain in pipeline.chains:
        session.start_chain(chain)
    deadline = time.monotonic() + session.patience
    while not pipeline.is_assigned() and time.monotonic() < deadline:
        time.sleep(0.1)
    pipeline.stop()


def state_digests(pipeline):
    """(stage, partition) to the last digest that a process told."""
    found = {}
    for chain in pipeline.chains:
        for line in pipeline.log(chain).splitlines():
            if line.startswith("state_digest "):
                _, stage, partition, digest = line.split()
                found[stage, int(partition)] = digest
    return found


# ---- the checks ----

@check("C1", "no record is lost")
def lost(e):
    found = {row["key"] for row in e.identified}
    rejected = rejected_keys(e)
    for key in e.truth.versions:
        if key not in found and key not in rejected:
            yield fault_of(key[1]), f"{key} is nowhere"
    if e.raw != e.truth.sent:
        yield "-", f"{e.truth.sent} records sent, {e.raw} in the raw topic"


@check("C2", "no record is there twice, nor in an output and a dead letter")
def duplicated(e):
    for key, n in Counter(row["key"] for row in e.identified).items():
        if key in e.truth.versions and n > 1:
            yield fault_of(key[1]), f"{key} is there {n} times"
    for source, n in Counter(row["source"] for row in e.events).items():
        if n > 1:
            yield "-", f"{source} is {n} times in cx.events.v1"
    ends = Counter((row["source"], row["stage"]) for row in e.letters)
    for (source, stage), n in ends.items():
        if n > 1:
            yield "-", f"{source} is {n} times a dead letter of {stage}"


@check("C3", "records of one tenant keep their order")
def disordered(e):
    last = {}
    for row in e.identified:
        order = e.truth.versions.get(row["key"])
        if order is None:
            continue
        if order < last.get(row["key"][0], -1):
            yield fault_of(row["key"][1]), f"{row['key']} comes after its successor"
        last[row["key"][0]] = max(order, last.get(row["key"][0], -1))


@check("C4", "outputs and state are what one process without a broker makes of the same input")
def differing(e):
    lost_, doubled = reference_counts(e)
    if lost_ or doubled:
        yield "-", f"against cx pipe: {lost_} lost, {doubled} doubled"
    expected = reference_digests(e.pipeline)
    for name, found in (("running", e.digests), ("restored", e.restored)):
        for where in sorted(expected):
            if found.get(where) != expected[where]:
                yield "-", f"{name} state of {where[0]}, partition {where[1]}: {found.get(where)} instead of {expected[where]}"


@check("C5", "what was dropped as a repeat or as stale has its twin among the outputs")
def orphaned(e):
    at = {row["at"]: row["key"] for row in e.events}
    emitted = {row["key"][:2] for row in e.identified} | {key[:2] for key in rejected_keys(e)}
    for entry in e.ledgers.get("dedup identify", ()):
        for drop in entry["drops"]:
            key = at.get((entry["partition"], drop["offset"]))
            if key is None or key[:2] not in emitted:
                yield fault_of(key[1]) if key else "-", f"{key} was dropped as {drop['reason']}, and no twin went on"


@check("C6", "no transaction is left open: last stable offset and end agree on every partition")
def unstable(e):
    for words in e.unstable:
        yield "-", words


@check("C7", "a reader during the faults and one after them saw the same")
def seen_otherwise(e):
    live, late = e.session.reader.seen, e.late.seen
    for where, (offsets, hashes) in live.items():
        n = len(offsets)
        if late[where][0][:n] != offsets or late[where][1][:n] != hashes:
            yield "-", f"{where}: of {n} records seen during the faults some are gone or others afterwards"


@check("C8", "everything is processed")
def lagging(e):
    if not e.drained:
        yield "-", "the pipeline did not come to the end of its input"


@check("C9", "every transaction is whole: its outputs are all there, or none")
def torn(e):
    raw = Ranges(e.ledgers.get("normalize classify", ()))
    yield from raw.compare("cx.events.v1", [row["source"][:3] for row in e.events])
    at = {row["source"]: ("cx.events.v1", *row["at"]) for row in e.events}
    middle = Ranges(e.ledgers.get("dedup identify", ()))
    yield from middle.compare("cx.identified.v1", [at.get(row["source"], ("cx.events.v1", -1, -1)) for row in e.identified])
    at = {row["source"]: ("cx.identified.v1", *row["at"]) for row in e.identified}
    last = Ranges(e.ledgers.get("route analytics", ()))
    yield from last.compare("the route topics", [at.get(source, ("cx.identified.v1", -1, -1)) for source in e.routed])


class Ranges:
    """Ledger entries, and which of them an input offset belongs to."""

    def __init__(self, entries):
        self.by_place = defaultdict(list)
        for entry in entries:
            self.by_place[entry["topic"], entry["partition"]].append(entry)

    def compare(self, topic, sources):
        """Every entry's number of items that came so far against the outputs that come from its offsets. What ended in analytics, as late, has
        been routed before."""
        firsts = {where: [e["first_offset"] for e in entries] for where, entries in self.by_place.items()}
        counted, strays = Counter(), 0
        for name, partition, offset in sources:
            where = name, partition
            i = bisect.bisect_right(firsts.get(where, []), offset) - 1
            if i < 0 or offset >= self.by_place[where][i]["next_offset"]:
                strays += 1
            else:
                counted[where, i] += 1
        if strays:
            yield "-", f"{topic}: {strays} records that no transaction of the ledger explains"
        for where, entries in self.by_place.items():
            for i, entry in enumerate(entries):
                wanted = entry["emitted"] + sum(n for ends in ("absorbed", "dropped", "rejected") for name, n in entry[ends].items() if name.startswith("analytics/"))
                if counted[where, i] != wanted:
                    yield "-", f"{topic}: the transaction on {where[0]}/{where[1]} from {entry['first_offset']} wrote {wanted} items, {counted[where, i]} are there"


@check("C10", "everything adds up, and each poison ended as it must")
def unbalanced(e):
    done = e.pipeline.run("audit", "--chains", ",".join(c.replace(" ", "-") for c in e.pipeline.chains), "--json", check=False)
    try:
        for finding in json.loads(done.stdout)["findings"]:
            yield "-", finding
    except ValueError:
        yield "-", f"cx audit: exit {done.returncode}: {done.stderr.decode()[-300:]}"
    yield from poison_ends(e)


def poison_ends(e):
    letters, drops, at = defaultdict(list), {}, {row["source"][:3]: row for row in e.events}
    for row in e.letters:
        if row["poison"]:
            letters[row["poison"].split("/")[0]].append(row)
    conflicts = {tuple(row["source"]): row for row in e.letters if row["stage"] == "dedup"}
    for entry in e.ledgers.get("normalize classify", ()):
        for drop in entry["drops"]:
            drops[entry["topic"], entry["partition"], drop["offset"]] = drop["reason"]
    first_conflicts = set()
    for where, (number, name) in e.poison_at.items():
        kind, found = poison.KINDS[name], letters.get(number, [])
        if kind.end.startswith("dedup/"):  # valid until it meets its twin, of which the first is no twin yet
            event = at.get(where)
            letter_ = conflicts.get(("cx.events.v1", *event["at"])) if event else None
            if letter_ is None and event and event["key"][0] not in first_conflicts:
                first_conflicts.add(event["key"][0])
                continue
            ends = [f"{letter_['stage']}/{letter_['code']}"] if letter_ else []
        elif kind.is_drop:
            ends = [drops[where]] if where in drops else []
        else:
            ends = [f"{row['stage']}/{row['code']}" for row in found if kind.detail in row["detail"]]
        if ends != [kind.end]:
            yield fault_of(number.replace(".", "-")), f"poison {number} ({name}) at {where} ended as {ends or found}, not {kind.end}"


@check("C11", "processes keep their size: no memory, no descriptor is lost")
def growing(e):
    longest = {}
    for (chain, pid), samples in e.session.watch.samples.items():
        if len(samples) > len(longest.get(chain, ())):
            longest[chain] = samples
    for chain, samples in longest.items():
        half = samples[len(samples) // 2:]
        seconds = half[-1][0] - half[0][0]
        # A kilobyte a record is state; then room for queues, which hold 16 MB, and for what of a model is looked at for the first time.
        allowed = 16384 + int(seconds * e.session.setup.rate)
        growth = half[-1][1] - half[0][1]
        if growth > allowed:
            yield "-", f"{chain}: grew by {growth} kB in {seconds:.0f} s, at most {allowed} kB"
        # Restoring takes some for a while: what is lost shows in the fewest there are.
        before, after = (min(n for _, _, n in part) for part in (samples[len(samples) // 4:len(samples) // 2 + 1], half))
        if after > before + 4:
            yield "-", f"{chain}: {before} descriptors at first, {after} later"


# ---- the reference ----

def rejected_keys(e):
    """What dead letters are of, poison aside."""
    return {key_of(row["value"]) for row in e.letters if not row["poison"]} - {None}


def key_of(value):
    """What a dead letter is of: a decoded record, or the raw text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return tuple(value.get(k) for k in ("tenant", "native_id", "op")) if isinstance(value, dict) else None


def reference_counts(e):
    _, lost_, doubled = reference.check_raw(e.pipeline, lambda headers: POISON_HEADER in headers and not headers[POISON_HEADER].endswith("/id_conflict"))
    more_lost, more_doubled = reference.check_events(e.pipeline)
    return lost_ + more_lost, doubled + more_doubled


def reference_digests(pipeline):
    found = {}
    for partition in range(pipeline.scope):
        for line in (pipeline.scratch / f"events-{partition}.err").read_text().splitlines():
            if line.startswith("state_digest "):
                _, stage, _, digest = line.split()
                found[stage, partition] = digest
    return found


def judge(session):
    """Check name to its findings, [(fault, words)]."""
    evidence = Evidence(session)
    session.resumed = resume_times(session, evidence)
    return {name: list(function(evidence)) for name, _, function in CHECKS}


def resume_times(session, evidence):
    """Fault to milliseconds from each blow to the struck chain's next commit, by the ledgers' own times."""
    commits = {chain: sorted(reference.time_ms(entry["time"]) for entry in ledger) for chain, ledger in evidence.ledgers.items()}
    result = defaultdict(list)
    for fault, chain, at in session.kills:
        after = [ms for ms in commits[chain] if ms > at * 1000]
        if after:
            result[fault].append(int(after[0] - at * 1000))
    return result
