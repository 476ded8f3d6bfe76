"""What MXNet needs of older Pythons.

Python 3.12 dropped ``distutils``, with whose two classes MXNet compares NumPy's version; 3.14 no
longer forks worker processes by itself, and MXNet's, begun in any other way, end in its import.
"""

import multiprocessing
import re
import sys
from types import ModuleType
from typing import Any

from .mend import note


class _Version(tuple):
    """A version's numbers, which compare as it does."""

    def __new__(cls, text: str) -> "_Version":
        return super().__new__(cls, map(int, re.findall(r"\d+", text)))


def supply_distutils() -> None:
    """Put a ``distutils`` of these classes where there is none, setuptools' copy included."""
    if sys.version_info < (3, 12):
        return
    try:
        import distutils.version  # noqa: F401
    except ImportError:
        package: Any = ModuleType("distutils")
        package.version = ModuleType("distutils.version")
        package.version.LooseVersion = package.version.StrictVersion = _Version
        sys.modules.update({"distutils": package, "distutils.version": package.version})
        note("distutils", "Python 3.12")


def let_workers_fork(dataloader: Any) -> None:
    """Let MXNet's ``DataLoader`` fork its worker processes, as on Python up to 3.13.

    Parameters
    ----------
    dataloader : module
        ``mxnet.gluon.data.dataloader``.
    """
    if sys.version_info >= (3, 14) and "fork" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("fork")
        # All else that it looks up there, such as submodules, a context has not.
        forking: Any = ModuleType("multiprocessing")
        vars(forking).update(vars(multiprocessing))
        for name in ("Pool", "Process", "get_context"):
            setattr(forking, name, getattr(context, name))
        dataloader.multiprocessing = forking
        note("worker processes of mxnet.gluon.data.DataLoader", "Python 3.14")
