#!/usr/bin/env python3
"""tools/dev/variants.py: variants are functions of text and seed, change texts and nothing else of a file, and are what their names say."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools/dev"))
import variants  # noqa: E402

TEXTS = {"tr": "Çok kötü bir hizmet, param iade edilmedi & kızdım", "ar": "الخدمة سيئة جدا أريد استرداد المبلغ", "ru": "Деньги ещё не вернули, это обман",
         "es": "El envío no llegó y nadie contesta", "en": "My parcel never came and nobody answers @shop"}


class VariantsTest(unittest.TestCase):
    def test_the_same_seed_gives_the_same_variants(self):
        for name in variants.VARIANTS:
            for language, text in TEXTS.items():
                self.assertEqual(variants.variant(name, text, language, 1), variants.variant(name, text, language, 1))
        self.assertNotEqual(variants.variant("typos", TEXTS["en"], "en", 1), variants.variant("typos", TEXTS["en"], "en", 2))

    def test_every_variant_changes_the_languages_it_is_for(self):
        unchanged = {(name, language) for name in variants.VARIANTS for language, text in TEXTS.items()
                     if variants.variant(name, text, language, 1) == text}
        self.assertLessEqual({("no marks", "en"), ("capitals", "ar"), ("look-alikes", "ar"), ("full width", "ar")}, unchanged)
        for name, language in (("capitals", "tr"), ("typos", "ar"), ("stretched letters", "ru"), ("emoji", "es"), ("no marks", "tr"), ("no marks", "ar"),
                               ("marks and tatweel", "ar"), ("look-alikes", "en"), ("look-alikes", "ru"), ("HTML references", "ru")):
            self.assertNotIn((name, language), unchanged)

    def test_turkish_is_capitalised_and_stripped_by_its_own_rules(self):
        self.assertEqual(variants.variant("capitals", "iade ısı", "tr", 1), "İADE ISI")
        self.assertEqual(variants.variant("no marks", "Iğdır'ın şöförü", "tr", 1), "Igdir'in soforu")

    def test_labels_and_other_columns_stay(self):
        table, labelled = "id\ttext\tintent\n1\tgeri ver\trefund_request\n", "negative\tgeri ver\n"
        self.assertEqual(variants.rewritten(table, "intent", "capitals", "tr", 1), table.replace("geri ver", "GERİ VER"))
        self.assertEqual(variants.rewritten(labelled, None, "capitals", "tr", 1), labelled.replace("geri ver", "GERİ VER"))

    def test_a_small_set_is_typed_several_times_and_each_time_otherwise(self):
        text = TEXTS["en"]
        for column, content in (("intent", f"id\ttext\tintent\n1\t{text}\tcomplaint\n"), (None, f"negative\t{text}\n")):
            lines = variants.typed_often(content, column, "typos", "en", 1).splitlines()
            head = 1 if column else 0
            self.assertEqual(lines[:head], content.splitlines()[:head])
            self.assertAlmostEqual(len(lines) - head, variants.TEXTS_LEAST, delta=variants.TEXTS_LEAST / 2)
            self.assertGreater(len(set(lines[head:])), 50)
            self.assertTrue(all(line.split("\t")[-1 if column else 0] in ("complaint", "negative") for line in lines[head:]))


if __name__ == "__main__":
    unittest.main()
