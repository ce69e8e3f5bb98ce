#!/usr/bin/env python3
"""tools/teach without a network: the two formats of weights are read as they are written, here by the smallest writers of each; texts become the
word pieces that networks know; labelled files are read as corpus.c does, and what is said of a text is written as taught.c reads it."""
import importlib.machinery
import importlib.util
import pathlib
import struct
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[3] / "tools/teach/teach"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOL.parent))
import pieces  # noqa: E402
import weights  # noqa: E402

loader = importlib.machinery.SourceFileLoader("teach", str(TOOL))
teach = importlib.util.module_from_spec(importlib.util.spec_from_loader("teach", loader))
loader.exec_module(teach)


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def block(entries):
    """A block of a sorted table with one restart; each key shares what it can with the one before."""
    body, before = b"", b""
    for key, value in entries:
        shared = next((i for i, (a, b) in enumerate(zip(key, before)) if a != b), min(len(key), len(before)))
        body, before = body + varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value, key
    return body + struct.pack("<II", 0, 1)


def checkpoint(tensors):
    entries, data = [(b"", field(1, 1))], b""
    for name, dims, values in tensors:
        shape = b"".join(field(2, field(1, d)) for d in dims)
        entries.append((name, field(1, 1) + field(2, shape) + field(4, len(data)) + field(5, len(values))))
        data += values
    entries.append((b"z/step", field(1, 9) + field(4, 0) + field(5, 8)))
    first = block(entries)
    top = block([(b"~", varint(0) + varint(len(first)))])
    handles = varint(0) + varint(0) + varint(len(first) + 5) + varint(len(top))
    return first + b"\0" * 5 + top + b"\0" * 5 + handles + b"\0" * (48 - len(handles)), data


class WeightsTest(unittest.TestCase):
    def test_initializers_of_onnx_and_the_matrices_of_named_nodes_are_read(self):
        bias = field(1, 2) + field(2, 1) + field(8, b"query.bias") + field(9, floats(1, 2))
        kernel = field(1, 2) + field(1, 2) + field(2, 1) + field(8, b"onnx::MatMul_7") + field(9, floats(1, 2, 3, 4))
        shape = field(1, 1) + field(2, 7) + field(8, b"shape") + field(9, struct.pack("<q", 300))
        node = field(1, b"x") + field(1, b"onnx::MatMul_7") + field(2, b"y") + field(3, b"/layer.0/query/MatMul") + field(4, b"MatMul")
        other = field(1, b"x") + field(1, b"y") + field(3, b"/layer.0/MatMul_1") + field(4, b"MatMul")
        graph = b"".join(field(5, t) for t in (bias, kernel, shape)) + field(1, node) + field(1, other)
        arrays = weights.read_onnx(field(1, 8) + field(7, graph))
        self.assertEqual(([2], floats(1, 2)), (arrays["query.bias"].dims, bytes(arrays["query.bias"].data)))
        self.assertEqual(([2, 2], floats(1, 2, 3, 4)), (arrays["layer.0.query.kernel"].dims, bytes(arrays["layer.0.query.kernel"].data)))
        self.assertIsNone(arrays["shape"])
        self.assertEqual({"query.bias", "onnx::MatMul_7", "shape", "layer.0.query.kernel"}, set(arrays), "a product of two activations has no weights")

    def test_tensors_of_a_checkpoint_are_read_and_other_types_left_out(self):
        index, data = checkpoint([(b"bert/encoder/layer_0/bias", [3], floats(1, 2, 3)), (b"bert/encoder/layer_0/kernel", [200, 1], floats(*range(200)))])
        arrays = weights.read_checkpoint(index, data)
        self.assertEqual(["bert/encoder/layer_0/bias", "bert/encoder/layer_0/kernel"], sorted(arrays))
        self.assertEqual(([3], floats(1, 2, 3)), (arrays["bert/encoder/layer_0/bias"].dims, bytes(arrays["bert/encoder/layer_0/bias"].data)))
        self.assertEqual(([200, 1], floats(*range(200))), (arrays["bert/encoder/layer_0/kernel"].dims, bytes(arrays["bert/encoder/layer_0/kernel"].data)))


class PiecesTest(unittest.TestCase):
    NUMBERS = {piece: i for i, piece in enumerate("[CLS] [SEP] [UNK] geç ##mis ##miş gec kar ##go ka , 🚚 हिन्दी".split())}

    def of(self, text, most=20, lower=False):
        names = {i: piece for piece, i in self.NUMBERS.items()}
        return " ".join(names[i] for i in pieces.Pieces(self.NUMBERS, lower).of_text(text, most))

    def test_the_longest_piece_comes_first_and_what_no_pieces_make_is_unknown(self):
        self.assertEqual("[CLS] kar ##go , geç ##miş 🚚 [UNK] [SEP]", self.of("kargo,geçmiş🚚 kartal"))
        self.assertEqual("[CLS] [UNK] [SEP]", self.of("kar" + "go" * 50))

    def test_marks_stay_in_words_but_for_networks_of_small_letters(self):
        self.assertEqual("[CLS] हिन्दी [SEP]", self.of("हिन्दी"))
        self.assertEqual("[CLS] gec ##mis [SEP]", self.of("GEÇmiş", lower=True))

    def test_what_is_too_long_is_cut_before_the_end(self):
        self.assertEqual("[CLS] kar ##go [SEP]", self.of("kargo geçmiş", most=4))


class FilesTest(unittest.TestCase):
    def read(self, content, column=None):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.tsv"
            path.write_bytes(content.encode())
            return teach.read(path, column)

    def test_files_are_read_as_the_trainer_reads_them(self):
        self.assertEqual((["yes", "no"], ["fine ", "awful"]), self.read("\ufeffyes\tfine \r\n\r\nno\tawful"))
        self.assertEqual((["a", ""], ["one", "two"]), self.read("id\ttext\tintent\n1\tone\ta\n2\ttwo\t\n", "intent"))
        for content, column in (("yes\n", None), ("id\ttext\tintent\n1\tone\n", "intent"), ("id\ttext\n", "intent"), ("yes\tfine\n", "intent"), ("yes\tfine\tand more\n", None),
                                ("text\tintent\none\ta\tb\n", "intent")):
            with self.assertRaises(SystemExit):
                self.read(content, column)

    def test_labels_have_the_names_of_the_head_and_what_is_rare_is_left_out(self):
        self.assertEqual("toxic=0", teach.line_of([0.999, 0.001], [None, "toxic"]))
        self.assertEqual("b=60,a=39", teach.line_of([0.39, 0.6, 0.004, 0.006], ["a", "b", "c", "d"]).removesuffix(",d=1"))
        self.assertEqual(teach.SHARES, teach.line_of([0.02] * 50, [f"l{i}" for i in range(50)]).count("="))

    def test_some_are_kept_back_where_there_are_texts_without_labels(self):
        labels = ["a", "b", None, "a", "b", "a", "b", "a", "b", "a", "b"]
        self.assertEqual(labels, teach.keep_some_back(labels))
        self.assertEqual(["a", "b", None, "a", "b", None, "b", "a", "b", "a", None, "?"], teach.keep_some_back(labels + ["?"]))

    def test_lessons_are_by_head_and_teacher_and_of_ones_own_by_set(self):
        rows = ("toxicity\tp\ten\tp.tsv\tlabels\t-\t@t/p.tsv", "toxicity\tq\ttr\tp.tsv\tlabels\t-\t@t/q.tsv", "toxicity\tr\ten\tp.tsv\ttaught\t-\t@t/r.tsv",
                "wish\ts\ten\tp.tsv\tlabels\tyes=a,no=b\tt/s.tsv", "wish\tu\ten\tp.tsv\tlabels\t-\t-")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "p.tsv").write_text("yes\tone\nno\ttwo\noos\tthree\n?\tfour\n")
            (folder / "recipe.tsv").write_text("head\tset\tlanguage\ttrain\treader\tmap\ttaught\n" + "\n".join(rows) + "\n")
            lessons = teach.lessons_of(folder / "recipe.tsv", folder, None, None)
            self.assertEqual([("toxicity", None, "minilm"), ("toxicity", None, "multilingual"), ("wish", "s", "minilm")], list(lessons))
            self.assertEqual([["yes", "no", None, "?"], ["?"] * 4], [s.labels for s in lessons["toxicity", None, "minilm"]])
            self.assertEqual(["a", "b", None, "?"], lessons["wish", "s", "minilm"][0].labels)
            self.assertEqual(folder / "t/s.tsv", lessons["wish", "s", "minilm"][0].taught)
            with self.assertRaises(SystemExit):
                teach.lessons_of(folder / "recipe.tsv", folder, "wihs", None)


if __name__ == "__main__":
    unittest.main()
