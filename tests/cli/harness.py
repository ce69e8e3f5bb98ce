"""harness.py - runs cx and says what differs from what was promised. Tests are functions whose names are sentences."""
import json
import os
import subprocess
import tempfile
import time
import traceback

_tests = []
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CX_")}


def test(function):
    _tests.append(function)
    return function


class Run:
    """What one call of cx left behind."""

    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr.decode(errors="replace")

    def lines(self):
        return self.out.decode().splitlines()

    def json(self):
        return [json.loads(line) for line in self.lines()]

    def ends(self, status):
        assert self.status == status, f"exit {self.status} instead of {status}; stderr: {self.err[-400:]!r} stdout: {self.out[:200]!r}"
        return self

    def is_silent(self):
        assert self.err == "", f"stderr: {self.err[:400]!r}"
        return self

    def has_no_output(self):
        assert self.out == b"", f"stdout: {self.out[:400]!r}"
        return self

    def says(self, *parts):
        for part in parts:
            assert part in self.err, f"{part!r} is not in stderr: {self.err[:600]!r}"
        return self


class Cx:
    def __init__(self, program):
        self.program = program
        self.folder = tempfile.TemporaryDirectory(prefix="cx-cli-")

    def __call__(self, *words, given=b"", env=None, **kwargs):
        given = given.encode() if isinstance(given, str) else given
        return Run(subprocess.run([self.program, *words], input=given, capture_output=True, env={**ENVIRONMENT, **(env or {})}, timeout=300, check=False,
                                  cwd=self.folder.name, **kwargs))

    def start(self, *words, **kwargs):
        return subprocess.Popen([self.program, *words], env=ENVIRONMENT, cwd=self.folder.name, **kwargs)

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return path


def without_model(cx):
    """Words that leave the learned model out, where this program has one: for tests of what lexicons say."""
    return ("--set", "classify.model=none") if "  model: " in cx("create").out.decode() else ()


def equal(found, wanted, what=""):
    assert found == wanted, f"{what or 'found'}: {str(found)[:700]} instead of {str(wanted)[:700]}"


def run_all(cx, only):
    passed = failed = 0
    for function in _tests:
        name = function.__name__
        if only and only not in name:
            continue
        begun = time.monotonic()
        try:
            function(cx)
            passed += 1
        except Exception as problem:  # any failure is one test's failure
            failed += 1
            where = traceback.extract_tb(problem.__traceback__)
            line = next((f for f in reversed(where) if f.name == name), where[-1])
            print(f"FAILED {name} ({os.path.basename(line.filename)}:{line.lineno}): {problem}", flush=True)
        if time.monotonic() - begun > 10:
            print(f"slow: {name} took {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
