"""Python 3.12 dropped ``distutils``, with whose two classes MXNet compares NumPy's version."""

import re
import sys
import warnings
from types import ModuleType
from typing import Any

from .mend import note


class _Version(tuple):
    """A version's numbers, which compare as it does."""

    def __new__(cls, text: str) -> "_Version":
        return super().__new__(cls, map(int, re.findall(r"\d+", text)))


def supply() -> None:
    """Put a ``distutils`` of these classes where there is none, setuptools' copy included."""
    missing = False
    try:
        # From Python 3.10 on it says that it will be gone, which ends who takes warnings as errors.
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
