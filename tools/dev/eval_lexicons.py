#!/usr/bin/env python3
"""What classify reaches on labelled texts: with its model, or with CX_CLASSIFY_MODEL=none by lexicons alone.

eval_lexicons.py --cx build/dev/bin/cx FOLDER [--half dev|held|both] [--misses LABEL]

FOLDER holds {tr,es,ar,ru,en}.tsv with a header and the columns id, channel, text, sentiment, urgency, toxic, relevant, intent, functions, c, topic. Where
there are {…}.held.tsv too (models/data), these are what was never trained on, and are taken as `held`. Else texts are split by the hash of their topic, so
that a scenario is in one half only: the lexicons are developed on `dev`, figures are reported on `held`.
Each text goes through `cx pipe classify`. Printed per language: language right; sentiment right among those said and how many were said; best intent right (an
intent of `other` or `spam` with nothing but that, or nothing, said counts as right for `other`); functions as precision, recall and F1 of sets, and the first one right;
urgency right; toxic texts as F1 at 0.5; relevance as F1 of `not relevant`; the C right.
"""
import argparse
import csv
import hashlib
import json
import pathlib
import subprocess
from collections import Counter

LANGUAGES = ("tr", "es", "ar", "ru", "en")
MESSAGES = {"email", "whatsapp", "messenger", "web_chat", "telegram"}
REVIEWS = {"google_review", "app_store", "employer_review"}


def kind_of(channel):
    if channel in MESSAGES:
        return "message"
    if channel in REVIEWS:
        return "review"
    return {"call_transcript": "call_turn", "survey": "survey_response"}.get(channel, "comment")


def read(folder, half):
    for language in LANGUAGES:
        held = folder / f"{language}.held.tsv"
        path = held if held.exists() and half == "held" else folder / f"{language}.tsv"
        with open(path, encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                is_dev = not held.exists() and hashlib.md5(row["topic"].encode()).digest()[0] % 2 == 0
                if half == "both" or is_dev == (half == "dev"):
                    yield language, row


def classify(cx, rows):
    lines = "".join(json.dumps({"tenant": "eval", "channel": row["channel"], "kind": kind_of(row["channel"]), "native_id": row["id"],
                                "occurred_at": 1700000000000, "author": {"handle": "a"}, "text": row["text"]}, ensure_ascii=False) + "\n" for _, row in rows)
    done = subprocess.run([cx, "pipe", "classify"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["classification"] for line in done.stdout.splitlines()]


class Tally:
    def __init__(self):
        self.counts = Counter()

    def add(self, name, hit):
        self.counts[name, bool(hit)] += 1

    def share(self, name):
        hits, misses = self.counts[name, True], self.counts[name, False]
        return f"{100 * hits / (hits + misses):5.1f}" if hits + misses else "    -"

    def sets(self, name, said, true):
        self.counts[name, "both"] += len(said & true)
        self.counts[name, "said"] += len(said)
        self.counts[name, "true"] += len(true)

    def f1(self, name):
        both, said, true = (self.counts[name, k] for k in ("both", "said", "true"))
        precision, recall = both / max(said, 1), both / max(true, 1)
        return f"{100 * precision:5.1f} {100 * recall:5.1f} {200 * precision * recall / max(precision + recall, 1e-9):5.1f}"


def weigh(tally, language, row, got):
    tally.add("language", got["language"] == language)
    tally.add("said", got["sentiment"] is not None)
    if got["sentiment"] is not None:
        tally.add("sentiment", got["sentiment"] == row["sentiment"])
    intents = [label["name"] for label in got["intents"]]
    best = intents[0] if intents else "other"
    tally.add("intent", best == row["intent"])
    tally.add("top 3", row["intent"] in (intents[:3] or ["other"]))
    functions = [label["name"] for label in got["functions"]]
    true = row["functions"].split(",") if row["functions"] else []
    tally.sets("functions", set(functions), set(true))
    if true:
        tally.add("first", functions[:1] == true[:1])
    tally.add("urgency", (got["urgency"] or "low") == row["urgency"])
    tally.sets("urgent", {1} if got["urgency"] in ("high", "critical") else set(), {1} if row["urgency"] in ("high", "critical") else set())
    tally.sets("toxic", {1} if (got["toxicity"] or 0) >= 0.5 else set(), {1} if row["toxic"] == "1" else set())
    tally.sets("irrelevant", {1} if got["relevance"] is not None and got["relevance"] < 0.25 else set(), {1} if row["relevant"] == "0" else set())
    tally.add("five_c", got["five_c"] == row["c"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cx", required=True)
    parser.add_argument("--half", choices=("dev", "held", "both"), default="held")
    parser.add_argument("--misses", choices=("intent", "sentiment", "urgency", "toxic", "language"))
    args = parser.parse_args()
    rows = list(read(args.folder, args.half))
    results = classify(args.cx, rows)
    tallies = {name: Tally() for name in (*LANGUAGES, "all")}
    for (language, row), got in zip(rows, results, strict=True):
        weigh(tallies[language], language, row, got)
        weigh(tallies["all"], language, row, got)
        if args.misses:
            said = {"intent": got["intents"][0]["name"] if got["intents"] else "other", "sentiment": got["sentiment"], "urgency": got["urgency"] or "low",
                    "toxic": str(int((got["toxicity"] or 0) >= 0.5)), "language": got["language"]}[args.misses]
            true = language if args.misses == "language" else row[args.misses]
            if said != true:
                print(f"{language}\t{true}\t{said}\t{row['text']}\t{' '.join(got['lexicon_hits'])}")
    print(f"half {args.half}: {len(rows)} texts\n      lang  said  sent  intent top3  functions P R F1   first  urgency  urgent P R F1     toxic P R F1      irrelevant P R F1  five_c")
    for name, tally in tallies.items():
        print(f"{name:4} {tally.share('language')} {tally.share('said')} {tally.share('sentiment')}  {tally.share('intent')} {tally.share('top 3')}  {tally.f1('functions')}  "
              f"{tally.share('first')}  {tally.share('urgency')}  {tally.f1('urgent')}  {tally.f1('toxic')}  {tally.f1('irrelevant')}  {tally.share('five_c')}")


if __name__ == "__main__":
    main()
