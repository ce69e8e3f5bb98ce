#!/usr/bin/env python3
"""A bill of materials of what was built, CycloneDX 1.5 JSON to stdout: the libraries the program is linked with, as packages of this machine, and
the jars that tests run against (scope excluded: they are not shipped).

  sbom.py PROGRAM
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def libraries(program):
    return sorted({os.path.realpath(path) for path in re.findall(r"(?:=> )?(/\S+) \(0x", run("ldd", program))})


def owner(path):
    """The package a library came with. Debian 12 knows libraries by their path from before /usr was merged, too."""
    for known in (path, path.removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", known], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0]
    raise SystemExit(f"sbom: {path} belongs to no package")


def licences(package):
    """The short names in a machine-readable copyright file; where there is none, a reference to it."""
    path = pathlib.Path("/usr/share/doc") / package.split(":")[0] / "copyright"
    text = path.read_text(errors="replace") if path.exists() else ""
    names = sorted(set(re.findall(r"^License: *(\S[^\n]*)$", text, re.M)))
    return [{"license": {"name": name}} for name in names] or [{"license": {"name": f"see {path}"}}]


def package_component(package, files):
    name, architecture, version, source, source_version, home = run(
        "dpkg-query", "-W", "-f", "${Package}\t${Architecture}\t${Version}\t${source:Package}\t${source:Version}\t${Homepage}", package).split("\t")
    purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}"
    component = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "licenses": licences(package),
                 "properties": [{"name": "debian:source", "value": f"{source} {source_version}"}, *({"name": "file", "value": file} for file in files)]}
    if home:
        component["externalReferences"] = [{"type": "website", "url": home}]
    return component


def jar_components():
    """Jars as Maven named them: artifact-version.jar."""
    version = re.search(r"<kafka\.version>(.+?)<", (ROOT / "deploy/local/pom.xml").read_text())[1]
    folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "cxstream" / f"kafka-{version}"
    for jar in sorted(folder.glob("*.jar")):
        name, _, jar_version = re.match(r"(.+?)(-(\d.*))?$", jar.stem).groups()
        yield {"type": "library", "bom-ref": f"jar:{jar.stem}", "name": name, "version": jar_version or "0", "scope": "excluded",
               "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(jar.read_bytes()).hexdigest()}]}


def bill(program):
    files = {}
    for library in libraries(program):
        files.setdefault(owner(library), []).append(library)
    packages = [package_component(package, paths) for package, paths in sorted(files.items())]
    version = re.search(r"VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text().split("project(")[1])[1]
    content = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    root = f"pkg:generic/cxstream@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "metadata": {"component": {"type": "application", "bom-ref": root, "name": "cxstream", "version": version, "purl": root,
                                   "licenses": [{"license": {"id": "Apache-2.0"}}], "hashes": [{"alg": "SHA-256", "content": content}]}},
        "components": [*packages, *jar_components()],
        "dependencies": [{"ref": root, "dependsOn": [package["bom-ref"] for package in packages]}],
    }


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    json.dump(bill(sys.argv[1]), sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
