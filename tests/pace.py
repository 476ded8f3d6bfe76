"""Time limits that grow with the load of this machine."""

import subprocess
import sys
import time

# Seconds that the import of NumPy in a new process takes on a machine with nothing else to do.
QUIET = 0.5
# A measured pace is used for as many seconds.
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
    """Return a time limit for a machine with nothing else to do, scaled to what it is here now."""
    return seconds * pace()
