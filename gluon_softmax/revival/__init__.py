"""All that MXNet 1.9.1 and d2lzh 1.0.0 need on newer versions of NumPy, Python, IPython and SciPy.

Both were last released before those. One file for each that broke something; importing
``gluon_softmax`` calls :func:`revive`, after which ``import mxnet`` and ``import d2lzh`` work.
Nothing here imports either of them, nor NumPy, IPython or matplotlib: a mend of something that is
not yet imported waits until it is.

Out of reach, as it is a method of a C type: ``ndarray.tostring``, gone since NumPy 2.3, with which
``mxnet.recordio.pack`` writes a record that has several labels.
"""

import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Optional, Sequence

from . import cuda, ipython, libraries, machine, python, scipy
from .mend import Mend, applied

__all__ = ["Mend", "applied", "revive"]


def _load_mxnet(load: Callable, module: ModuleType) -> None:
    machine.check()
    folder = Path(str(module.__file__)).parent
    cuda.supply(folder)
    libraries.supply(folder)
    python.supply_distutils()
    with scipy.hidden():
        load(module)
    python.let_workers_fork(sys.modules["mxnet.gluon.data.dataloader"])


def _load_numpy(load: Callable, module: ModuleType) -> None:
    load(module)
    _mend_numpy()


def _mend_numpy() -> None:
    # Here, as it imports NumPy: half of the time in which a program starts.
    from . import numpy

    numpy.mend()


def _load_display(load: Callable, module: ModuleType) -> None:
    load(module)
    ipython.mend(module)


_LOADERS = {
    "numpy": _load_numpy,
    "mxnet": _load_mxnet,
    "IPython.display": _load_display,
}


class _Mending:
    """Find a module where it is, and mend it as it loads."""

    @staticmethod
    def find_spec(
        name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        spec = PathFinder.find_spec(name, path, target) if name in _LOADERS else None
        if spec is not None:
            loader: Any = spec.loader
            loader.exec_module = partial(_LOADERS[name], loader.exec_module)
        return spec


def revive() -> None:
    """Mend what is broken here, at once or as soon as it is imported; a second call does nothing.

    See Also
    --------
    applied : The mends that have taken effect.
    """
    if "numpy" in sys.modules:
        _mend_numpy()
    if "IPython.display" in sys.modules:
        ipython.mend(sys.modules["IPython.display"])
    if _Mending not in sys.meta_path:
        sys.meta_path.insert(0, _Mending)
