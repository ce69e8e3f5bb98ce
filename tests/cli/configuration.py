"""configuration.py - one YAML file, the environment, --set: what wins, what is refused and how it is told."""
import os

from harness import equal, test


@test
def the_reference_configuration_lints_clean_and_changes_nothing(cx):
    reference = cx("create").ends(0).is_silent()
    cx("lint", "/dev/stdin", given=reference.out).ends(0).has_no_output().says("0 findings")
    path = cx.file("cx.yaml", reference.out)
    cx("lint", path).ends(0)
    sample = cx("produce", "--sample", "60", "--start", "2026-01-01T00:00:00Z", "--print").ends(0).out
    stages = ("normalize", "classify", "dedup", "identify", "route", "analytics")
    equal(cx("pipe", *stages, "--outputs", "all", "-c", path, given=sample).ends(0).out, cx("pipe", *stages, "--outputs", "all", given=sample).ends(0).out)


@test
def the_reference_explains_every_option(cx):
    lines = cx("create").lines()
    for map_name in ("kafka:", "run:", "http:", "log:", "normalize:", "dedup:", "identify:", "route:", "analytics:"):
        assert map_name in lines, map_name
    for number, line in enumerate(lines):
        if line.startswith("  ") and not line.lstrip().startswith(("#", "-")):
            assert lines[number - 1].startswith("  # "), f"not explained: {line}"


@test
def a_finding_names_its_place_and_the_word_that_was_meant(cx):
    path = cx.file("typo.yaml", "kafka:\n  brokrs: x\n")
    equal(cx("lint", path).ends(1).lines(), [f'{path}:2:3: error: unknown key "brokrs" in kafka; did you mean "brokers"?'])
    finding, = cx("lint", "--json", path).ends(1).json()
    equal(finding["file"], path)
    assert ":2:3: " in finding["error"]
    for verb in ("run", "pipe"):
        cx(verb, "normalize", "-c", path).ends(78).has_no_output().says(f"{path}:2:3: ", "did you mean")


@test
def each_kind_of_mistake_is_found_with_line_and_column(cx):
    for text, place in (("kafka: [\n", ":"), ("rout: {}\n", ":1:1: "), ("run: {tick: soon}\n", ":1:7: "), ("run: {batch_records: 0}\n", ":1:7: "),
                        ("dedup:\n  window: 7d\n  window: 8d\n", ":3:3: "), ("keep: [cx.nothing.v1]\n", ":1:8: "), ("placement: {acme: x}\n", ":1:13: "),
                        ("kafka: {partitions: {raw: none}}\n", ":1:22: "), ("route: {formats: {care: xml}}\n", ":1:"), ("log: {level: loud}\n", ""),
                        ("inputs: [{topic: cx.raw.v1, adaptor: email}]\n", ":1:29: "), ("inputs: [{topic: cx.raw.v1, adapter: nobody}]\n", ":1:10: "),
                        ("normalize: text\n", ":1:1: ")):
        path = cx.file("wrong.yaml", text)
        lines = cx("lint", path).ends(1).lines()
        assert len(lines) == 1, f"{text!r}: {lines}"
        assert place in lines[0], f"{text!r}: {lines[0]}"


@test
def findings_of_several_stages_and_files_are_told_in_one_go(cx):
    one = cx.file("one.yaml", "dedup: {windw: 3d}\nidentify: {min_lenght: 3}\n")
    two = cx.file("two.yaml", "analytics: {latness: 1h}\n")
    good = cx.file("good.yaml", "dedup: {window: 3d}\n")
    equal(len(cx("lint", one, good, two).ends(1).says("3 findings").lines()), 3)


@test
def a_file_that_cannot_be_read_is_exit_74(cx):
    cx("lint", "nowhere.yaml").ends(74).has_no_output().says("nowhere.yaml", "No such file")
    for verb in ("run", "pipe"):
        cx(verb, "normalize", "-c", "nowhere.yaml").ends(74).has_no_output().says("nowhere.yaml")
    cx("demo", "--no-broker", "--input", "nowhere.jsonl").ends(74).says("nowhere.jsonl")


@test
def a_file_that_the_configuration_names_and_that_is_not_there_is_a_fault_of_the_configuration(cx):
    for stage, option in (("classify", "model: nowhere"), ("classify", "overlays: {acme: nowhere}"), ("classify", "lexicons: [nowhere]"),
                          ("normalize", "adapters: [nowhere]"), ("route", "rules: nowhere")):
        path = cx.file("names.yaml", f"{stage}:\n  {option}\n")
        cx("pipe", stage, "-c", path).ends(78).has_no_output().says(f"{path}:2:", ": error: nowhere: ")
        assert f"{path}:2:" in cx("lint", path).ends(1).lines()[0], option


@test
def a_file_named_in_the_configuration_is_looked_into(cx):
    rules = cx.file("rules.yaml", "rule_set: {name: mine, version: 1}\nrules:\n  - name: a\n    when: langage == 'tr'\n    to: [care]\n")
    config = cx.file("rules_config.yaml", f"route: {{rules: {rules}}}\n")
    line, = cx("lint", config).ends(1).lines()
    assert rules in line, line
    cx("lint", "--set", "route.rules=/nowhere/rules.yaml").ends(1)


@test
def set_wins_over_the_environment_and_the_environment_over_the_file(cx):
    path = cx.file("order.yaml", "run: {tick: 1s, batch_records: 11, batch_bytes: 1m}\n")
    env = {"CX_RUN_TICK": "2s", "CX_RUN_BATCH_RECORDS": "22", "CX_UNKNOWN_THING": "x", "CX_PORT": "tcp://10.0.0.1:80"}
    printed = cx("run", "normalize", "-c", path, "--set", "run.tick=3s", "--print-config", env=env).ends(0).is_silent().out.decode()
    for part in ("tick: 3s", "batch_records: 22", "batch_bytes: 1m"):
        assert part in printed, printed
    assert "tick: 9s" in cx("run", "normalize", "--print-config", env={"CX_CONFIG": cx.file("named.yaml", "run: {tick: 9s}\n")}).ends(0).out.decode()
    cx("lint", env={"CX_RUN_TICK": "soon"}).ends(1)


@test
def secrets_are_masked_wherever_the_configuration_is_printed(cx):
    secrets = ("kafka.librdkafka.ssl.key.password", "kafka.librdkafka.sasl.oauthbearer.client.secret")
    path = cx.file("secret.yaml", 'kafka:\n  librdkafka:\n    ssl.key.password: "hunter2 x"\n    sasl.oauthbearer.client.secret: hunter2\n'
                                  "  brokers: kafka.example:9092\n")
    done = cx("run", "normalize", "-c", path, "--print-config").ends(0)
    assert "hunter2" not in done.out.decode() + done.err, done.out.decode()
    equal(done.out.count(b"***"), len(secrets))
    assert b"kafka.example" in done.out
    owned = cx.file("owned.yaml", 'kafka:\n  librdkafka: {"sasl.password": hunter2}\n')
    refused = cx("run", "normalize", "-c", owned, "--set", "kafka.brokers=127.0.0.1:1").ends(78)
    assert "hunter2" not in refused.err + refused.out.decode(), refused.err


@test
def a_printed_configuration_is_a_configuration(cx):
    path = cx.file("round.yaml", 'inputs: [{topic: "a: b", tenant: acme}]\nplacement: {"ac:me": 2, zeta: 1}\nkeep: [cx.routed.v1]\nrun: {tick: 3s}\n')
    printed = cx("run", "normalize", "-c", path, "--print-config").ends(0).out
    again = cx("run", "normalize", "-c", cx.file("again.yaml", printed), "--print-config").ends(0).out
    equal(again, printed)


@test
def a_stage_may_be_told_what_to_read(cx):
    cx("lint", "--set", "dedup.input=other.topic").ends(0)
    assert b"other.topic" in cx("run", "dedup", "--print-config", env={"CX_DEDUP_INPUT": "other.topic"}).ends(0).out
    cx("lint", "--set", "dedup.inputs=other.topic").ends(1)


@test
def a_chain_with_state_reads_one_topic(cx):
    cx("run", "dedup", "--input", "a,b").ends(78).has_no_output().says("reads one topic")


@test
def the_program_runs_from_any_folder_with_nothing_beside_it(cx):
    os.makedirs(os.path.join(cx.folder.name, "empty"), exist_ok=True)
    done = cx("pipe", "normalize", "classify", "route", given='{"tenant":"t","channel":"c","native_id":"1","occurred_at":1767607200000,"author":{"name":"N"}}')
    done.ends(0)
