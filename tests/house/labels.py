"""labels.py - check_labels.py is silent about models/data and loud about each thing that may be wrong with it."""
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/dev"))
import check_labels  # noqa: E402


def line_of(path, number):
    return path.read_text().split("\n")[number - 1]


def edit(path, old, new):
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1))


def replace_all(path, old, new):
    path.write_text(path.read_text().replace(old, new))


def cut(path, lines):
    path.write_text("\n".join(path.read_text().split("\n")[:lines]) + "\n")


def longest(path):
    return max(path.read_text().splitlines()[1:], key=len)


def add_copy(folder):
    """A long text with one word more, in the file where it belongs."""
    fields = longest(folder / "es.tsv").split("\t")
    for word in ("hoy", "ya", "bien", "pues", "eso", "vale", "venga", "claro", "bueno"):
        for row in range(9990, 9995):
            fields[0], text = f"es-{row}", f"{fields[2]} {word}"
            with open(folder / f"es{'.held' if check_labels.is_held(text) else ''}.tsv", "a") as file:
                file.write("\t".join([*fields[:2], text, *fields[3:]]) + "\n")


def add_louder(path):
    """A phrase again in capitals."""
    label, text = line_of(path, 2).split("\t")
    with open(path, "a") as file:
        file.write(f"{label}\t{text.upper()}\n")


def add_held(folder, language):
    """A held text, written a little otherwise, as a phrase."""
    text = line_of(folder / f"{language}.held.tsv", 2).split("\t")[2]
    with open(folder / f"{language}.intent.tsv", "a") as file:
        file.write(f"complaint\tcare\t{text} !\n")


# Language, what must be said, what is done to its files.
FAULTS = (
    ("en", "no label 'moan'", lambda f: edit(f / "en.tsv", "\tcomplaint\t", "\tmoan\t")),
    ("en", "no label 'sales_dept'", lambda f: edit(f / "en.tsv", "\tsales,", "\tsales_dept,")),
    ("tr", "no label 'urgent'", lambda f: edit(f / "tr.tsv", "\thigh\t", "\turgent\t")),
    ("ru", "functions are empty exactly", lambda f: edit(f / "ru.tsv", "\tspam\t\t", "\tspam\tcare\t")),
    ("ru", "a label twice", lambda f: edit(f / "ru.tsv", "\tcare,product\t", "\tcare,care\t")),
    ("ar", "toxic 'yes'", lambda f: edit(f / "ar.tsv", "\t1\t1\t", "\tyes\t1\t")),
    ("ar", "columns instead of", lambda f: edit(f / "ar.tsv", " ", "\t")),
    ("es", "codec can't decode", lambda f: (f / "es.tsv").write_bytes((f / "es.tsv").read_bytes() + b"\xff\n")),
    ("es", "the header is not", lambda f: edit(f / "es.held.tsv", "functions", "function")),
    ("es", "not folded", lambda f: edit(f / "es.tsv", " ", "  ")),
    ("tr", "belongs in the other file", lambda f: (f / "tr.tsv").write_text((f / "tr.tsv").read_text() + line_of(f / "tr.held.tsv", 2) + "\n")),
    ("tr", "the same text as", lambda f: (f / "tr.tsv").write_text((f / "tr.tsv").read_text() + line_of(f / "tr.tsv", 2) + "\n")),
    ("tr", "the same id as", lambda f: (f / "tr.tsv").write_text((f / "tr.tsv").read_text() + line_of(f / "tr.tsv", 2) + "\n")),
    ("es", "nearly the text of", add_copy),
    ("en", "urgency critical has", lambda f: [replace_all(f / name, "\tcritical\t", "\thigh\t") for name in ("en.tsv", "en.held.tsv")]),
    ("en", "1000 are the least", lambda f: [cut(f / name, 400) for name in ("en.tsv", "en.held.tsv")]),
    ("en", "of another language", lambda f: edit(f / "en.tsv", "\nen-", "\nde-")),
    ("ru", "No such file", lambda f: (f / "ru.held.tsv").unlink()),
    ("de", "no label 'good'", lambda f: edit(f / "de.tone.tsv", "\npositive\t", "\ngood\t")),
    ("hi", "columns instead of", lambda f: edit(f / "hi.tone.tsv", "\npositive\t", "\npositive\t\t")),
    ("fr", "the same text as", lambda f: add_louder(f / "fr.tone.tsv")),
    ("tr", "too few", lambda f: replace_all(f / "tr.tox.tsv", "\n1\t", "\n0\t")),
    ("es", "no label 'moan'", lambda f: edit(f / "es.intent.tsv", "\ncomplaint\t", "\nmoan\t")),
    ("ar", "no label 'sales_dept'", lambda f: edit(f / "ar.intent.tsv", "\tsales\t", "\tsales_dept\t")),
    ("en", "more than 8 words", lambda f: edit(f / "en.intent.tsv", "\tcare\t", "\tcare\tone two three four five six seven eight ")),
    ("tr", "is one that is held", lambda f: add_held(f, "tr")),
    ("ru", "1000 are the least", lambda f: cut(f / "ru.tox.tsv", 500)),
    ("background", "is not what tools/dev/background.py writes", lambda f: edit(f / "background.tsv", "\nes\t", "\nen\t")),
    ("background", "background.tsv: cannot be written", lambda f: (f / "es.tsv").write_bytes((f / "es.tsv").read_bytes() + b"\xff\n")),
    ("background", "is not what tools/dev/background.py writes", lambda f: cut(f / "en.tsv", 3000)),
    ("emoji", "is not what tools/dev/emoji_phrases.py writes", lambda f: edit(f / "emoji.tsv", "\nnegative\t", "\nneutral\t")),
    ("emoji", "is not what tools/dev/emoji_phrases.py writes", lambda f: replace_all(f / "hi.tone.tsv", "\nnegative\t", "\nneutral\t")),
)


def problems_with(fault, language, are_compared):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "data"
        shutil.copytree(ROOT / "models/data", folder)
        fault(folder)
        return check_labels.check(folder, [language], are_compared)


TAUGHT_FAULTS = (
    ("a.tsv:3: not the length of a text", lambda f: edit(f / "taught/a.tsv", "\n7\t", "\nfair 7\t")),
    ("a.tsv:2: not the length of a text", lambda f: edit(f / "taught/a.tsv", "no=9", "no=101")),
    ("a.tsv:2: not the length of a text", lambda f: edit(f / "taught/a.tsv", "12\tyes=91", "12\tI am told=91")),
    ("a.tsv:1: not # and who taught", lambda f: edit(f / "taught/a.tsv", "# ", "")),
    ("b.tsv: no recipe names it", lambda f: (f / "taught/b.tsv").write_text("")),
    ("@taught/a.tsv: is not there", lambda f: (f / "taught/a.tsv").unlink()),
    ("toxicity x is open", lambda f: edit(f / "recipe.tsv", "\tno\t", "\tyes\t")),
)


def taught_problems_with(fault):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "taught").mkdir()
        (folder / "recipe.tsv").write_text("head\tset\topen\ttaught\ntoxicity\tx\tno\t@taught/a.tsv\n")
        (folder / "own_labels.tsv").write_text("head\tset\topen\ttaught\nintent_own\ty\tyes\t@taught/a.tsv\n")
        (folder / "taught/a.tsv").write_text("# somebody\n12\tyes=91,no=9\n7\tno=100\n4\t\n")
        fault(folder)
        return check_labels.taught_problems(folder)


def main():
    failed = [f"models: {problem}" for problem in check_labels.check(ROOT / "models/data") + check_labels.taught_problems(ROOT / "models")]
    failed += [f"taught: {problem}" for problem in taught_problems_with(lambda folder: None)]
    failed += [f"nothing says {words!r}" for words, fault in TAUGHT_FAULTS if not any(words in problem for problem in taught_problems_with(fault))]
    for language, words, fault in FAULTS:
        found = problems_with(fault, language, words.startswith("nearly"))
        if not any(words in problem for problem in found):
            failed.append(f"nothing says {words!r}; told: {found[:3]}")
    print("\n".join(failed) or f"models/data is in order; {len(FAULTS) + len(TAUGHT_FAULTS)} faults were noticed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
