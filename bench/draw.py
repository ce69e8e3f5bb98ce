#!/usr/bin/env python3
"""draw.py FOLDER - the results as a table (README.md there) and a picture (figures.svg), beside the aims of the design."""
import html
import json
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


def main():
    folder = pathlib.Path(sys.argv[1])
    stages = [json.loads(line) for line in (folder / "stages.jsonl").read_text().splitlines()]
    chains = [json.loads(p.read_text()) for p in sorted(folder.glob("chain-*.json"))]
    machine = (folder / "machine.txt").read_text()
    rows = [(s["stages"], s["records_per_s"], f"{s['records_per_s'] / 1000:.0f}k/s") for s in stages]
    out = ["# Results", "", "```", machine.strip(), "```", "",
           "One core, in process: bytes in, bytes out (reading the record, the stage, writing it), records per CPU second, median of five.", "",
           "| stage | records/s | aim of the design (the stage's own work) |", "|---|---:|---:|"]
    out += [f"| {name} | {value:,.0f} | {AIMS[name]:,.0f} |" if name in AIMS else f"| {name} | {value:,.0f} | |" for name, value, _ in rows]
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
