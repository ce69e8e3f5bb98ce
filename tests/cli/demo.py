"""demo.py - cx demo --no-broker: the page adds up and can be had again."""
import json
import os
import pty
import subprocess

from harness import ENVIRONMENT, equal, test

START = ("--start", "2026-01-05T00:00:00Z")


def run(cx, *words):
    return cx("demo", "--no-broker", "--json", *words).ends(0).is_silent()


@test
def the_demo_adds_up(cx):
    page, = run(cx, "-n", "1500", *START).json()
    equal(page["balanced"], True)
    equal(page["items"], page["emitted"] + page["absorbed"] + page["dropped"] + page["rejected"])
    equal(page["payloads"], 1500)
    equal(sum(page["endings"].values()), page["absorbed"] + page["dropped"] + page["rejected"])
    equal(sum(page["channels"].values()), page["routed"])
    equal(page["emitted"], page["routed"])
    assert page["dropped"] > 0 and page["rejected"] > 0 and page["customers"] > 0, page
    assert {"tr", "es", "ar", "ru", "en"} <= set(page["languages"]), page["languages"]
    assert len(page["journey"]) >= 2 and len({step["ucid"] for step in page["journey"]}) == 1, page["journey"]


@test
def a_seed_and_a_start_give_the_same_page(cx):
    first = run(cx, "-n", "400", "--seed", "7", *START).out
    equal(run(cx, "-n", "400", "--seed", "7", *START).out, first)
    assert run(cx, "-n", "400", "--seed", "8", *START).out != first


@test
def the_page_for_people_has_no_colour_where_nobody_sees_it(cx):
    done = cx("demo", "--no-broker", "-n", "200").ends(0).is_silent()
    assert b"\x1b" not in done.out and len(done.lines()) > 20, done.out[:300]
    text = done.out.decode()
    for word in ("cx tap",) if "cx tap" in text else ("cx pipe",):
        assert word in text, "how to look further"


def in_a_terminal(cx, **env):
    master, slave = pty.openpty()
    process = subprocess.Popen([cx.program, "demo", "--no-broker", "-n", "200", *START], stdout=slave, stderr=slave, stdin=subprocess.DEVNULL,
                               env={**ENVIRONMENT, "TERM": "xterm", **env})
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:  # how Linux tells that the other side is closed
        pass
    os.close(master)
    equal(process.wait(timeout=60), 0)
    return seen


@test
def a_terminal_gets_colour_unless_it_wants_none(cx):
    assert b"\x1b[" in in_a_terminal(cx, NO_COLOR=""), "an empty NO_COLOR asks for nothing"
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert b"\x1b[" not in in_a_terminal(cx, **env), env


@test
def a_users_own_lines_are_shown_the_same_way(cx):
    path = cx.file("mine.jsonl", "".join(json.dumps({"tenant": "me", "channel": "chat", "native_id": str(i), "occurred_at": "2026-01-05T00:00:00Z",
                                                     "author": {"native_id": "u"}, "text": "merhaba"}) + "\n" for i in range(5)) + "nonsense\n")
    page, = run(cx, "--input", path).json()
    equal((page["payloads"], page["emitted"], page["rejected"], page["tenants"]), (6, 5, 1, {"me": 5}))
