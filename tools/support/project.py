"""Where things are, and how the tools speak to whoever started them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
OUT = ROOT / "out"


class Failure(Exception):
    """Something the user must know about; printed without a traceback, exit status 1."""


def say(text):
    print(text, flush=True)


def run(command, **options):
    """Runs a command that must succeed; its output goes where ours goes."""
    command = [str(part) for part in command]
    result = subprocess.run(command, **{"cwd": ROOT, **options})
    if result.returncode != 0:
        raise Failure(f"failed (status {result.returncode}): {' '.join(command)}")
    return result


def main(function):
    """Runs a tool's main function with the conventions all of them share."""
    try:
        sys.exit(function() or 0)
    except Failure as failure:
        print(f"{Path(sys.argv[0]).name}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def git(*arguments, default=""):
    """Output of a git command in the project, `default` where there is no git or no history."""
    try:
        result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return default
    return result.stdout.strip() if result.returncode == 0 else default


def reproducible_environment():
    """The environment under which the same sources give the same bytes."""
    return {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
