#!/usr/bin/env python3
"""What avsc2c.py accepts and refuses. usage: avsc2c_test.py PROJECT_FOLDER"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROJECT = pathlib.Path(sys.argv.pop(1))


class Avsc2c(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(PROJECT / "schemas", self.root / "schemas", ignore=shutil.ignore_patterns("channels"))

    def run_tool(self, out="out"):
        command = [sys.executable, "-B", PROJECT / "tools/dev/avsc2c.py", self.root / "schemas", self.root / out]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def edit(self, name, old, new):
        path = self.root / "schemas" / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def assert_refused(self, *parts):
        result = self.run_tool()
        self.assertEqual(result.returncode, 65)
        for part in parts:
            self.assertIn(part, result.stderr)

    def test_the_same_schemas_give_the_same_files(self):
        self.assertEqual(self.run_tool("a").returncode, 0)
        self.assertEqual(self.run_tool("b").returncode, 0)
        for name in ("records.h", "records.c"):
            self.assertEqual((self.root / "a" / name).read_bytes(), (self.root / "b" / name).read_bytes())

    def test_a_type_that_stands_in_two_files_must_be_the_same_in_both(self):
        self.edit("identity_alias.avsc", '{"name": "offset", "type": "long"', '{"name": "offset", "type": "int"')
        self.assert_refused("identity_alias.avsc", "Source differs")

    def test_other_words_in_a_doc_make_no_difference(self):
        self.edit("identity_alias.avsc", "Normalised value.", "The value, normalised.")
        self.assertEqual(self.run_tool().returncode, 0)

    def test_a_subject_that_is_not_in_the_file_is_refused(self):
        self.edit("ids.def", "cx.Ledger", "cx.Ledgers")
        self.assert_refused("ledger.avsc", "cx.Ledgers")

    def test_what_has_no_place_in_c_is_refused_by_name(self):
        self.edit("ledger.avsc", '"type": "string", "doc": "Stages joined', '"type": ["null", "string", "int"], "doc": "Stages joined')
        self.assert_refused("ledger.avsc", "Ledger.chain", "unions")

    def test_text_that_is_no_json_is_refused(self):
        self.edit("ledger.avsc", "{", "[")
        self.assert_refused("ledger.avsc")

    def test_the_newest_version_of_a_subject_makes_the_struct_and_all_are_kept(self):
        text = (self.root / "schemas/ledger.avsc").read_text(encoding="utf-8")
        newer = text.replace('{"name": "chain"', '{"name": "novel", "type": "int", "default": 3}, {"name": "chain"', 1)
        (self.root / "schemas/ledger_2.avsc").write_text(newer, encoding="utf-8")
        with (self.root / "schemas/ids.def").open("a", encoding="utf-8") as rows:
            rows.write('CX_SCHEMA(1099, "cx.Ledger",        2, "ledger_2.avsc")\n')
        self.assertEqual(self.run_tool().returncode, 0)
        self.assertIn("int32_t novel;", (self.root / "out/records.h").read_text(encoding="utf-8"))
        source = (self.root / "out/records.c").read_text(encoding="utf-8")
        self.assertIn('{ 1002, "cx.Ledger", 1,', source)
        self.assertIn('{ 1099, "cx.Ledger", 2,', source)
        self.assertIn('"cx.Ledger", 1099, sizeof', source)


if __name__ == "__main__":
    unittest.main()
