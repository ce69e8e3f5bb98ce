"""verbs.py - what holds for every verb: help, spelling, exits, where output goes."""
import re
import subprocess
import time

from harness import equal, test

VERBS = ("run", "pipe", "demo", "lint", "doctor", "create", "topics", "produce", "tap", "audit", "trace", "explain", "label", "version")
NO_BROKER = ("--set", "kafka.brokers=127.0.0.1:1")


@test
def help_lists_every_verb_and_every_verb_explains_itself(cx):
    overview = cx("--help").ends(0).is_silent().out.decode()
    for verb in VERBS:
        assert f"\n  {verb} " in overview, f"{verb} is not in cx --help"
        text = cx(verb, "--help").ends(0).is_silent().out.decode()
        assert text.startswith(f"cx {verb} "), text[:80]
        equal(cx(verb, "-h").out.decode(), text, f"cx {verb} -h")
        equal(cx("help", verb).out.decode(), text, f"cx help {verb}")
        for example in (line for line in text.splitlines() if line.startswith("  cx ")):
            assert f"cx {verb}" in example, example
    for status in ("0", "1", "64", "65", "69", "70", "74", "78"):
        assert status in overview.splitlines()[-1], f"exit {status} is not explained"


@test
def help_says_what_each_option_does(cx):
    for verb in VERBS:
        lines = cx(verb, "--help").lines()
        options = [line for line in lines if line.lstrip().startswith("-")]
        for line in options:
            assert line.rstrip().endswith((".", "…")), f"cx {verb}: no sentence: {line}"
        columns = {line.index(line.split("  ")[-1].strip()) for line in options if "  " in line.strip()}
        assert len(columns) <= 2, f"cx {verb}: the sentences do not stand below each other: {columns}"


@test
def nothing_and_nonsense_are_usage_errors_told_on_stderr(cx):
    cx().ends(64).has_no_output().says("usage: cx VERB")
    cx("xyzzy").ends(64).has_no_output().says("no verb xyzzy")
    cx("help", "xyzzy").ends(64).has_no_output()
    cx("").ends(64).has_no_output()


@test
def a_misspelt_word_is_answered_with_the_nearest_one(cx):
    cx("pip").ends(64).says("did you mean pipe")
    cx("lnit").ends(64).says("did you mean lint")
    cx("pipe", "normalise").ends(64).has_no_output().says("did you mean normalize")
    cx("pipe", "normalize", "--verdict").ends(64).has_no_output().says("did you mean --verdicts")
    cx("tap", "cx.raw.v1", "--folow").ends(64).says("did you mean --follow")
    cx("produce", "--sampel", "5").ends(64).says("did you mean --sample")


@test
def words_a_verb_does_not_take_are_refused(cx):
    for words in (("create", "x"), ("version", "x"), ("demo", "5000"), ("produce", "5"), ("audit", "x"), ("trace", "x"), ("topics", "plan", "x")):
        cx(*words).ends(64).has_no_output().says("one word too many")
    cx("topics", "destroy").ends(64).has_no_output()
    cx("topics").ends(64).has_no_output()
    cx("tap").ends(64).has_no_output().says("which topic")
    cx("pipe").ends(64).has_no_output().says("which stages")
    cx("run").ends(64).has_no_output().says("which stages")
    cx("trace", "--channel", "x").ends(64).has_no_output().says("--native-id")


@test
def a_sample_of_any_size_ends_before_today_or_is_refused(cx):
    printed = cx("produce", "--sample", "20000", "--print").ends(0).out.decode(errors="replace")
    times = sorted(re.findall(r'"occurred_at":"(\d{4}-[^"]+)"', printed))
    today = time.strftime("%Y-%m-%dT00:00:00", time.gmtime())
    assert len(times) > 10000 and times[len(times) * 19 // 20] < today, f"the sample runs beyond {today}: {times[-1]}"
    sent = ("produce", *NO_BROKER, "--sample", "100000")
    days = [time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 86400 * n)) for n in (-10, 1)]
    cx(*sent, "--start", days[0]).ends(64).says("future").says("--per-day of ", "earlier --start")
    cx(*sent, "--start", days[1]).ends(64).says("future").says("give an earlier --start")
    cx(*sent, "--per-day", "5000").ends(64).says("future").says("--per-day of ")
    cx("produce", "--sample", "100", "--start", "2100-01-01T00:00:00Z", "--print").ends(0)


@test
def values_of_options_are_checked(cx):
    cx("pipe", "normalize", "--batch", "0").ends(64).says("1 to")
    cx("pipe", "normalize", "--batch", "many").ends(64)
    cx("pipe", "normalize", "--batch").ends(64).says("--batch needs N")
    cx("pipe", "normalize", "--verdicts=yes").ends(64).says("takes no value")
    cx("pipe", "normalize", "--outputs", "cx.nothing.v1").ends(64).says("cx.nothing.v1")
    cx("tap", "cx.raw.v1", "--from", "yesterday").ends(64)
    cx("produce", "--sample", "1", "--print", "--start", "soon").ends(64)
    cx("demo", "--no-broker", "--start", "soon").ends(64)
    cx("topics", "acl", "dedup").ends(64).has_no_output().says("--principal")
    cx("topics", "acl", "dedup", "--principal", "cx").ends(64).has_no_output().says("User:NAME")
    cx("topics", "acl", "nothing", "--principal", "User:cx").ends(64).has_no_output().says("nothing")
    cx("audit", "--chains", "dedup-nothing").ends(64).says("dedup-nothing")
    cx("topics", "plan", "--chains", "nothing").ends(64).says("nothing")


@test
def options_stand_before_or_after_operands_in_any_spelling(cx):
    line = '{"tenant":"t","channel":"c","native_id":"1","occurred_at":1767607200000,"author":{"name":"N"}}\n{bad\n'
    usual = cx("pipe", "normalize", "--verdicts", "--batch", "2", given=line).ends(0)
    equal(usual.out.count(b"verdict"), 1)
    for words in (("--verdicts", "--batch=2", "normalize"), ("--batch", "2", "normalize", "--verdicts"), ("--verdicts", "--batch=2", "--", "normalize")):
        equal(cx("pipe", *words, given=line).ends(0).out, usual.out, " ".join(words))
    config = cx.file("one.yaml", "normalize: {max_items: 7}\n")
    for words in (("-c", config), ("-c" + config,), ("--config", config), ("--config=" + config,)):
        assert "max_items: 7" in cx("run", *words, "normalize", "--print-config").ends(0).out.decode(), words


@test
def the_last_of_a_repeated_option_counts(cx):
    printed = cx("run", "normalize", "--print-config", "--set", "run.tick=1s", "--set", "run.tick=2s").ends(0).out.decode()
    assert "tick: 2s" in printed and "1s" not in printed, printed


@test
def stages_come_in_the_order_records_flow(cx):
    cx("pipe", "dedup", "normalize").ends(64).has_no_output().says("dedup comes after normalize")
    cx("pipe", "dedup", "dedup").ends(64).has_no_output()
    cx("pipe", "normalize", "classify", "dedup", "identify", "route", "analytics").ends(0).has_no_output().is_silent()


@test
def version_is_one_line_and_features_tell_the_stages(cx):
    for words in (("version",), ("--version",)):
        lines = cx(*words).ends(0).is_silent().lines()
        assert len(lines) == 1 and lines[0].startswith("cx ") and lines[0][3].isdigit(), lines
    features = cx("version", "--features").ends(0).out.decode()
    for word in ("librdkafka ", "stage normalize: ", "stage analytics: "):
        assert word in features, word


@test
def an_unreachable_cluster_is_exit_69_with_its_address(cx):
    verbs = (("tap", "cx.raw.v1"), ("audit",), ("doctor",), ("topics", "plan"), ("trace", "--channel", "c", "--native-id", "n"))
    for words, process in [(words, cx.start(*words, *NO_BROKER, stdout=subprocess.PIPE, stderr=subprocess.PIPE)) for words in verbs]:
        out, err = process.communicate(timeout=120)
        equal((process.returncode, out), (69, b""), " ".join(words))
        assert b"127.0.0.1:1" in err, err[-300:]


@test
def a_stop_signal_ends_a_process_that_never_reached_its_cluster(cx):
    process = cx.start("run", "normalize", *NO_BROKER, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr.readline(), "it says that it waits"
    process.terminate()
    out, _ = process.communicate(timeout=30)
    assert process.returncode in (0, -15), process.returncode
    equal(out, b"")


@test
def output_that_cannot_be_written_is_exit_74(cx):
    for words in (("--help",), ("create",), ("version",), ("pipe", "--help"), ("run", "normalize", "--print-config"), ("produce", "--sample", "50", "--print"),
                  ("demo", "--no-broker", "-n", "20", "--json")):
        with open("/dev/full", "wb") as full:
            process = cx.start(*words, stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=60)
        equal(process.returncode, 74, " ".join(words) + ": exit")
        assert b"stdout" in err, err
