#!/usr/bin/env python3
"""check_labels.py [FOLDER] - whether the labelled texts in models/data are what models/data/GUIDELINES.md says.

Labels are known from where the program has them: stages/classify/labels.h and the enums of schemas/interaction.avsc.
"""
import collections
import json
import pathlib
import re
import sys
import unicodedata
import zlib

import background
import emoji_phrases

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = "id channel text sentiment urgency toxic relevant intent functions c topic".split()
LANGUAGES = ("tr", "es", "ar", "ru", "en")
ROWS, ROWS_A_LABEL = 1000, 40  # at least, a language
# Columns before the text, languages, rows at least, and the share of them that every label of the first column has at least.
PHRASES = {"tone": (["sentiment"], emoji_phrases.LANGUAGES, 1500, 0.15), "tox": (["toxic"], LANGUAGES, 1000, 0.15),
           "intent": (["intent", "functions"], LANGUAGES, 1000, 0.01)}
PHRASE_WORDS = 8               # at most, of an intent
LIKENESS, ALIKE = 0.5, 0.005   # texts that share this much are near-duplicates; at most this share of rows may have one
RECIPES = ("recipe.tsv", "own_labels.tsv")  # sets of the second are each taught by themselves
TAUGHT = r"[0-9]+\t({0}(,{0})*)?".format(r"[^\s,=]{1,64}=([0-9]{1,2}|100)")
FORMS = {"id": r"[a-z]{2}-[0-9]{4}", "channel": r"[a-z0-9_]{1,32}", "topic": r"[a-z0-9_]+", "toxic": "[01]", "relevant": "[01]"}


def known_labels():
    header = (ROOT / "stages/classify/labels.h").read_text()
    enums = {}

    def walk(node):
        if isinstance(node, dict):
            if node.get("type") == "enum":
                enums[node["name"]] = node["symbols"]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(json.loads((ROOT / "schemas/interaction.avsc").read_text()))
    lists = {name: re.findall(r'X\(\w+, "(\w+)"\)', body) for name, body in re.findall(r"#define CLASSIFY_(\w+)\(X\)((?:.*\\\n)*.*)", header)}
    return {"intent": lists["INTENTS"], "functions": lists["FUNCTIONS"], "sentiment": enums["Sentiment"], "urgency": enums["Urgency"], "c": enums["FiveC"],
            "toxic": ["0", "1"], "relevant": ["0", "1"]}


def is_held(text):
    return zlib.crc32(text.encode()) % 5 == 0


def read(path, columns, problems):
    """Rows as dictionaries with `where`; what is no row becomes a problem."""
    rows = []
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        problems.append(f"{path.name}: {fault}")
        return rows
    lines = text.split("\n")
    if lines[0].split("\t") != columns:
        problems.append(f"{path.name}:1: the header is not {' '.join(columns)}")
    if lines.pop() != "":
        problems.append(f"{path.name}: no line feed at its end")
    for number, line in enumerate(lines[1:], 2):
        fields = line.split("\t")
        if len(fields) != len(columns):
            problems.append(f"{path.name}:{number}: {len(fields)} columns instead of {len(columns)}")
        else:
            rows.append(dict(zip(columns, fields), where=f"{path.name}:{number}"))
    return rows


def text_problems(text):
    if " ".join(text.split()) != text or unicodedata.normalize("NFC", text) != text or not text:
        yield "the text is not folded (blanks, NFC) or empty"


def label_problems(row, columns, known):
    for column in columns:
        said = [name for name in row[column].split(",") if name or column != "functions"]
        yield from (f"{column}: no label {name!r}" for name in said if name not in known[column])
        if len(set(said)) < len(said):
            yield f"{column}: a label twice"


def row_problems(row, known):
    for column, form in FORMS.items():
        if not re.fullmatch(form, row[column]):
            yield f"{column} {row[column]!r}"
    yield from label_problems(row, known, known)
    if (row["functions"] == "") != (row["relevant"] == "0"):
        yield "functions are empty exactly where the row is not relevant"
    yield from text_problems(row["text"])
    if is_held(row["text"]) != (".held." in row["where"]):
        yield "the row belongs in the other file: the CRC-32 of its text decides"


def plain(text):
    return re.sub(r"\W+", " ", text.lower()).strip()


def grams(text):
    folded = plain(text)
    return {folded[i:i + 4] for i in range(max(1, len(folded) - 3))}


def near_duplicates(rows):
    """Pairs whose runs of four characters overlap by LIKENESS (Jaccard), found by counting shared runs."""
    sets = [grams(row["text"]) for row in rows]
    places = collections.defaultdict(list)
    for i, own in enumerate(sets):
        shared = collections.Counter(j for gram in own for j in places[gram])
        for j, n in shared.items():
            if n >= LIKENESS * (len(own) + len(sets[j]) - n):
                yield rows[j], rows[i]
        for gram in own:
            places[gram].append(i)


def language_problems(language, rows, known, are_compared):
    if len(rows) < ROWS:
        yield f"{language}: {len(rows)} rows, {ROWS} are the least"
    for column, names in known.items():
        counts = collections.Counter(name for row in rows for name in row[column].split(","))
        yield from (f"{language}: {column} {name} has {counts[name]} rows, {ROWS_A_LABEL} are the least" for name in names if counts[name] < ROWS_A_LABEL)
    for column in ("id", "text"):
        seen = {}
        for row in rows:
            if row[column] in seen:
                yield f"{row['where']}: the same {column} as {seen[row[column]]}"
            seen[row[column]] = row["where"]
    pairs = list(near_duplicates(rows)) if are_compared else []
    if len(pairs) > ALIKE * len(rows):
        yield from (f"{b['where']}: nearly the text of {a['where']}" for a, b in pairs)


def held_texts(folder, language):
    return {plain(row["text"]) for row in read(folder / f"{language}.held.tsv", COLUMNS, [])} - {""}


def phrase_faults(row, columns, known, seen, held):
    yield from text_problems(row["text"])
    yield from label_problems(row, columns, known)
    if row["text"].lower() in seen:
        yield f"the same text as {seen[row['text'].lower()]}"
    if plain(row["text"]) in held:
        yield "the text is one that is held: what is measured would have been learned"
    if "intent" in columns and len(row["text"].split()) > PHRASE_WORDS:
        yield f"more than {PHRASE_WORDS} words"


def phrase_problems(path, columns, least, share, known, held):
    problems, seen, counts = [], {}, collections.Counter()
    rows, column = read(path, [*columns, "text"], problems), columns[0]
    for row in rows:
        counts[row[column]] += 1
        problems += [f"{row['where']}: {fault}" for fault in phrase_faults(row, columns, known, seen, held)]
        seen[row["text"].lower()] = row["where"]
    if len(rows) < least:
        problems.append(f"{path.name}: {len(rows)} rows, {least} are the least")
    problems += [f"{path.name}: {column} {name} has {counts[name]} rows, too few" for name in known[column] if counts[name] < share * len(rows)]
    return problems


def check_language(folder, language, known, are_compared):
    problems = []
    rows = read(folder / f"{language}.tsv", COLUMNS, problems) + read(folder / f"{language}.held.tsv", COLUMNS, problems)
    for row in rows:
        problems += [f"{row['where']}: {problem}" for problem in row_problems(row, known)]
        if not row["id"].startswith(language):
            problems.append(f"{row['where']}: id {row['id']!r} is of another language")
    return problems + list(language_problems(language, rows, known, are_compared))


def taught_problems(folder):
    """Files of pipeline/learn/taught.h: lengths and shares alone, since the texts are of others; and the recipes name them all, no set that is open."""
    problems, named = [], set()
    for recipe in RECIPES:
        rows = [line.split("\t") for line in (folder / recipe).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        for row in (dict(zip(rows[0], row)) for row in rows[1:]):
            if row["taught"] != "-":
                named.add(row["taught"])
            if row["taught"] != "-" and row["open"] == "yes" and recipe == RECIPES[0]:
                problems.append(f"{recipe}: {row['head']} {row['set']} is open, and what its teacher learned from is not")
    for path in sorted((folder / "taught").glob("*")):
        if f"@taught/{path.name}" not in named:
            problems.append(f"{path.name}: no recipe names it")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not re.fullmatch(TAUGHT if number > 1 else "# .+", line):
                what = "the length of a text, a tab and label=percent with commas between" if number > 1 else "# and who taught"
                problems.append(f"{path.name}:{number}: not {what}")
    return problems + [f"{name}: is not there" for name in sorted(named) if not (folder / name.removeprefix("@")).is_file()]


WRITTEN = {"emoji": emoji_phrases, "background": background}  # what writes files, by their names


def written_problems(folder, name):
    try:
        is_current = (folder / f"{name}.tsv").read_text(encoding="utf-8") == WRITTEN[name].written(folder)
    except (OSError, ValueError, KeyError) as error:  # a file that is not there, not UTF-8, too short, or without a column
        return [f"{name}.tsv: cannot be written: {error!r}"]
    return [] if is_current else [f"{name}.tsv: is not what tools/dev/{WRITTEN[name].__name__}.py writes: make it anew"]


def check(folder, languages=None, are_compared=True):
    """Of all languages and of what is written by tools, or of those named; comparing every text with every other takes longer than all else."""
    known, problems = known_labels(), []
    for language in languages or LANGUAGES:
        if language in LANGUAGES:
            problems += check_language(folder, language, known, are_compared)
    for kind, (columns, written, least, share) in PHRASES.items():
        for language in written:
            if languages is None or language in languages:
                held = held_texts(folder, language) if kind == "intent" else set()
                problems += phrase_problems(folder / f"{language}.{kind}.tsv", columns, least, share, known, held)
    for name in WRITTEN:
        problems += written_problems(folder, name) if languages is None or name in languages else []
    return problems


def main():
    problems = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/data") + taught_problems(ROOT / "models")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
