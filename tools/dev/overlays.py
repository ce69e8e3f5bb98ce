#!/usr/bin/env python3
"""What overlays of tenants' own labels cost and gain: of what has one of their labels, and of all else.

usage: overlays.py --cx CX [--data FOLDER]

Tenants are made of banking77's training texts, as labels of their own, and of models/data, seeded. Of each an overlay is learned (`cx train --base cx`),
and `cx eval` asks how much is right of texts with its labels that it has not seen, and of the held texts of models/data by our own labels. Where a tenant has
labels of ours, its texts are some that the base was learned from (not those of background.tsv): it tells them right more often than new ones, and what
they are told as is clearer. Prints a table in Markdown.
"""
import argparse
import collections
import csv
import pathlib
import random
import sys
import tempfile

from cx_eval import figures, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = ("en", "tr", "es", "ar", "ru")
SEED = 5
RENAMED = {"order_status": "my_delivery"}
SWAPPED = {"billing_problem": "suggestion", "technical_problem": "question", "refund_request": "complaint"}


def banking(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    by_label = collections.defaultdict(list)
    for label, text in rows:
        by_label["own_" + label].append(text)
    return by_label


def ours(name):
    """(intent, text) of the texts that have one intent."""
    with open(ROOT / "models/data" / f"{name}.tsv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["intent"], row["text"]) for row in rows if row["intent"] and "," not in row["intent"]]


def with_labels(rows, names):
    """The rows that have one of the labels, by their other names."""
    return [(names[label], text) for label, text in rows if label in names]


def tenants(data):
    """(what it is, labelled rows, rows asked), each drawn anew."""
    seen, asked = banking(data / "intent/en.banking77.train.tsv"), banking(data / "intent/en.banking77.dev.tsv")
    beside = {line.split("\t")[1] for line in (ROOT / "models/data/background.tsv").read_text(encoding="utf-8").splitlines()}
    learned, held = [row for row in ours("en") if row[1] not in beside], ours("en.held")
    dice = random.Random(SEED)
    labels = dice.sample(sorted(seen), len(seen))

    def own(n, each):
        return [(label, text) for label in labels[:n] for text in dice.sample(seen[label], min(each, len(seen[label])))]

    def of(n):
        return [(label, text) for label in labels[:n] for text in asked[label]]

    yield "2 labels of its own", own(2, 30), of(2)
    yield "5 labels of its own", own(5, 40), of(5)
    yield "the same, and 60 English texts with labels of ours", own(5, 40) + dice.sample(learned, 60), of(5)
    yield "20 labels of its own", own(20, 40), of(20)
    yield ("a name of its own for order_status in 100, other labels of ours in 120",
           dice.sample(with_labels(learned, RENAMED), 100) + dice.sample([row for row in learned if row[0] not in RENAMED], 120), with_labels(held, RENAMED))
    yield ("another meaning of three labels of ours in 300, a label of its own in 30",
           dice.sample(with_labels(learned, SWAPPED), 300) + own(1, 30), with_labels(held, SWAPPED))


def write(path, rows):
    path.write_text("intent\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows), encoding="utf-8")


def right(cx, data, *model):
    return 100 * figures(cx, "intent", data, *model)["accuracy"][0]


def measure(cx, data):
    """The base's version and [(what it is, cells of its own, {language: right of ours})]; texts whose labels a tenant uses otherwise are not ours."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        labelled, unseen, overlay = folder / "labelled.tsv", folder / "asked.tsv", folder / "tenant.cxm"
        for language in LANGUAGES:
            write(folder / language, [row for row in ours(f"{language}.held") if row[0] not in RENAMED and row[0] not in SWAPPED])
        version = figures(cx, "intent", folder / LANGUAGES[0])["model"]
        rows.append(("the base", ("", "", "", ""), {language: right(cx, folder / language) for language in LANGUAGES}))
        for what, texts, asked in tenants(data):
            write(labelled, texts)
            write(unseen, asked)
            run(cx, "train", "--base", "cx", "--data", labelled, "--out", overlay)
            own = f"{right(cx, unseen, '--model', overlay):.1f}", str(len(asked)), str(len(texts)), f"{overlay.stat().st_size / 1000:.0f}"
            rows.append((what, own, {language: right(cx, folder / language, "--model", overlay) for language in LANGUAGES}))
            print(f"overlays: {what}", file=sys.stderr)
    return version, rows


def table(rows):
    lines = ["| tenant | labelled | its labels | asked | " + " | ".join(LANGUAGES) + " | KB |", "|---|---|---|---|" + "---|" * (len(LANGUAGES) + 1)]
    for what, (own, asked, labelled, size), rest in rows:
        lines.append(f"| {what} | {labelled} | {own} | {asked} | " + " | ".join(f"{rest[language]:.1f}" for language in LANGUAGES) + f" | {size} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--cx", required=True)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "../shared/data")
    args = parser.parse_args()
    version, rows = measure(args.cx, args.data)
    print("# Overlays of tenants' own labels\n")
    print(f"Right in a hundred texts that were not learned from, of overlays on {version}: of those with a tenant's labels, and best intent of held texts of"
          " `models/data`\nby language, but for those of labels that one of the tenants uses otherwise (`make eval-overlays`; the tenants are seeded, and"
          " `tools/dev/overlays.py`\nsays what they are). Texts with labels of ours are some that the base has learned from.\n")
    print(table(rows))


if __name__ == "__main__":
    main()
