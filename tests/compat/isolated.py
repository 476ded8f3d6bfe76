"""Run Python code in a new process, since a process patches a module only once."""

import os
import subprocess
import sys
import textwrap

from pace import paced
from program import ROOT


def run_code(code, *options, **variables):
    """Return what the code prints, standard error included; fail if it raises."""
    result = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**os.environ, "MPLBACKEND": "agg", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=paced(120),
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def run_script(code, folder, **variables):
    """Run the code from a file in a folder, and there; return the completed process."""
    script = folder / "script.py"
    script.write_text(code)
    return subprocess.run(
        [sys.executable, script],
        env={**os.environ, "MPLBACKEND": "agg", **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=paced(240),
    )
