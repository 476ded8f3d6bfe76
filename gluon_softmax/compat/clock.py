"""Python 3.8 removed ``time.clock``, with which old scripts time their training."""

import os
import time
from typing import Any

from .registry import note


def supply() -> None:
    """Restore ``time.clock``: the processor's time, or on Windows the time on the clock."""
    module: Any = time
    missing = not hasattr(module, "clock")
    if missing:
        module.clock = time.perf_counter if os.name == "nt" else time.process_time
    note("time.clock in scripts of the command run", "Python 3.8", missing)
