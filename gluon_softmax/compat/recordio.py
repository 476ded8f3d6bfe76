"""NumPy 2.3 removed ``ndarray.tostring``; MXNet packs a record with several labels by it."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from .numpy import VERSION
from .registry import note


class _Array(np.ndarray):
    def tostring(self) -> bytes:
        return self.tobytes()


def patch(recordio: Any) -> None:
    """Let MXNet's module create arrays that have ``tostring``.

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
    note("recordio.pack with several labels", "NumPy 2.3", needed)
