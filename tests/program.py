"""Run one of our programs as a user does."""

import contextlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*argv, python=(), stdout=subprocess.PIPE):
    """Run ``python -m argv`` from the project's folder; ``python`` are options of Python's own."""
    return subprocess.run(
        [sys.executable, *python, "-m", *argv],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def can_mount():
    """Tell whether a program may have mounts of its own here, as root may."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0
    return False
