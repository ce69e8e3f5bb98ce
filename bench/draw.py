#!/usr/bin/env python3
"""draw.py FOLDER - the results as a table (README.md there) and a picture (figures.svg), beside the aims of the design; of commit.jsonl, where there is one,
its own table (commit.md) and picture (commit.svg)."""
import html
import json
import math
import pathlib
import statistics
import sys

AIMS = {"normalize": 600e3, "classify": 400e3, "dedup": 5e6, "identify": 2e6, "route": 1e6}


def bars(rows, width=760, row=26):
    most = max(value for _, value, _ in rows)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{row * len(rows) + 20}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="#fff"/>']
    for i, (name, value, note) in enumerate(rows):
        y, length = 10 + i * row, max(2, value / most * (width - 330))
        lines += [f'<text x="150" y="{y + 15}" text-anchor="end" fill="#222">{html.escape(name)}</text>',
                  f'<rect x="160" y="{y + 3}" width="{length:.0f}" height="16" rx="2" fill="#2f6f9f"/>',
                  f'<text x="{168 + length:.0f}" y="{y + 15}" fill="#222">{html.escape(note)}</text>']
    return "\n".join(lines + ["</svg>", ""])


COLOURS = {True: "#2f6f9f", False: "#c0662b"}
NAMES = {True: "exactly once", False: "without transactions"}


def panel(left, title, series, width=360, height=230):
    """Curves over the commit interval: [(colour, dashed, {interval: value})]. The value's axis begins at 0, the interval's is logarithmic."""
    intervals = sorted({x for _, _, points in series for x in points})
    most = max(y for _, _, points in series for y in points.values())
    step = 10 ** math.floor(math.log10(most)) / (2 if most < 3 * 10 ** math.floor(math.log10(most)) else 1)
    def x_of(x):
        return left + 60 + (math.log(x) - math.log(intervals[0])) / (math.log(intervals[-1]) - math.log(intervals[0])) * (width - 90)
    def y_of(y):
        return 30 + height * (1 - y / (most * 1.05))
    lines = [f'<text x="{left + 60}" y="18" fill="#222">{html.escape(title)}</text>']
    for n in range(int(most / step) + 1):
        lines += [f'<line x1="{left + 55}" x2="{left + width - 25}" y1="{y_of(n * step):.0f}" y2="{y_of(n * step):.0f}" stroke="#ddd"/>',
                  f'<text x="{left + 50}" y="{y_of(n * step) + 4:.0f}" text-anchor="end" fill="#222">{n * step:,.0f}</text>']
    lines += [f'<text x="{x_of(x):.0f}" y="{height + 48}" text-anchor="middle" fill="#222">{x}</text>' for x in intervals]
    for colour, dashed, points in series:
        path = " ".join(f"{x_of(x):.0f},{y_of(y):.0f}" for x, y in sorted(points.items()))
        lines += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{" stroke-dasharray=" + chr(34) + "5 4" + chr(34) if dashed else ""}/>']
        lines += [f'<circle cx="{x_of(x):.0f}" cy="{y_of(y):.0f}" r="3" fill="{colour}"/>' for x, y in points.items()]
    return lines


def commits(folder):
    """What exactly once costs over the commit interval: medians of all rounds."""
    runs = [json.loads(line) for line in (folder / "commit.jsonl").read_text().splitlines()]
    groups = {}
    for run in runs:
        groups.setdefault((run["interval_ms"], run["exactly_once"]), []).append({**run, "per_cpu_s": run["records"] / sum(run["cpu_s"].values())})
    median = {key: {name: statistics.median(run[name] for run in rows) for name in ("per_cpu_s", "records_per_s", "p50_ms", "p99_ms")} for key, rows in groups.items()}
    def curve(name, once):
        return {interval: values[name] for (interval, kind), values in median.items() if kind == once}
    lines = panel(0, "records per CPU second, broker included", [(COLOURS[once], False, curve("per_cpu_s", once)) for once in COLOURS])
    lines += panel(370, "ms to a route topic's reader: p99, p50 dashed", [(COLOURS[once], name == "p50_ms", curve(name, once)) for once in COLOURS for name in ("p99_ms", "p50_ms")])
    legend = [f'<text x="{60 + 170 * i}" y="310" fill="{COLOURS[once]}">{NAMES[once]}</text>' for i, once in enumerate(COLOURS)]
    (folder / "commit.svg").write_text("\n".join(['<svg xmlns="http://www.w3.org/2000/svg" width="740" height="325" font-family="sans-serif" font-size="12">',
                                                 '<rect width="100%" height="100%" fill="#fff"/>', *lines, *legend,
                                                 '<text x="430" y="310" fill="#222">commit interval in ms</text>', "</svg>", ""]))
    out = ["# Exactly once, and the commit interval", "", "```", (folder / "commit.txt").read_text().strip(), "```", "",
           f"The whole pipeline, three processes, one broker; {runs[0]['records']:,} records as fast as they go, then {runs[0]['rate']:,} a second. Medians of "
           f"{min(map(len, groups.values()))} rounds, in which runs with and without transactions follow each other.", "",
           "| interval | | records per CPU s | records/s | p50 | p99 |", "|---:|---|---:|---:|---:|---:|"]
    out += [f"| {interval} ms | {NAMES[once]} | {v['per_cpu_s']:,.0f} | {v['records_per_s']:,.0f} | {v['p50_ms']:.0f} ms | {v['p99_ms']:.0f} ms |"
            for (interval, once), v in sorted(median.items(), key=lambda item: (item[0][0], not item[0][1]))]
    out += ["", "![](commit.svg)"]
    (folder / "commit.md").write_text("\n".join(out) + "\n")


TEXT_ROWS = {"fold": "folding", "fold_rows": "and rows of all heads", "all": "**and calibrated scores: all of it**",
             "all_in_stream": "the same, other texts read in between",
             "cld2_language": "CLD2, language only", "fasttext_language": "fastText, language only", "fasttext_intent": "fastText, intent only"}


def text_table(text):
    out = ["", f"The text path alone, {text['texts']} texts of models/data of {text['bytes_per_text']} bytes in the mean, one core, ns a text (text_bench.c, {text['date']}; quiet: each text's",
           "fifth quickest of forty rounds). fastText was trained on the same texts with 16 dimensions, runs of 2 to 4 letters and 2^21 buckets.", "",
           "| | median | quiet |", "|---|---:|---:|"]
    return out + [f"| {name} | {text[key]['median']:,} | {text[key]['quiet']:,} |" for key, name in TEXT_ROWS.items() if key in text] + [
        "", f"The model is read in {text['load_ms']:.0f} ms of CPU time."]


def main():
    folder = pathlib.Path(sys.argv[1])
    if (folder / "commit.jsonl").exists():
        commits(folder)
    stages = [json.loads(line) for line in (folder / "stages.jsonl").read_text().splitlines()]
    chains = [json.loads(p.read_text()) for p in sorted(folder.glob("chain-*.json"))]
    machine = (folder / "machine.txt").read_text()
    rows = [(s["stages"], s["records_per_s"], f"{s['records_per_s'] / 1000:.0f}k/s") for s in stages]
    out = ["# Results", "", "```", machine.strip(), "```", "",
           "One core, in process: bytes in, bytes out (reading the record, the stage, writing it), records per CPU second, median of five.", "",
           "| stage | records/s | aim of the design (the stage's own work) |", "|---|---:|---:|"]
    out += [f"| {name} | {value:,.0f} | {AIMS[name]:,.0f} |" if name in AIMS else f"| {name} | {value:,.0f} | |" for name, value, _ in rows]
    if (folder / "text.json").exists():
        out += text_table(json.loads((folder / "text.json").read_text()))
    if chains:
        rate = statistics.median(c["records_per_s"] for c in chains)
        rows.append(("on the broker", rate, f"{rate / 1000:.0f}k/s, three processes, exactly once"))
        out += ["", f"On a real broker, three processes, exactly once, {chains[0]['records']:,} records, median of {len(chains)}: **{rate:,.0f} records/s**.", "",
                "| process | CPU s | peak MB |", "|---|---:|---:|"]
        for name in chains[0]["processes"]:
            cpu = statistics.median(c["processes"][name]["cpu_s"] for c in chains)
            peak = statistics.median(c["processes"][name]["peak_mb"] for c in chains)
            out.append(f"| {name} | {cpu:.1f} | {peak:.0f} |")
        out += ["", f"Aim of the design: ten million in under 60 s, 167k records/s. At this rate: {1e7 / rate:.0f} s."]
    (folder / "README.md").write_text("\n".join(out) + "\n")
    (folder / "figures.svg").write_text(bars(rows))


if __name__ == "__main__":
    main()
