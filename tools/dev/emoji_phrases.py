#!/usr/bin/env python3
"""emoji_phrases.py - writes models/data/emoji.tsv: phrases of tone (models/data/*.tone.tsv), as many negative as neutral and positive ones, with one
to three emoji behind each that say nothing of the writer's mood. Public sets have 📦 and 🏠 in announcements, so that a model takes them for neutral;
here they stand behind anything, and it learns that they tell nothing. The same files give the same bytes.

usage: emoji_phrases.py >models/data/emoji.tsv
"""
import pathlib
import random
import re
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = "tr es ar ru en pt fr de it hi".split()  # of phrases of tone
LABELS = ("negative", "neutral", "positive")
EACH, LEAST, SEED = 1500, 8, 20261129  # phrases of a label; characters of a phrase
# Emoji up to Unicode 14, whatever Python knows.
BLOCKS = (range(0x1f30d, 0x1f650), range(0x1f680, 0x1f6d8), range(0x1f6dd, 0x1f6ec), range(0x1f950, 0x1f9cc), range(0x1f9ed, 0x1fa00),
          range(0x23e9, 0x23f4), range(0x2702, 0x2710))
# Faces, gestures and what has a mood of its own, beside the emoji of pipeline/text/emoji.def.
MOOD = re.compile("FACE|HEART|HAND|FINGER|KISS|REGIONAL|SKULL|MODIFIER|WEDDING|SIGN OF|MIDDLE|THUMB|FIST|CAT |MONKEY|PERSON|SMIL|CRY|ANGRY|LOVE|"
                  "PARTY|TROPHY|MEDAL|WARN|KNIFE|BOMB|PISTOL|POO|DEVIL|IMP|GHOST")


def emoji():
    named = re.findall(r'CX_EMOJI\("\w+",\s*"([^"]+)"', (ROOT / "pipeline/text/emoji.def").read_text(encoding="utf-8"))
    known = set("".join(named))
    characters = [chr(code) for block in BLOCKS for code in block]
    return [c for c in characters if unicodedata.category(c) == "So" and c not in known and not MOOD.search(unicodedata.name(c))]


def phrases(folder):
    found = {label: [] for label in LABELS}
    for language in LANGUAGES:
        for line in (folder / f"{language}.tone.tsv").read_text(encoding="utf-8").split("\n")[1:]:
            label, _, text = line.partition("\t")
            if len(text) >= LEAST and text.isprintable() and not any(unicodedata.category(c) == "So" for c in text):
                found[label].append(text)
    return found


def written(folder):
    """What the file holds, by the phrases in the folder."""
    dice, lines, every = random.Random(SEED), [], emoji()
    for label, texts in phrases(folder).items():
        bag = []
        for text in dice.sample(texts, EACH):
            behind = ""
            for _ in range(dice.choice((1, 2, 3))):
                if not bag:
                    bag = every[:]
                    dice.shuffle(bag)
                behind += bag.pop()
            lines.append(f"{label}\t{text} {behind}")
    dice.shuffle(lines)
    return "\n".join(["sentiment\ttext", *lines]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(ROOT / "models/data"))
