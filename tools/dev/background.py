#!/usr/bin/env python3
"""background.py - writes models/data/background.tsv: texts of models/data/LANGUAGE.tsv drawn by lot, as many of each language, that an overlay is learned
beside (pipeline/learn/overlay.h). Their labels are left out: what they are is what the base of the overlay says. The same files give the same bytes.

usage: background.py >models/data/background.tsv
"""
import csv
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = "ar en es ru tr".split()
EACH, SEED = 200, 20261130


def written(folder):
    """What the file holds, by the texts in the folder."""
    dice, lines = random.Random(SEED), ["language\ttext"]
    for language in LANGUAGES:
        with open(folder / f"{language}.tsv", encoding="utf-8", newline="") as file:
            texts = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
        lines += [f"{language}\t{text}" for text in dice.sample(texts, EACH)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(ROOT / "models/data"))
