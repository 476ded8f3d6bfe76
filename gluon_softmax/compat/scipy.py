"""SciPy: stand-ins in MXNet's modules, which import SciPy at the first use.

MXNet uses SciPy, if it is installed, for sparse arrays and for statistics. Importing it adds 1.5 s
to MXNet's start-up, and SciPy removed a name that MXNet looks up.
"""

import contextlib
import sys
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Iterator

from .registry import note


class _Lazy:
    """A module that is imported at the first use of one of its names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


class _Sparse(_Lazy):
    """``scipy.sparse``, imported lazily, with its former module ``csr``."""

    @property
    def csr(self) -> Any:
        # For each new array MXNet checks whether its source is a SciPy matrix. Before SciPy is
        # imported, no such matrix exists.
        loaded = sys.modules.get("scipy.sparse")
        return SimpleNamespace(csr_matrix=loaded.csr_matrix if loaded else _Nothing)


class _Nothing:
    """A type that no object is an instance of."""


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Hide SciPy from MXNet, which is imported in the block; then provide the stand-ins."""
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
            vars(loaded["mxnet.test_utils"])["ss"] = _Lazy("scipy.stats")
            vars(loaded["mxnet.contrib.quantization"])["stats"] = _Lazy("scipy.stats")
    note("mxnet with scipy.sparse", "SciPy 1.8", installed)
