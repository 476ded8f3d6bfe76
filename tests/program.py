"""Run one of our programs as a user does."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pace import paced

ROOT = Path(__file__).parent.parent
# Root may write anywhere, unless this is taken from it.
AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
if sys.platform != "win32" and os.getuid() != 0:
    AS_USER = []


def _can_be_a_user():
    with contextlib.suppress(OSError):
        return subprocess.run([*AS_USER, "true"], check=False).returncode == 0
    return False


as_user = pytest.mark.skipif(
    not _can_be_a_user(), reason="runs as root, and setpriv does not work here"
)


def run(*argv, python=(), stdout=subprocess.PIPE, before=()):
    """Run ``python -m argv`` from the project's folder; ``python`` are options of Python's own."""
    return subprocess.run(
        [*before, sys.executable, *python, "-m", *argv],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=paced(120),
        check=False,
    )


def can_mount():
    """Tell whether a program may have mounts of its own here, as root may."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0
    return False


def shared_memory():
    """Name the shared memory that no program uses, as one that runs beside this may."""
    used = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            # By number: who made a semaphore has it under another name.
            used.update(map(int, re.findall(r" (\d+) +/dev/shm/", maps.read_text())))
    folder = Path("/dev/shm")
    numbers = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            numbers[path.name] = path.stat().st_ino
    return {name for name, number in numbers.items() if number not in used}


class Pipe:
    """Stands in for standard output, and notes the line after which it was flushed, each time."""

    def __init__(self):
        self.text, self.at_once = "", []

    def write(self, text):
        self.text += text

    def isatty(self):
        return False

    def flush(self):
        self.at_once.append(self.text.splitlines()[-1])
