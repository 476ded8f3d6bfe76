"""Time limits that grow with the load of this machine."""

import subprocess
import sys
import time

# Seconds that the import of NumPy in a new process takes on an idle machine.
QUIET = 0.5
# Seconds for which a measured pace is used.
KEPT = 20
_measured = {}


def pace():
    """Return how many times as long as usual a known piece of work takes here now, at least 1."""
    now = time.monotonic()
    if not _measured or now > _measured["until"]:
        subprocess.run([sys.executable, "-c", "import numpy"], check=True)
        took = time.monotonic() - now
        _measured.update(until=now + took + KEPT, pace=max(1.0, took / QUIET))
    return _measured["pace"]


def paced(seconds):
    """Return a time limit for an idle machine, scaled to the load of this one."""
    return seconds * pace()
