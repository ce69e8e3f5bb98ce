#!/usr/bin/env python3
"""How much a model loses on texts that are typed otherwise: capitals, typos, stretched letters, emoji, letters without their marks, look-alike letters.

usage: variants.py --cx CX [--model FILE] [--data FOLDER] [--seed N]

Takes of every head and language the first development set of models/recipe.tsv that is there (in FOLDER, or held texts of models/data), writes every
variant of it, measures both with `cx eval`, and prints a table in Markdown: macro F1 of the texts as they are, then the points each variant loses.
The same seed gives the same variants, whatever the order of the texts.
"""
import argparse
import pathlib
import random
import sys
import tempfile

from cx_eval import figures

ROOT = pathlib.Path(__file__).resolve().parents[2]
LANGUAGES = ("tr", "es", "ar", "ru", "en")
HEADS = ("sentiment", "toxicity", "intent")
AIM = 2.0

TEXTS_MAX = 2000  # of a set: the first ones
TEXTS_LEAST = 2000  # a smaller set is typed otherwise several times over, so that it is not the luck of one typing that is measured
TYPO_EVERY = 50  # letters
# What says nothing about the writer's mood: emoji that do are words of their own, and adding them changes what a text says.
EMOJI = "📦📱🏠🚗⏰📷🗓💻🛒✈🚌🧾"
CYRILLIC = dict(zip("aceopxyikbhmt", "асеорхуіквнмт"))
LATIN = dict(zip("асеорхуквнмт", "aceopxykbhmt"))
PLAIN = {
    "tr": str.maketrans("çğıöşüÇĞİÖŞÜâîû", "cgiosuCGIOSUaiu"),
    "es": str.maketrans("áéíóúüñÁÉÍÓÚÜÑ", "aeiouunAEIOUUN"),
    "ru": str.maketrans("ёЁ", "еЕ"),
    "ar": str.maketrans("أإآىةؤئ", "اااي" + "ه" + "وي", "ًٌٍَُِّْـ"),
}
TASHKEEL = "َُِّْ"


def upper(text, language, dice):
    """All capitals, as the language has them."""
    del dice
    return (text.replace("i", "İ") if language == "tr" else text).upper()


def typos(text, language, dice):
    """One mistake in 50 letters, one at least: two letters swapped, one left out, or one typed twice."""
    del language
    letters = list(text)
    places = [i for i in range(len(letters) - 1) if letters[i].isalpha() and letters[i + 1].isalpha()]
    for at in sorted(dice.sample(places, min(len(places), 1 + len(places) // TYPO_EVERY)), reverse=True):
        kind = dice.randrange(3)
        pair = letters[at:at + 2]
        letters[at:at + 2] = pair[::-1] if kind == 0 else pair[1:] if kind == 1 else [pair[0], *pair]
    return "".join(letters)


def stretched(text, language, dice):
    """One word of six with a letter of it four to seven times."""
    del language
    words = text.split(" ")
    for w in range(dice.randrange(min(6, len(words))), len(words), 6):
        word = words[w]
        places = [i for i, c in enumerate(word) if c.isalpha() and c not in word[i - 1:i] + word[i + 1:i + 2]]
        if places and not word.startswith(("@", "#", "http", "www")):
            at = dice.choice(places)
            words[w] = word[:at] + word[at] * dice.randrange(4, 8) + word[at + 1:]
    return " ".join(words)


def emoji(text, language, dice):
    """Three emoji behind it."""
    del language
    return text + " " + "".join(dice.choice(EMOJI) for _ in range(3))


def plain(text, language, dice):
    """Without marks on letters: ASCII Turkish, Spanish without accents, Arabic with bare alefs, е for ё."""
    del dice
    return text.translate(PLAIN[language]) if language in PLAIN else text


def marked(text, language, dice):
    """Arabic: vowel marks on one letter of four, a tatweel in one word of five."""
    if language != "ar":
        return text
    out = []
    for i, c in enumerate(text):
        out.append(c)
        if "\u0621" <= c <= "\u064a" and dice.randrange(4) == 0:
            out.append(dice.choice(TASHKEEL))
        if "\u0628" <= c <= "\u064a" and text[i + 1:i + 2].isalpha() and dice.randrange(20) == 0:
            out.append("ـ" * dice.randrange(1, 4))
    return "".join(out)


def look_alikes(text, language, dice):
    """One word of three has a letter of the other alphabet that looks the same."""
    twins = LATIN if language == "ru" else CYRILLIC
    words = text.split(" ")
    for w, word in enumerate(words):
        places = [i for i, c in enumerate(word) if c in twins]
        if places and len(word) > 2 and dice.randrange(3) == 0 and not word.startswith(("@", "#", "http", "www")):
            at = dice.choice(places)
            words[w] = word[:at] + twins[word[at]] + word[at + 1:]
    return " ".join(words)


def references(text, language, dice):
    """Letters beyond ASCII, quotes and ampersands as HTML writes them."""
    del language, dice
    named = {"&": "&amp;", '"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;"}
    return "".join(named.get(c, c if c < "\x80" else f"&#{ord(c)};") for c in text)


def wide(text, language, dice):
    """Latin letters of one word of four in full width."""
    del language
    words = text.split(" ")
    for w, word in enumerate(words):
        if dice.randrange(4) == 0 and not word.startswith(("@", "#", "http", "www")):
            words[w] = "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" and c.isalnum() else c for c in word)
    return " ".join(words)


VARIANTS = {"capitals": upper, "typos": typos, "stretched letters": stretched, "emoji": emoji, "no marks": plain, "marks and tatweel": marked,
            "look-alikes": look_alikes, "HTML references": references, "full width": wide}


def variant(name, text, language, seed):
    """The variant of a text: a function of its arguments alone."""
    return VARIANTS[name](text, language, random.Random(f"{seed}\t{name}\t{text}"))


def sets(data):
    """(head, language, file, column of the label or None): of each head and language the first set of the recipe that is there."""
    seen = set()
    for line in (ROOT / "models/recipe.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        head, _, language, _, dev, reader, *_ = line.split("\t")
        column = reader[7:] if reader.startswith("column:") else None
        path = ROOT / "models/data" / dev[6:] if dev.startswith("@data/") else data / dev
        if head in HEADS and language in LANGUAGES and dev != "-" and path.exists() and (head, language) not in seen:
            seen.add((head, language))
            yield head, language, path, column


def first_texts(path):
    return "\n".join(path.read_text(encoding="utf-8").split("\n")[:TEXTS_MAX])


def rewritten(content, column, name, language, seed):
    """The lines of a file with its texts as a variant has them."""
    lines = content.split("\n")
    at = lines[0].split("\t").index("text") if column else 1
    for i in range(1 if column else 0, len(lines)):
        cells = lines[i].split("\t")
        if len(cells) > at:
            cells[at] = variant(name, cells[at], language, seed)
            lines[i] = "\t".join(cells)
    return "\n".join(lines)


def typed_often(content, column, name, language, seed):
    """The same, as often as makes TEXTS_LEAST, by a seed each."""
    count = content.count("\n")
    first = rewritten(content, column, name, language, seed)
    for again in range(1, TEXTS_LEAST // max(count, 1)):
        more = rewritten(content, column, name, language, seed + again)
        first = first.rstrip("\n") + "\n" + (more.split("\n", 1)[1] if column else more)
    return first


def macro_f1(args, head, path, column):
    options = (["--column", column] if column else []) + (["--model", args.model] if args.model else [])
    found = figures(args.cx, head, path, *options)
    return 100 * found["macro_f1"][0], found["texts"], found["model"]


def measure(args):
    """The model's version and [(title, texts, macro F1, {variant: points lost})], a row a set."""
    rows, model = [], ""
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder) / "variant.tsv"
        for head, language, path, column in sorted(sets(args.data), key=lambda s: (HEADS.index(s[0]), LANGUAGES.index(s[1]), s[2].name)):
            original, lost = first_texts(path), {}
            changed.write_text(original, encoding="utf-8")
            base, texts, model = macro_f1(args, head, changed, column)
            for name in VARIANTS:
                if rewritten(original, column, name, language, args.seed) == original:
                    continue
                changed.write_text(typed_often(original, column, name, language, args.seed), encoding="utf-8")
                lost[name] = base - macro_f1(args, head, changed, column)[0]
            rows.append((f"{head} {language}, {path.name.removesuffix('.tsv')}", texts, base, lost))
            print(f"variants: {rows[-1][0]}", file=sys.stderr)
    return model, rows


def table(rows):
    def mean(some, name):
        values = [lost[name] for _, _, _, lost in some if name in lost]
        return "%.1f" % (sum(values) / len(values)) if values else ""

    lines = ["| set | texts | macro F1 | " + " | ".join(VARIANTS) + " |", "|---|---|---|" + "---|" * len(VARIANTS)]
    for title, texts, base, lost in rows:
        cells = [("**%.1f**" if lost[name] > AIM else "%.1f") % lost[name] if name in lost else "" for name in VARIANTS]
        lines.append(f"| {title} | {texts} | {base:.1f} | " + " | ".join(cells) + " |")
    for head in HEADS:
        own = [row for row in rows if row[0].startswith(head)]
        lines.append(f"| mean of {head} | | | " + " | ".join(mean(own, name) for name in VARIANTS) + " |")
    lines.append("| mean | | | " + " | ".join(mean(rows, name) for name in VARIANTS) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].removeprefix("usage: "))
    parser.add_argument("--cx", required=True)
    parser.add_argument("--model")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "../shared/data")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    model, rows = measure(args)
    print("# Texts typed otherwise\n")
    print(f"What {model} loses on variants of development texts, in points of macro F1 (`make eval-variants`; negative: it gains). Above {AIM:.0f} points"
          " in bold.\nWhat each variant is, `tools/dev/variants.py` says. Sets of fewer than a thousand texts are typed several times, each time otherwise;"
          " of a label that\nten texts have, one text more is still a point.\n")
    print(table(rows))


if __name__ == "__main__":
    main()
