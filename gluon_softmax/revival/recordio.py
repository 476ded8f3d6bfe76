"""NumPy 2.3 dropped ``ndarray.tostring``, with which MXNet packs a record of several labels."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from .mend import note
from .numpy import VERSION


class _Array(np.ndarray):
    def tostring(self) -> bytes:
        return self.tobytes()


def mend(recordio: Any) -> None:
    """Let MXNet's module find arrays that have it, where it makes them.

    Parameters
    ----------
    recordio : module
        ``mxnet.recordio``.
    """
    needed = VERSION >= (2, 3)
    if needed:
        names = dict(vars(np))
        names["asarray"] = lambda *args, **kwargs: np.asarray(*args, **kwargs).view(_Array)
        recordio.np = SimpleNamespace(**names)
    note("recordio.pack of several labels", "NumPy 2.3", needed)
