"""SciPy makes MXNet start 1.5 s later, and dropped a name that MXNet looks up in it.

MXNet takes it where it finds it, for sparse arrays and for statistics. Here it gets stand-ins,
which import SciPy when they are asked for something.
"""

import contextlib
import sys
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Iterator

from .mend import note


class _Later:
    """A module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


class _Sparse(_Later):
    """The same for ``scipy.sparse``, with its former module ``csr``."""

    @property
    def csr(self) -> Any:
        # MXNet asks with it, at every array that it makes, whether it was given a matrix of
        # SciPy's: which nobody can have as long as SciPy has not been imported.
        loaded = sys.modules.get("scipy.sparse")
        return SimpleNamespace(csr_matrix=loaded.csr_matrix if loaded else _Nothing)


class _Nothing:
    """What no object is."""


@contextlib.contextmanager
def later() -> Iterator[None]:
    """Let MXNet, which loads in the block, have SciPy later: when something asks for it."""
    installed = find_spec("scipy") is not None
    names = {"scipy", "scipy.sparse", "scipy.stats"} - set(sys.modules)
    hide: Any = dict.fromkeys(names)
    sys.modules.update(hide)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
    if installed:
        loaded = sys.modules
        for module in ("mxnet.ndarray.utils", "mxnet.ndarray.sparse"):
            vars(loaded[module])["spsp"] = _Sparse("scipy.sparse")
        if "scipy.stats" in names:
            vars(loaded["mxnet.test_utils"])["ss"] = _Later("scipy.stats")
            vars(loaded["mxnet.contrib.quantization"])["stats"] = _Later("scipy.stats")
    note("mxnet with scipy.sparse", "SciPy 1.8", installed)
