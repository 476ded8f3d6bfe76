"""Python 3.12 removed ``distutils``; MXNet compares NumPy's version with two of its classes."""

import re
import sys
import warnings
from types import ModuleType
from typing import Any

from .registry import note


class _Version(tuple):
    """The numbers of a version, in an order that agrees with the version's."""

    def __new__(cls, text: str) -> "_Version":
        return super().__new__(cls, map(int, re.findall(r"\d+", text)))


def supply() -> None:
    """Provide a ``distutils`` with these classes, unless Python or setuptools has one."""
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
