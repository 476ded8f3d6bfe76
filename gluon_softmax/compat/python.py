"""What newer Pythons removed: ``distutils``, which MXNet uses, and ``time.clock``."""

import os
import re
import sys
import time
import warnings
from types import ModuleType
from typing import Any

from .registry import note


class _Version(tuple):
    """The numbers of a version, in an order that agrees with the version's."""

    def __new__(cls, text: str) -> "_Version":
        return super().__new__(cls, map(int, re.findall(r"\d+", text)))


def restore_distutils() -> None:
    """Restore the two classes with which MXNet compares NumPy's version.

    Nothing changes if Python or setuptools has a ``distutils``.
    """
    missing = False
    try:
        # Python 3.10+ warns of its removal, which would fail under `-W error`.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import distutils.version  # noqa: F401
    except ImportError:
        missing = True
        package: Any = ModuleType("distutils")
        package.version = ModuleType("distutils.version")
        package.version.LooseVersion = package.version.StrictVersion = _Version
        sys.modules.update({"distutils": package, "distutils.version": package.version})
    note("distutils", "Python 3.12", missing)


def restore_clock() -> None:
    """Restore ``time.clock``, with which old scripts measure the time of training.

    It returns the processor time, or on Windows the elapsed time.
    """
    vars(time)["clock"] = time.perf_counter if os.name == "nt" else time.process_time
    note("time.clock in scripts of the command run", "Python 3.8")
