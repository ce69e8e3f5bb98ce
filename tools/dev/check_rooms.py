#!/usr/bin/env python3
"""The rules of the house that can be read off the sources and the archives.

check_rooms.py includes            every #include follows tools/dev/rooms.txt
check_rooms.py symbols BUILD       each archive asks only for the vendor symbols its room may use; a stage exports one symbol
check_rooms.py headers             public headers stand alone and name no vendor type
check_rooms.py stages              every stage has README.md, three golden cases, and a line in the table of contents
check_rooms.py sizes               files and functions within the limits of STYLE.md, or in tools/dev/limits.txt with a reason
check_rooms.py topics              no topic is named outside schemas/topics.def
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = re.compile(r"^(std\w+|string|stdio|stdlib|errno|math|ctype|inttypes|limits|float|assert|time|signal|unistd|fcntl|poll|pthread|strings|iconv|"
                    r"sys/\w+|arpa/inet|netinet/\w+|immintrin|tmmintrin|smmintrin|emmintrin|nmmintrin|x86intrin|locale|getopt|dirent|sched|spawn|endian|syslog|sanitizer/asan_interface|termios|"
                    r"algorithm|memory|vector|new|exception|utility|cstring|cstddef|cstdint)(\.h)?$")
VENDOR_SYMBOLS = ("rd_kafka_", "avro_", "ZSTD_", "json_", "yaml_", "hs_", "utf8proc_", "MHD_", "redis", "XXH")


def rooms():
    table = {}
    for line in (ROOT / "tools/dev/rooms.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, rest = line.split(":", 1)
            parts = [part.split() for part in rest.split("|")]
            table[name] = {"rooms": set(parts[0]), "headers": set(parts[1]), "symbols": tuple(parts[2])}
    return table


def sources(*patterns):
    return sorted(p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file())


def room_of(path):
    parts = path.relative_to(ROOT).parts
    return ("stages", parts[1]) if parts[0] == "stages" else (parts[1], parts[1])


def check_includes(table):
    for path in sources("pipeline/*/*.[ch]", "pipeline/*/*.cc", "stages/*/*.[ch]", "stages/*/*.cc"):
        room, own = room_of(path)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)', line)
            if not match:
                continue
            name = match[2]
            folder = name.split("/")[0]
            if SYSTEM.match(name) or name in table[room]["headers"] or folder in (own, room):
                continue
            if match[1] == '"' and (folder in table[room]["rooms"] or folder == "schemas" or name.endswith(".def")):
                continue
            if match[1] == '"' and "/" not in name and (path.parent / name).exists():
                continue
            yield f"{path.relative_to(ROOT)}:{number}: {room} may not include {name} (tools/dev/rooms.txt)"


def nm(archive, *flags):
    done = subprocess.run(["nm", *flags, str(archive)], capture_output=True, text=True, check=True)
    return {line.split()[-1] for line in done.stdout.splitlines() if line and not line.endswith(":")}


def check_symbols(table, build):
    archives = sorted(pathlib.Path(build).glob("**/libcx_*.a"))
    if not archives:
        yield f"{build}: no archives"
    for archive in archives:
        name = archive.stem.removeprefix("libcx_")
        stage = name.removeprefix("stage_") if name.startswith("stage_") else None
        room = "stages" if stage else name
        if room not in table:
            yield f"{archive.name}: a room that tools/dev/rooms.txt does not know"
            continue
        for symbol in sorted(nm(archive, "-u")):
            if symbol.startswith(VENDOR_SYMBOLS) and not (table[room]["symbols"] and symbol.startswith(table[room]["symbols"])):
                yield f"{archive.name}: {room} may not use {symbol}"
        if stage:
            for symbol in sorted(nm(archive, "-g", "--defined-only", "--format=posix")):
                pass
            for line in subprocess.run(["nm", "-g", "--defined-only", str(archive)], capture_output=True, text=True, check=True).stdout.splitlines():
                parts = line.split()
                if len(parts) == 3 and not parts[2].startswith((stage + "_", "_Z", "DW.ref")) and parts[1] in "TDBRC":
                    yield f"{archive.name}: exports {parts[2]}; a stage exports {stage}_stage and {stage}_* helpers only"


def check_headers(_):
    for path in sources("pipeline/*/*.h"):
        text = path.read_text()
        if path.parent.name != "kafka" and re.search(r"\brd_kafka_\w+_t\b", text) or re.search(r"\bavro_(value|schema)_t\b|\bredisContext\b", text):
            yield f"{path.relative_to(ROOT)}: names a vendor type"


def check_stages(_):
    contents = (ROOT / "stages/CMakeLists.txt").read_text()
    for folder in sorted(p for p in (ROOT / "stages").iterdir() if p.is_dir()):
        if folder.name not in contents:
            yield f"stages/{folder.name}: no line in stages/CMakeLists.txt"
        if not (folder / "README.md").exists():
            yield f"stages/{folder.name}: no README.md"
        cases = list((ROOT / "tests/stages" / folder.name / "cases").glob("*/out.jsonl"))
        if len(cases) < 3:
            yield f"tests/stages/{folder.name}: {len(cases)} golden cases, at least 3"


def limits():
    file = ROOT / "tools/dev/limits.txt"
    return {line.split()[0] for line in file.read_text().splitlines() if line and not line.startswith("#")} if file.exists() else set()


def check_sizes(_):
    allowed = limits()
    for path in sources("pipeline/*/*.[ch]", "pipeline/run/*/*.[ch]", "stages/*/*.[ch]"):
        name, lines = str(path.relative_to(ROOT)), path.read_text().splitlines()
        limit = 200 if path.suffix == ".h" else 500
        if len(lines) > limit and name not in allowed:
            yield f"{name}: {len(lines)} lines, at most {limit}"
        start = None
        for number, line in enumerate(lines, 1):
            if line == "{" and path.suffix == ".c":
                start = number
            elif line == "}" and start:
                if number - start > 61 and f"{name}:{start}" not in allowed and name not in allowed:
                    yield f"{name}:{start}: a function of {number - start} lines, at most 60"
                start = None


def check_topics(_):
    for path in sources("pipeline/**/*.[ch]", "stages/*/*.[ch]"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = "" if "hasher_init" in line else line.split("/*")[0]  # a hash's domain looks like a topic and is none
            for topic in re.findall(r'"(cx\.[a-z_.]+\.v\d+)"', code):
                defined = (ROOT / "schemas/topics.def").read_text()
                if f'"{topic}"' not in defined:
                    yield f"{path.relative_to(ROOT)}:{number}: {topic} is no row of schemas/topics.def"


def main():
    if len(sys.argv) < 2 or f"check_{sys.argv[1]}" not in globals():
        sys.exit(__doc__)
    check = globals()[f"check_{sys.argv[1]}"]
    findings = list(check(rooms(), *sys.argv[2:]))
    print("\n".join(findings) if findings else "ok")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
