"""label.py - cx label in a terminal of its own: keys, proposals, undo, going on, and what it refuses."""
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios

from harness import ENVIRONMENT, equal, test, without_model

ENTER, SPACE, BACKSPACE = "\r", " ", "\x7f"
HEADER = "id\tchannel\tlanguage\ttext\t"


def line(text, native_id=None, **more):
    return json.dumps({"tenant": "t", "channel": "instagram", "native_id": native_id or text, "occurred_at": 1767607200000, "author": {"name": "N"},
                       "text": text, **more}, ensure_ascii=False) + "\n"


class Terminal:
    """A process whose terminal is ours and whose stdin is a pipe."""

    def __init__(self, cx, *words, given=""):
        self.file = os.path.join(cx.folder.name, words[0])
        words = (*words, *without_model(cx))
        read, self.stdin = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.dup2(read, 0)
            os.close(self.stdin)
            os.execve(cx.program, [cx.program, "label", self.file, *words[1:]], {**ENVIRONMENT, "TERM": "dumb"})
        os.close(read)
        self.seen = ""
        self.give(given)

    def give(self, text):
        os.write(self.stdin, text.encode())

    def end(self):
        if self.stdin is not None:
            os.close(self.stdin)
        self.stdin = None

    def read(self):
        """What the terminal shows next; "" when the other side is closed."""
        ready, _, _ = select.select([self.fd], [], [], 30)
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
            raise AssertionError(f"nothing more came after {self.seen[-600:]!r}")
        try:
            return os.read(self.fd, 65536).decode(errors="replace")
        except OSError:  # how Linux tells that the other side is closed
            return ""

    def until(self, words, since):
        """Reads until the words stand in what came after `since`."""
        while words not in self.seen[since:]:
            piece = self.read()
            assert piece, f"{words!r} never came; seen: {self.seen[since:][-600:]!r}"
            self.seen += piece
        return self.seen[since:]

    def press(self, *keys):
        """Each key at its own question."""
        for key in keys:
            self.until("Q: quit", self.mark)
            self.mark = len(self.seen)
            os.write(self.fd, key.encode())
        return self

    mark = 0

    def finish(self):
        """Exit status, when all has been said."""
        self.end()
        while piece := self.read():
            self.seen += piece
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def rows(self, head="intent"):
        with open(self.file, encoding="utf-8") as file:
            first, *rows = file.read().splitlines()
        equal(first, HEADER + head)
        return [tuple(row.split("\t")[3:]) for row in rows]


@test
def enter_takes_the_proposal_and_a_letter_another_label(cx):
    t = Terminal(cx, "take.tsv", given=line("kargom nerede") + line("para iade istiyorum"))
    t.end()
    equal(t.press(ENTER, "p").finish(), 0)
    equal(t.rows(), [("kargom nerede", "order_status"), ("para iade istiyorum", "press_or_investor")])
    for words in ("kargom nerede", "instagram tr", "Enter: order_status", "2 labelled now, 2 in all"):
        assert words in t.seen, (words, t.seen[-1500:])
    equal(os.stat(t.file).st_mode & 0o777, 0o600, "texts are personal data")


@test
def labels_are_in_the_file_as_soon_as_they_are_given(cx):
    t = Terminal(cx, "soon.tsv", given=line("kargom nerede") + line("merhaba"))
    t.press(ENTER)
    t.until("Q: quit", t.mark)
    equal(t.rows(), [("kargom nerede", "order_status")])
    os.kill(t.pid, signal.SIGKILL)
    equal(t.finish(), -9)
    equal(t.rows(), [("kargom nerede", "order_status")])


@test
def undo_goes_back_over_labels_and_skips(cx):
    t = Terminal(cx, "undo.tsv", given=line("one is fine") + line("two is fine") + line("three is fine"))
    t.end()
    t.press("i", SPACE, "q")                         # complaint, skipped, question: and nothing more comes
    equal(t.finish(), 0)
    t = Terminal(cx, "undo2.tsv", given="".join(line(f"{n} is fine") for n in ("one", "two", "three", "four")))
    t.end()
    t.press("i", SPACE, BACKSPACE, BACKSPACE, "q", "i", "q", BACKSPACE, "h", "Q")
    equal(t.finish(), 0)
    equal(t.rows(), [("one is fine", "question"), ("two is fine", "complaint"), ("three is fine", "other")])


@test
def a_second_run_goes_on_where_the_first_one_stopped(cx):
    lines = line("kargom nerede") + line("para iade istiyorum") + line("merhaba dostum")
    t = Terminal(cx, "on.tsv", given=lines)
    equal(t.press(ENTER, "Q").finish(), 0)
    again = line("kargom nerede", native_id="copy")   # the text again, in another record
    t = Terminal(cx, "on.tsv", given=lines + again)
    t.end()
    equal(t.press(ENTER, "h").finish(), 0)
    equal(t.rows(), [("kargom nerede", "order_status"), ("para iade istiyorum", "refund_request"), ("merhaba dostum", "other")])
    assert "2 known before" in t.seen, t.seen[-300:]


@test
def labels_of_ones_own_are_asked_and_remembered(cx):
    t = Terminal(cx, "own.tsv", "--own", "warranty_claim,missing_part", given=line("the hinge broke") + line("a screw is missing"))
    t.until("Q: quit", 0)
    keys = {name: t.seen.split(f"  {name}")[0][-1] for name in ("warranty_claim", "missing_part")}
    t.end()
    equal(t.press(keys["warranty_claim"], keys["missing_part"]).finish(), 0)
    equal(t.rows(), [("the hinge broke", "warranty_claim"), ("a screw is missing", "missing_part")])
    t = Terminal(cx, "own.tsv", given=line("another hinge broke"))
    t.until("Q: quit", 0)
    assert "warranty_claim" in t.seen and "missing_part" in t.seen, t.seen
    t.end()
    equal(t.press(keys["warranty_claim"]).finish(), 0)
    equal(t.rows()[2], ("another hinge broke", "warranty_claim"))
    bad = cx("label", "own2.tsv", "--own", "Warranty Claim", given="")
    assert bad.status in (64, 74), bad.status
    cx("label", "own3.tsv", "--head", "urgency", "--own", "soon", given="").ends(64).says("has the labels it has")


@test
def a_set_is_toggled_and_taken_with_enter(cx):
    t = Terminal(cx, "set.tsv", "--head", "functions", "--set", "classify.model=none", given=line("qwerty zxcv") + line("asdf qwer"))
    t.end()
    equal(t.press("c", "l", "c", "h", ENTER, ENTER).finish(), 0)
    equal(t.rows("functions"), [("qwerty zxcv", "hr,legal"), ("asdf qwer", "")])


def keys_shown(screen):
    """Labels to keys, as the last question shows them."""
    words = [word for row in screen.split("\r\n\r\n")[-1].splitlines()[:-1] for word in row.replace("*", " ").split()]
    return dict(zip(words[1::2], words[::2]))


@test
def every_head_can_be_labelled(cx):
    for head, label in (("sentiment", "positive"), ("urgency", "critical"), ("toxicity", "yes"), ("relevance", "no"), ("five_c", "content")):
        t = Terminal(cx, f"{head}.tsv", "--head", head, given=line("qwerty zxcv"))
        t.end()
        t.until("Q: quit", 0)
        equal(t.press(keys_shown(t.seen)[label]).finish(), 0, head)
        equal(t.rows(head), [("qwerty zxcv", label)])


@test
def a_yes_is_proposed_from_the_threshold_on(cx):
    for least, label in ((0.5, "yes"), (0.99, "no")):
        t = Terminal(cx, f"toxic{least}.tsv", "--head", "toxicity", "--set", f"classify.toxicity_at_least={least}", given=line("you are an idiot"))
        t.end()
        equal(t.press(ENTER).finish(), 0)
        equal(t.rows("toxicity"), [("you are an idiot", label)])


@test
def what_customers_did_not_write_is_not_asked(cx):
    given = line("our own words", direction="outbound") + line("") + "no json\n" + line("kargom nerede")
    t = Terminal(cx, "unfit.tsv", given=given)
    t.end()
    equal(t.press(ENTER).finish(), 0)
    equal(t.rows(), [("kargom nerede", "order_status")])
    assert "3 without a customer's text" in t.seen, t.seen[-300:]


@test
def a_text_cannot_reach_the_terminal_or_break_a_row(cx):
    t = Terminal(cx, "escape.tsv", given=line("red \x1b[31m and\ta tab\nand a line"))
    t.end()
    equal(t.press("h").finish(), 0)
    assert "\x1b" not in t.seen, repr(t.seen)
    equal(t.rows(), [("red  [31m and a tab and a line", "other")])


@test
def who_waits_for_records_can_quit_and_gets_the_terminal_back(cx):
    for key in ("Q", "\x03", "\x04"):
        t = Terminal(cx, "wait.tsv")
        t.until("waiting for records", 0)
        equal(termios.tcgetattr(t.fd)[3] & termios.ICANON, 0, "every key counts")
        os.write(t.fd, key.encode())
        t.until("labelled now", 0)
        assert termios.tcgetattr(t.fd)[3] & termios.ICANON and termios.tcgetattr(t.fd)[3] & termios.ECHO, "the terminal is as it was"
        equal(t.finish(), 0)


@test
def arrows_mean_nothing(cx):
    t = Terminal(cx, "arrows.tsv", given=line("qwerty zxcv"))
    t.end()
    t.press("\x1b[A")
    os.write(t.fd, b"h")
    equal(t.finish(), 0)
    equal(t.rows(), [("qwerty zxcv", "other")])


@test
def label_without_a_terminal_is_refused_at_once(cx):
    done = subprocess.run([cx.program, "label", os.path.join(cx.folder.name, "none.tsv")], input=line("x").encode(), capture_output=True, env=ENVIRONMENT,
                          start_new_session=True, timeout=60, check=False)
    equal((done.returncode, done.stdout), (64, b""))
    assert b"needs a terminal" in done.stderr, done.stderr
    master, slave = pty.openpty()
    done = subprocess.run([cx.program, "label", "x.tsv"], stdin=slave, capture_output=True, env=ENVIRONMENT, timeout=60, check=False, cwd=cx.folder.name)
    os.close(master)
    os.close(slave)
    equal(done.returncode, 64)
    assert b"records come from there" in done.stderr, done.stderr
    cx("label").ends(64).says("which file")
    cx("label", "x.tsv", "--head", "intnet", given="").ends(64).says("intent, sentiment, urgency, functions, toxicity, relevance, five_c")


@test
def a_file_begins_with_its_first_label(cx):
    for words in ((), ("--own", "Bad Name")):
        subprocess.run([cx.program, "label", "fresh.tsv", *words], input=line("x").encode(), capture_output=True, env=ENVIRONMENT, start_new_session=True, timeout=60,
                       check=False, cwd=cx.folder.name)
        assert "fresh.tsv" not in os.listdir(cx.folder.name), words
    for keys in ("Q", ("i", BACKSPACE, "Q")):
        t = Terminal(cx, "fresh.tsv", given=line("one is fine") + line("two is fine"))
        equal(t.press(*keys).finish(), 0)
        assert "fresh.tsv" not in os.listdir(cx.folder.name), keys
    path = cx.file("empty.tsv", "")
    t = Terminal(cx, "empty.tsv", given=line("one is fine"))
    equal(t.press("Q").finish(), 0)
    assert os.path.exists(path), "it was there before"
    t = Terminal(cx, "fresh.tsv", given=line("one is fine") + line("two is fine"))
    t.press("i", BACKSPACE)
    os.replace(cx.file("another.tsv", "somebody else's"), os.path.join(cx.folder.name, "fresh.tsv"))
    equal(t.press("Q").finish(), 0)
    with open(os.path.join(cx.folder.name, "fresh.tsv"), encoding="utf-8") as file:
        equal(file.read(), "somebody else's")


@test
def files_that_other_programs_wrote_are_gone_on_with(cx):
    told = "\ufeff" + HEADER + "intent\r\n1\tweb_chat\ten\tone is fine\twarranty_claim\r\n"
    path = cx.file("windows.tsv", told)
    t = Terminal(cx, "windows.tsv", given=line("one is fine") + line("two is fine"))
    t.end()
    equal(t.press("i").finish(), 0)
    with open(path, "rb") as file:
        before, added = file.read().decode().split("\r\n1\t", 1)
    assert added.splitlines()[1].endswith("\ttwo is fine\tcomplaint") and "warranty_claim" in t.seen and "1 known before" in t.seen, (before, added, t.seen[-600:])


@test
def files_of_another_kind_are_refused_and_left_alone(cx):
    for name, content, words in (("other.tsv", HEADER + "urgency\n", "no file of labels for intent"), ("foreign.tsv", "label\ttext\n", "no file of labels"),
                                 ("cut.tsv", HEADER + "intent\n1\tc\ten\thalf a r", "no end"), ("wide.tsv", HEADER + "intent\n1\tc\ten\n", "wide.tsv:2: 3 columns")):
        path = cx.file(name, content)
        cx("label", name, given=line("x")).ends(65).says(words)
        with open(path, encoding="utf-8") as file:
            equal(file.read(), content)
    path = cx.file("busy.tsv", "")
    with open(path, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        cx("label", "busy.tsv", given=line("x")).ends(74).says("somebody else labels")
    cx("label", "no/such/folder.tsv", given=line("x")).ends(74).says("cannot be opened")
