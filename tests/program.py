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
# Root may write anywhere without this.
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
    """Check whether a program may make mounts of its own here, as root may."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0
    return False


def shared_memory():
    """Return the names of shared memory that no program uses."""
    used = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            # By inode: the process that made a semaphore sees it under another name.
            used.update(map(int, re.findall(r" (\d+) +/dev/shm/", maps.read_text())))
    folder = Path("/dev/shm")
    numbers = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):
            numbers[path.name] = path.stat().st_ino
    return {name for name, number in numbers.items() if number not in used}


class Pipe:
    """A replacement for standard output, which notes the line after which it was flushed."""

    def __init__(self):
        self.text, self.at_once = "", []

    def write(self, text):
        self.text += text

    def isatty(self):
        return False

    def flush(self):
        self.at_once.append(self.text.splitlines()[-1])
