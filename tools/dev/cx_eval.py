"""cx_eval.py - figures of one head as `cx eval` tells them, for the tools that make tables of them."""
import json
import subprocess
import sys


def run(*command):
    """What it prints; where it fails, the tool ends with what it says."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}: {done.stderr}")
    return done.stdout


def figures(cx, head, data, *options):
    return json.loads(run(cx, "eval", "--json", "--head", head, "--data", data, *options))["heads"][0]["models"][0]
