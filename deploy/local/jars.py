"""jars.py - the jars that a pom.xml names, fetched through Maven once and kept in $XDG_CACHE_HOME/cxstream."""
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile


class Missing(Exception):
    """They could not be had; what it says is for who asked."""


def folder_of(pom, name, fetching):
    """The folder `name` of them. It is renamed into place when whole, so a cut download is never taken for one. `fetching` is called before a
    download, which one process does while others wait."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "cxstream")
    folder = os.path.join(cache, name)
    os.makedirs(cache, exist_ok=True)
    with open(folder + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(folder):
            fetching()
            fetch(pom, cache, folder)
    return folder


def fetch(pom, cache, folder):
    maven = shutil.which("mvn")
    if maven is None:
        raise Missing("mvn is missing: install it (Debian: apt-get install maven)")
    partial = tempfile.mkdtemp(prefix="partial-", dir=cache)
    try:
        command = [maven, "-q", "-B", "-Dstyle.color=never", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory=" + partial]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            raise Missing("Maven could not fetch the jars; its words are above")
        os.rename(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
