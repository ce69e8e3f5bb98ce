"""learning.py - cx train and cx eval: overlays are made and judged; figures add up, whoever reckons them."""
import json
import math
import os
import pathlib
import re
import resource
import stat
import subprocess
import xml.etree.ElementTree as xml

from harness import equal, test

HELD = pathlib.Path(__file__).resolve().parents[2] / "models/data/en.held.tsv"
WARRANTY = ("the hinge broke, warranty please", "warranty claim for the drawer", "is it under warranty", "a broken leg, I claim the warranty", "warranty: the door")
MISSING = ("a screw is missing", "a missing panel in the box", "one bolt missing", "the box came with a missing handle", "missing: two hinges")
LABELS = "id\tchannel\tlanguage\ttext\tintent\n" + "".join(f"{i}\tweb_chat\ten\t{t}\t{'warranty_claim' if t in WARRANTY else 'missing_part'}\n"
                                                           for i, t in enumerate(WARRANTY + MISSING))


def overlay(cx, out="acme.cxm", *words):
    cx.file("acme.tsv", LABELS)
    return cx("train", "--base", "cx", "--data", "acme.tsv", "--name", "acme", "--out", out, *words).ends(0)


def card(cx, model):
    _, size, rest = subprocess.run(["zstd", "-dc", pathlib.Path(cx.folder.name) / model], capture_output=True, check=True).stdout.split(b"\n", 2)
    return json.loads(rest[:int(size)])["card"]


def near(found, wanted, what):
    assert abs(found - wanted) < 0.0002, f"{what}: {found} instead of {wanted}"


def share(part, whole):
    return part / whole if whole else 0


@test
def an_overlay_says_what_it_reaches_and_what_its_base_does(cx):
    run = overlay(cx)
    out = run.out.decode()
    for words in ("10 texts, each judged by a model that has not seen it", "(new)", "the base alone: 0.0 % right", "int8 instead of floats", "acme@", " over cx@"):
        assert words in out, (words, out)
    assert "\nno comparison: the base has none of these labels\n" in out and "better" not in out, out
    overlay(cx, "again.cxm")
    folder = pathlib.Path(cx.folder.name)
    equal((folder / "acme.cxm").read_bytes(), (folder / "again.cxm").read_bytes(), "the same texts")


def right_of(cx, data, *model):
    head, = json.loads(cx("eval", "--json", "--head", "intent", "--data", data, *model).ends(0).out)["heads"]
    return head["models"][0]["accuracy"][0]


@test
def what_is_none_of_a_tenants_own_labels_is_told_as_the_base_tells_it(cx):
    assert "learned beside 1000 texts of no company in particular" in overlay(cx).out.decode()
    equal(card(cx, "acme.cxm")["texts"], 10, "background is not of the tenant's texts")
    held, base = right_of(cx, HELD, "--model", "acme.cxm"), right_of(cx, HELD)
    assert held > base - 0.06, (held, base)
    assert right_of(cx, "acme.tsv", "--model", "acme.cxm") > 0.8


@test
def an_overlay_speaks_the_languages_of_its_texts_however_lines_end(cx):
    for end in ("\n", "\r\n"):
        cx.file("last.tsv", f"text\tintent\tlanguage{end}" + "".join(f"{t}\t{'claim' if t in WARRANTY else 'part'}\ten{end}" for t in WARRANTY + MISSING))
        cx("train", "--base", "cx", "--data", "last.tsv", "--out", "last.cxm").ends(0)
        equal(card(cx, "last.cxm")["languages"], ["en"], repr(end))


@test
def what_was_taught_is_learned_beside_labels_and_the_card_says_by_whom(cx):
    lines = [line.split("\t") for line in LABELS.splitlines()[1:]]
    cx.file("taught.tsv", "# somebody, free\n" + "".join(f"{len(line[3].encode())}\t{line[4]}=60\n" for line in lines))
    run = overlay(cx, "taught.cxm", "--taught", "taught.tsv")
    assert "who taught it has" in run.out.decode(), run.out
    overlay(cx, "plain.cxm")
    folder = pathlib.Path(cx.folder.name)
    assert (folder / "taught.cxm").read_bytes() != (folder / "plain.cxm").read_bytes()
    equal(card(cx, "taught.cxm")["taught_by"], "somebody, free")
    cx.file("other.tsv", "# somebody\n3\tmissing_part=60\n")
    refused = cx("train", "--base", "cx", "--data", "acme.tsv", "--taught", "other.tsv", "--out", "x.cxm").ends(65)
    assert "other.tsv:2: is of a text of another length" in refused.err, refused.err


@test
def what_was_kept_back_from_the_network_is_what_a_head_is_judged_by(cx):
    rows = [(text + end, "warranty_claim" if text in WARRANTY else "missing_part") for end in ("", " today") for text in WARRANTY + MISSING]
    cx.file("acme.tsv", "".join(f"{label}\t{text}\n" for text, label in rows) + "?\tthe screw, where is it\n")
    taught = [f"{len(text)}\t{f'{label}=60' if i % 2 else ''}\n" for i, (text, label) in enumerate(rows)]
    cx.file("taught.tsv", "# somebody\n" + "".join(taught) + "22\tmissing_part=90\n")
    run = cx("train", "--base", "cx", "--data", "acme.tsv", "--taught", "taught.tsv", "--out", "x.cxm").ends(0)
    assert "10 texts, each judged by a model that has not seen it: " in run.out.decode(), run.out


@test
def a_model_has_one_name_wherever_it_is_said(cx):
    told = re.search(r"acme.cxm: (acme@[0-9a-f]{8}) over (cx@[0-9a-f]{8})$", overlay(cx).out.decode().strip())
    assert told, "cx train says what it made"
    own, base = told.groups()
    equal([m["model"] for m in cx("eval", "--data", "acme.tsv", "--compare", "acme.cxm", "--json").ends(0).json()[0]["heads"][0]["models"]], [base, f"{base}+{own}"])
    laid = ("--set", "classify.overlays={acme: acme.cxm}")
    explained = cx("explain", "--text", "the hinge broke", "--tenant", "acme", *laid).ends(0).out.decode()
    assert f"{base}+{own}" in explained, explained
    line = json.dumps({"tenant": "acme", "channel": "web_chat", "native_id": "1", "occurred_at": "2026-11-22T04:00:00Z", "author": {"native_id": "u"}, "text": "x"})
    equal(cx("pipe", "normalize", "classify", *laid, given=line).ends(0).json()[0]["classification"]["model"], f"{base}+{own}")
    overlay(cx, "renamed.cxm", "--head", "reason", "--column", "intent")
    assert own not in cx("explain", "--text", "x", "--tenant", "acme", "--set", "classify.overlays={acme: renamed.cxm}").ends(0).out.decode(), "of another head, the same texts"


@test
def a_damaged_model_is_refused(cx):
    """Changed in the file, and in what the file unpacks to: there only the name tells."""
    overlay(cx)
    folder = pathlib.Path(cx.folder.name)
    packed = (folder / "acme.cxm").read_bytes()
    image = subprocess.run(["zstd", "-dc"], input=packed, capture_output=True, check=True).stdout
    row = next(i for i in range(len(image) - 1, 0, -1) if image[i])
    for what, count, pack in ((packed, len(packed) // 2, None), (image, row, ["zstd", "-c", "--no-check"])):
        bad = what[:count] + bytes([what[count] ^ 1]) + what[count + 1:]
        (folder / "acme.cxm").write_bytes(subprocess.run(pack, input=bad, capture_output=True, check=True).stdout if pack else bad)
        laid = ("--set", "classify.overlays={acme: acme.cxm}")
        cx("explain", "--text", "x", *laid).ends(78).has_no_output().says("acme.cxm: ", "damaged")
        cx("eval", "--data", "acme.tsv", "--compare", "acme.cxm").ends(65).says("acme.cxm: ", "damaged")


@test
def labels_of_ones_own_are_explained_in_the_order_of_the_record(cx):
    overlay(cx)
    laid = ("--set", "classify.overlays={acme: acme.cxm}")
    given = "".join(json.dumps({"tenant": "acme", "channel": "web_chat", "native_id": text, "occurred_at": "2026-11-22T04:00:00Z", "author": {"native_id": "u"},
                                "text": text}) + "\n" for text in (*WARRANTY, *MISSING, "where is my refund, the hinge broke, warranty please"))
    records = cx("pipe", "normalize", "classify", *laid, given=given).ends(0).json()
    pages = cx("explain", "--json", "--event", *laid, given=given).ends(0).json()
    lists = [[intent["name"] for intent in record["classification"]["intents"]] for record in records]
    assert any(len(names) > 1 and names[0] in ("warranty_claim", "missing_part") for names in lists), lists
    for names, page in zip(lists, pages, strict=True):
        equal([h["label"] for h in page["heads"] if h["head"] == "intents" and h["said"]], names)


@test
def an_overlay_is_no_model_by_itself(cx):
    overlay(cx)
    config = cx.file("alone.yaml", "classify:\n  model: acme.cxm\n")
    finding, = cx("lint", config).ends(1).lines()
    assert f"{config}:2:3: error: acme.cxm: an overlay, made over cx@" in finding and "classify.overlays" in finding, finding
    cx("pipe", "classify", "-c", config).ends(78).has_no_output().says(finding)


@test
def an_overlay_counts_once(cx):
    overlay(cx)
    folder = pathlib.Path(cx.folder.name)
    (folder / "copy.cxm").write_bytes((folder / "acme.cxm").read_bytes())
    for twice in ("acme.cxm", "copy.cxm"):
        config = cx.file("twice.yaml", f"classify:\n  overlays: {{acme: [acme.cxm, {twice}]}}\n")
        finding, = cx("lint", config).ends(1).lines()
        assert f"{config}:2:31: error: {twice}: acme@" in finding and "twice" in finding, finding
    cx("lint", cx.file("each.yaml", "classify:\n  overlays: {acme: acme.cxm, beta: acme.cxm}\n")).ends(0)


@test
def a_model_is_the_same_bytes_wherever_it_is_learned(cx):
    """Another locale, time zone, heap and processor (as far as the C library can be told), and addresses that differ by themselves from run to run."""
    words = ("train", "--data", str(HELD), "--head", "mood", "--column", "sentiment", "--out")
    cx(*words, "here.cxm", env={"LC_ALL": "C", "TZ": "UTC"}).ends(0)
    cx(*words, "there.cxm", env={"LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "MALLOC_PERTURB_": "90", "MALLOC_MMAP_THRESHOLD_": "4096",
                                 "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}).ends(0)
    folder = pathlib.Path(cx.folder.name)
    equal((folder / "here.cxm").read_bytes(), (folder / "there.cxm").read_bytes(), "the same texts")


@test
def what_cannot_be_learned_from_is_said_where_it_stands(cx):
    cx.file("few.tsv", "a\tone\nb\ttwo\n")
    cx("train", "--base", "cx", "--data", "few.tsv", "--out", "x.cxm").ends(65).says("few.tsv: 2 texts", "label 10 or more").has_no_output()
    cx.file("empty.tsv", "")
    cx("train", "--base", "cx", "--data", "empty.tsv", "--out", "x.cxm").ends(65).says("empty.tsv: 0 texts with a label are too few", "label 10 or more")
    cx.file("alike.tsv", "".join(f"a\ttext {i}\n" for i in range(10)))
    cx("train", "--data", "alike.tsv", "--out", "x.cxm").ends(65).says("alike.tsv: its texts have 1 label in all: it takes 2")
    cx.file("moods.tsv", "positive\tfine\nfurious\tnot fine\n")
    cx("train", "--base", "cx", "--head", "sentiment", "--data", "moods.tsv", "--out", "x.cxm").ends(65).says("moods.tsv:2: furious is no label of sentiment")
    cx("train", "--base", "cx", "--head", "language", "--data", "moods.tsv", "--out", "x.cxm").ends(64).says("not laid over")
    cx("train", "--base", "moods.tsv", "--data", "moods.tsv", "--out", "x.cxm").ends(65).says("moods.tsv: not a model")
    cx("train", "--data", "moods.tsv").ends(64).says("--out")


@test
def a_byte_order_mark_and_ends_of_lines_of_windows_are_no_part_of_a_file_of_labels(cx):
    rows = [(text, "warranty_claim" if text in WARRANTY else "missing_part") for text in WARRANTY + MISSING]
    told = "".join(f"{text}\t{label}\n" for text, label in rows)
    cx.file("plain.tsv", "text\tintent\n" + told)
    cx.file("marked.tsv", "\ufefftext\tintent\n" + told)
    cx.file("bare.tsv", "\ufeff" + "".join(f"{label}\t{text}\n" for text, label in rows))
    cx.file("windows.tsv", ("\ufefftext\tintent\n" + told).replace("\n", "\r\n"))
    reached = {name: cx("train", "--base", "cx", "--data", f"{name}.tsv", "--out", "x.cxm").ends(0).lines()[:-1] for name in ("plain", "marked", "bare", "windows")}
    for name in ("marked", "windows"):
        equal(reached[name], reached["plain"], name)
    assert any(line.split()[0] == "warranty_claim" for line in reached["bare"]) and "\ufeff" not in "".join(reached["bare"]), reached["bare"]
    heads = cx("eval", "--model", "x.cxm", "--base", "cx", "--data", "windows.tsv", "--json").ends(0).json()[0]["heads"]
    equal([(head["head"], head["models"][0]["texts"]) for head in heads], [("intent", 10)])
    cx.file("spoken.tsv", ("text\tintent\tlanguage\n" + told.replace("\n", "\ten\n")).replace("\n", "\r\n"))
    cx("train", "--base", "cx", "--data", "spoken.tsv", "--out", "x.cxm").ends(0)
    equal(card(cx, "x.cxm")["languages"], ["en"])


@test
def a_header_without_text_or_label_is_said_with_the_columns_there_are(cx):
    rows = "".join(f"{i}\t{'warranty_claim' if t in WARRANTY else 'missing_part'}\t{t}\n" for i, t in enumerate(WARRANTY + MISSING))
    cx.file("comment.tsv", "id\tintent\tcomment\n" + rows)
    for words in (("train", "--base", "cx", "--out", "x.cxm"), ("train", "--base", "cx", "--out", "x.cxm", "--column", "intent")):
        cx(*words, "--data", "comment.tsv").ends(65).says("comment.tsv:1: the header has no column text; it has id, intent, comment").has_no_output()
    for words in ((), ("--head", "intent")):
        cx("eval", "--data", "comment.tsv", *words).ends(65).says("comment.tsv:1: no column text")
    cx.file("label.tsv", "label\ttext\n" + "".join(line.split("\t", 1)[1] for line in rows.splitlines(True)))
    cx("train", "--base", "cx", "--data", "label.tsv", "--out", "x.cxm").ends(65).says("label.tsv:1: the header has no column intent; it has label, text")
    bare = "".join(line.split("\t", 1)[1] for line in rows.splitlines(True))
    for header in ("intent\tcomment\n", "label\tcomment\n"):
        cx.file("two.tsv", header + bare)
        cx("train", "--base", "cx", "--data", "two.tsv", "--out", "x.cxm").ends(65).says("two.tsv:1: the header has no column text")
    cx.file("first.tsv", "missing_part\tintent\n" + bare)  # a text of one word
    cx("train", "--base", "cx", "--data", "first.tsv", "--out", "x.cxm").ends(0)
    cx.file("three.tsv", "id\tcategory\tcomment\n" + rows)
    cx("train", "--base", "cx", "--data", "three.tsv", "--out", "x.cxm").ends(65).says("three.tsv:1: 3 columns where label and text are 2", "or a header without")
    cx.file("warranty.tsv", bare.replace("warranty_claim", "warranty"))
    cx("train", "--head", "warranty", "--data", "warranty.tsv", "--out", "x.cxm").ends(0)


@test
def a_tab_within_a_text_is_an_error_where_it_stands(cx):
    cx.file("wide.tsv", "text\tintent\nfine\tpraise\nnot\tfine\tcomplaint\n")
    for words in (("train", "--base", "cx", "--out", "x.cxm"), ("eval",)):
        cx(*words, "--data", "wide.tsv").ends(65).says("wide.tsv:3: 3 columns where the header has 2: a tab within a text")
    cx.file("bare.tsv", "praise\tfine\ncomplaint\tnot\tfine\n")
    cx("train", "--base", "cx", "--data", "bare.tsv", "--out", "x.cxm").ends(65).says("bare.tsv:2: 3 columns where label and text are 2: a tab within a text")


@test
def a_label_that_a_head_of_sets_does_not_have_is_no_silence(cx):
    cx.file("toxic.tsv", "text\ttoxic\n" + "".join(f"you are number {i}\t{'true' if i % 2 else '0'}\n" for i in range(20)))
    for verb in (("train", "--base", "cx", "--out", "x.cxm"), ("eval",)):
        cx(*verb, "--head", "toxicity", "--column", "toxic", "--data", "toxic.tsv").ends(65).says("toxic.tsv:3: true is no label of toxicity").has_no_output()
    cx.file("functions.tsv", "text\tfunctions\nnothing\tnone\nwhere is it\tcares,ecommerce\n")
    cx("eval", "--data", "functions.tsv").ends(65).says("functions.tsv:3: cares is no label of functions").has_no_output()


@test
def a_name_is_one_that_records_lists_and_tables_can_carry(cx):
    for bad in ("a,b", "Two Words", "a\u00a0b", "a\x07b", "a=b", "\u202eab", "a\u2028b", "a\u3000b", "x" * 65, "é" * 33):
        cx.file("bad.tsv", LABELS.replace("missing_part", bad))
        cx("train", "--base", "cx", "--data", "bad.tsv", "--out", "x.cxm").ends(65).says("bad.tsv:7: ", "cannot be a label: one is at most 64 bytes").has_no_output()
    cx.file("said.tsv", LABELS.replace("missing_part", "Two Words").replace("\ten\t", "\tBritish English\t"))
    assert "Two Words" in cx("eval", "--data", "said.tsv", "--head", "intent").ends(0).out.decode(), "what is measured is not learned"
    cx.file("good.tsv", LABELS.replace("missing_part", "é" * 32).replace("warranty_claim", "Alarm/can't_set?"))
    cx("train", "--base", "cx", "--data", "good.tsv", "--name", "é/1", "--out", "x.cxm").ends(0)
    for flag in ("--name", "--head"):
        for bad in ("", "a b", "a,b", "a@b", "a+b", "x" * 300):
            cx("train", "--base", "cx", "--data", "good.tsv", flag, bad, "--out", "x.cxm").ends(64).says(f'{flag} "{bad[:60]}": a name is at most 64 bytes').has_no_output()


@test
def who_gives_a_label_that_a_head_lacks_is_told_those_it_has(cx):
    cx.file("moods.tsv", "positive\tfine\nfurious\tnot fine\n")
    cx("train", "--base", "cx", "--head", "sentiment", "--data", "moods.tsv", "--out", "x.cxm").ends(65).says(
        "moods.tsv:2: furious is no label of sentiment, which has negative, neutral, positive")
    overlay(cx)
    for base in ((), ("--base", "acme.cxm")):
        cx("train", *base, "--head", "sentiment", "--data", "moods.tsv", "--out", "x.cxm").ends(65).says("sentiment (labels of your own: another --head", "negative, neutral")
    cx("eval", "--head", "toxicity", "--data", "moods.tsv").ends(65).says("moods.tsv:1: positive is no label of toxicity, which has toxic (yes), no")
    cx.file("many.tsv", "".join(f"label_{i}\tfine {i}\n" for i in range(513)))
    cx("train", "--data", "many.tsv", "--out", "x.cxm").ends(65).says("many.tsv:513: label_512 is one label more than the 512 that a head may have")


@test
def tables_are_straight_whatever_labels_are_written_in(cx):
    cx.file("names.tsv", LABELS.replace("missing_part", "eksik_parça_çığlığı").replace("warranty_claim", "ضمان").replace("\ten\t", "\tçç\t"))
    learned = [line for line in cx("train", "--base", "cx", "--data", "names.tsv", "--out", "x.cxm").ends(0).lines() if "(new)" in line]
    equal({line.index("precision") for line in learned}, {35}, learned)
    told = cx("eval", "--model", "x.cxm", "--base", "cx", "--data", "names.tsv", "--head", "intent").ends(0).lines()
    rows = [line for line in told if line.startswith(("  eksik", "  ضمان")) and "(" in line]
    equal((len(rows), {line.index("(") for line in rows}), (2, {36}), told)
    cx.file("other.tsv", LABELS.replace("missing_part", "çığlık"))
    told = cx("eval", "--data", "other.tsv").ends(0).lines()
    pairs = [line for line in told if "(" not in line and line.startswith(("  çığlık", "  warranty_claim"))]
    equal({len(line) for line in pairs}, {61}, told)


@test
def texts_that_have_nothing_in_common_are_learned_from_as_far_as_they_go(cx):
    cx.file("letters.tsv", "".join(f"{'good' if i % 2 else 'bad'}\t{letter}\n" for i, letter in enumerate("qwertzuiopasdfghjkly")))
    cx("train", "--data", "letters.tsv", "--out", "letters.cxm").ends(0)
    cx("explain", "--text", "q", "--set", "classify.model=letters.cxm").ends(0)


@test
def figures_are_those_of_the_confusion(cx):
    page = cx("eval", "--data", str(HELD), "--head", "intent", "--json").ends(0).json()[0]["heads"][0]["models"][0]
    confusion = [tuple(c) for c in page["confusion"]]
    equal(sum(n for _, _, n in confusion), page["texts"], "texts")
    near(page["accuracy"][0], sum(n for t, s, n in confusion if t == s) / page["texts"], "accuracy")
    f1 = []
    for row in page["labels"]:
        label = row["label"]
        both = sum(n for t, s, n in confusion if t == s == label)
        truth, said = sum(n for t, _, n in confusion if t == label), sum(n for _, s, n in confusion if s == label)
        equal(row["texts"], truth, label)
        near(row["precision"][0], share(both, said), f"precision of {label}")
        near(row["recall"][0], share(both, truth), f"recall of {label}")
        f1.append(share(2 * both, truth + said))
        near(row["f1"][0], f1[-1], f"F1 of {label}")
        low, middle, high = row["f1"][1], row["f1"][0], row["f1"][2]
        assert low <= middle <= high and (low < high or middle in (0, 1)), row
    near(page["macro_f1"][0], sum(f1) / len(f1), "macro F1")
    total = sum(n for n, _, _ in page["bins"])
    near(page["ece"][0], sum(n * abs(score - right) for n, score, right in page["bins"]) / total, "ECE")
    low, high = page["accuracy"][1:]
    half = 1.96 * math.sqrt(page["accuracy"][0] * (1 - page["accuracy"][0]) / page["texts"])
    assert abs((high - low) / 2 - half) < 0.3 * half, ("the bootstrap is near the normal approximation", low, high, half)


@test
def languages_have_rows_of_their_own(cx):
    german = "".join(f"neutral\tdas Paket Nummer {i} liegt noch im Lager und kommt erst morgen\n" for i in range(25))
    english = "".join(f"neutral\tparcel number {i} is still in the warehouse and comes tomorrow\n" for i in range(30))
    cx.file("two.tsv", german + english)
    page = cx("eval", "--data", "two.tsv", "--head", "sentiment", "--json").ends(0).json()[0]["heads"][0]["models"][0]
    equal({row["language"]: row["texts"] for row in page["languages"]}, {"de": 25, "en": 30})
    near(page["accuracy"][0], sum(row["accuracy"][0] * row["texts"] for row in page["languages"]) / 55, "rows add up")
    cx.file("told.tsv", "language\ttext\tsentiment\n" + "".join(f"xx\tfine {i}\tpositive\n" for i in range(20)) + "".join(f"yy\tbad {i}\tnegative\n" for i in range(20)))
    page = cx("eval", "--data", "told.tsv", "--json").ends(0).json()[0]["heads"][0]["models"][0]
    equal({row["language"]: row["texts"] for row in page["languages"]}, {"xx": 20, "yy": 20})


@test
def two_models_are_compared_text_by_text(cx):
    overlay(cx)
    page = cx("eval", "--data", "acme.tsv", "--compare", "acme.cxm", "--json").ends(0).json()[0]["heads"][0]
    equal([row["known"] for row in page["models"][0]["labels"]], [False, False], "the base has no such labels")
    found = page["comparison"]
    equal((found["only_first"], found["only_second"]), (0, 10))
    near(found["p"], 2 * 0.5 ** 10, "McNemar")
    equal(found["verdict"], "no comparison: cx has none of these labels")
    same = cx("eval", "--data", "acme.tsv", "--compare", "cx", "--json").ends(0).json()[0]["heads"][0]["comparison"]
    equal((same["p"], same["macro_f1_gain"]), (1, [0, 0, 0]))
    text = cx("eval", "--data", "acme.tsv", "--compare", "acme.cxm").ends(0).out.decode()
    for words in ("not a label of the model", "p = 0.0020 (McNemar", "paired bootstrap", "is taken for"):
        assert words in text, (words, text)


@test
def an_overlay_is_compared_with_its_base_where_both_know_a_label(cx):
    cx.file("shared.tsv", LABELS.replace("missing_part", "complaint"))
    out = cx("train", "--base", "cx", "--data", "shared.tsv", "--out", "shared.cxm").ends(0).out.decode()
    assert "the base with the overlay is better than the base alone" in out, out
    found = cx("eval", "--data", "shared.tsv", "--compare", "shared.cxm", "--json").ends(0).json()[0]["heads"][0]["comparison"]
    assert "shared.cxm is better than cx" in found["verdict"], found
    same = cx("eval", "--data", "shared.tsv", "--compare", "cx", "--json").ends(0).json()[0]["heads"][0]["comparison"]
    assert "show no difference" in same["verdict"], same


@test
def what_chance_hardly_makes_is_not_said_to_be_impossible(cx):
    overlay(cx)
    cx.file("more.tsv", LABELS + "".join(LABELS.splitlines(True)[1:]))
    text = cx("eval", "--data", "more.tsv", "--compare", "acme.cxm").ends(0).out.decode()
    assert "only cx is right on 0 texts, only acme.cxm on 20: p < 0.0001 (McNemar, exact)" in text, text


@test
def the_plot_is_a_picture_of_all_labels(cx):
    cx("eval", "--data", str(HELD), "--head", "intent", "--plot", "plot.svg").ends(0)
    page = cx("eval", "--data", str(HELD), "--head", "intent", "--json").ends(0).json()[0]["heads"][0]["models"][0]
    root = xml.parse(pathlib.Path(cx.folder.name) / "plot.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    words = {t.text for t in root.iter(f"{space}text")}
    for row in page["labels"]:
        assert row["label"] in words, (row, words)
    equal(len(list(root.iter(f"{space}circle"))), sum(1 for n, _, _ in page["bins"] if n), "dots of the reliability diagram")


@test
def eval_says_which_heads_there_are(cx):
    cx.file("plain.tsv", "positive\tfine\nnegative\tawful\n")
    cx("eval", "--data", "plain.tsv").ends(64).says("which head?", "sentiment", "urgency").has_no_output()
    cx("eval", "--data", "plain.tsv", "--head", "mood").ends(64).says("no such head")
    cx("eval", "--data", str(HELD), "--column", "sentiment").ends(64).says("labels of which head?", "sentiment", "urgency").has_no_output()
    heads = cx("eval", "--data", str(HELD), "--json").ends(0).json()[0]["heads"]
    assert {"sentiment", "intent", "functions", "urgency"} <= {h["head"] for h in heads}, [h["head"] for h in heads]


@test
def one_head_is_meant_where_a_model_has_no_other(cx):
    cx.file("moods.tsv", "text\tmood\n" + "".join(f"{t}\t{'bad' if t in WARRANTY else 'good'}\n" for t in WARRANTY + MISSING))
    cx("train", "--data", "moods.tsv", "--head", "feeling", "--column", "mood", "--out", "feeling.cxm").ends(0)
    head, = cx("eval", "--model", "feeling.cxm", "--data", "moods.tsv", "--column", "mood", "--json").ends(0).json()[0]["heads"]
    equal((head["head"], head["models"][0]["accuracy"][0]), ("feeling", 1))


@test
def a_file_without_texts_is_told_from_one_without_a_head(cx):
    cx.file("empty.tsv", "\n")
    cx("eval", "--data", "empty.tsv").ends(65).says("empty.tsv: no text").has_no_output()
    for content in ("id\tsentiment\n1\tpositive\n", "id\tchannel\tlanguage\tmessage\n1\tweb_chat\ten\tfine\n", "fine\nawful\n"):
        cx.file("no_texts.tsv", content)
        cx("eval", "--data", "no_texts.tsv").ends(65).says("no_texts.tsv:1: no column text").has_no_output()
    cx.file("no_texts.tsv", "id\tsentiment\n1\tpositive\n")
    cx("eval", "--data", "no_texts.tsv", "--head", "sentiment").ends(65).says("no_texts.tsv:1: no column text").has_no_output()
    cx.file("texts.tsv", "text\tmood\nfine\tgood\n")
    cx("eval", "--data", "texts.tsv").ends(64).says("which head?")


@test
def a_model_that_is_no_whole_file_is_said_to_be_none(cx):
    overlay(cx)
    whole = (pathlib.Path(cx.folder.name) / "acme.cxm").read_bytes()
    for content, why in ((whole[:-9], "is cut short"), (whole + b"more", "has bytes behind its end"), (b"", "not a model")):
        cx.file("broken.cxm", content)
        cx("eval", "--data", "acme.tsv", "--model", "broken.cxm").ends(65).says("broken.cxm: not a model: ", why).has_no_output()
        cx("train", "--data", "acme.tsv", "--base", "broken.cxm", "--out", "x.cxm").ends(65).says("broken.cxm: not a model: ", why).has_no_output()
    cx("eval", "--data", "acme.tsv", "--model", "/tmp").ends(74).says("/tmp: cannot be read: Is a directory")


def refuses_to_write(cx, name, status, why, *words):
    """The file stays as it is, and nothing is left beside it."""
    path = pathlib.Path(cx.folder.name) / name
    before = path.read_bytes() if path.is_file() else None
    names = sorted(os.listdir(cx.folder.name))
    cx(*words).ends(status).says(f"{name}: ", why).has_no_output()
    equal(path.read_bytes() if path.is_file() else None, before, f"{name} after {words}")
    equal(sorted(os.listdir(cx.folder.name)), names, "files")


@test
def what_is_read_is_not_written_over(cx):
    overlay(cx)
    folder = pathlib.Path(cx.folder.name)
    cx.file("taught.tsv", "# somebody\n")
    os.link(folder / "acme.tsv", folder / "linked.tsv")
    os.symlink("acme.tsv", folder / "symbolic.tsv")
    train = ("train", "--base", "acme.cxm", "--data", "acme.tsv", "--taught", "taught.tsv", "--out")
    for name, flag in (("acme.tsv", "--data"), ("linked.tsv", "--data"), ("symbolic.tsv", "--data"), ("taught.tsv", "--taught"), ("acme.cxm", "--base")):
        refuses_to_write(cx, name, 64, f"what {flag} reads", *train, name)
    measure = ("eval", "--data", "acme.tsv", "--model", "acme.cxm", "--plot")
    for name, flag in (("acme.tsv", "--data"), ("acme.cxm", "--model")):
        refuses_to_write(cx, name, 64, f"what {flag} reads", *measure, name)
    for flag in ("--base", "--compare"):
        refuses_to_write(cx, "taught.tsv", 64, f"what {flag} reads", "eval", "--data", "acme.tsv", flag, "taught.tsv", "--plot", "taught.tsv")


@test
def what_is_no_file_is_not_replaced_by_one(cx):
    overlay(cx)
    folder = pathlib.Path(cx.folder.name)
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    os.symlink("pipe", folder / "to_pipe")
    os.symlink("nowhere", folder / "to_nothing")
    for words in (("train", "--data", "acme.tsv", "--head", "intent_own", "--column", "intent", "--out"), ("eval", "--data", "acme.tsv", "--plot")):
        for name, why in (("pipe", "no regular file"), ("folder", "a directory"), ("to_pipe", "no regular file"), ("to_nothing", "file that is not there")):
            refuses_to_write(cx, name, 74, why, *words, name)
    assert (folder / "pipe").is_fifo() and (folder / "to_pipe").is_symlink()


@test
def a_symbolic_link_stays_and_the_file_it_names_is_written(cx):
    folder = pathlib.Path(cx.folder.name)
    (folder / "kept").mkdir()
    (folder / "kept/model").write_bytes(b"old")
    (folder / "kept/picture").write_bytes(b"old")
    os.symlink("kept/model", folder / "link.cxm")
    os.symlink("kept/picture", folder / "link.svg")
    overlay(cx, "link.cxm")
    os.chmod(folder / "link.svg", 0o640)
    cx("eval", "--data", "acme.tsv", "--plot", "link.svg").ends(0)
    equal(stat.S_IMODE(os.stat(folder / "link.svg").st_mode), 0o640)
    assert (folder / "link.cxm").is_symlink() and (folder / "link.svg").is_symlink()
    overlay(cx, "plain.cxm")
    equal((folder / "kept/model").read_bytes(), (folder / "plain.cxm").read_bytes(), "the model")
    assert (folder / "kept/picture").read_bytes().startswith(b"<svg"), "the picture"
    equal(sorted(os.listdir(folder / "kept")), ["model", "picture"])


@test
def where_nothing_can_be_written_is_said_before_the_work(cx):
    cx.file("few.tsv", "a\tone\nb\ttwo\n")
    refuses_to_write(cx, "none/x.cxm", 74, "No such file", "train", "--data", "few.tsv", "--out", "none/x.cxm")
    refuses_to_write(cx, "none/x.svg", 74, "No such file", "eval", "--data", "few.tsv", "--plot", "none/x.svg")
    cx("train", "--data", "few.tsv", "--out", "").ends(74).says("cannot be written")
    cx("train", "--data", "few.tsv", "--out", "unmade.cxm").ends(65)
    equal(os.listdir(cx.folder.name).count("unmade.cxm"), 0, "outputs of what failed")


@test
def a_full_disk_leaves_the_old_picture(cx):
    overlay(cx)
    path = pathlib.Path(cx.file("old.svg", "old"))
    names = sorted(os.listdir(cx.folder.name))
    cx("eval", "--data", "acme.tsv", "--plot", "old.svg", restore_signals=False,
       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))).ends(74).says("old.svg: cannot be written")
    equal(path.read_text(), "old")
    equal(sorted(os.listdir(cx.folder.name)), names, "files")


@test
def labelled_texts_may_come_through_a_pipe_and_not_from_a_folder(cx):
    for words in (("train", "--base", "cx", "--out", "unmade.cxm"), ("eval",)):
        cx(*words, "--data", "/tmp").ends(74).says("/tmp: cannot be read: Is a directory").has_no_output()
    cx.file("acme.tsv", LABELS)
    measure = ("eval", "--head", "intent", "--json", "--data")
    piped = cx(*measure, "/dev/stdin", given=LABELS).ends(0).json()
    equal(piped, [json.loads(line.replace("acme.tsv", "/dev/stdin")) for line in cx(*measure, "acme.tsv").ends(0).lines()])
