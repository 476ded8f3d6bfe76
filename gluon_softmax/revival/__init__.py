"""All that MXNet 1.9.1 and d2lzh 1.0.0 need on newer versions of NumPy, Python, IPython and SciPy.

Both were last released before those. One file for each that broke something; importing
``gluon_softmax`` calls :func:`revive`, after which ``import mxnet`` and ``import d2lzh`` work, and
with them a reader's own copy of the tutorial. No file of theirs is changed; with
``GLUON_SOFTMAX_REVIVE=0`` in the environment all is left as it was.

Nothing here imports either of them, nor NumPy, IPython or matplotlib: a mend of something that is
not yet imported waits until it is.
"""

import os
import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Optional, Sequence

from . import cuda, distutils, gluonbook, gpu, ipython, libraries, machine, pictures, scipy, workers
from .mend import Mend, applied, listed

__all__ = ["Mend", "applied", "is_off", "listed", "revive"]

SWITCH = "GLUON_SOFTMAX_REVIVE"
_take: Any = None


def _load_mxnet(load: Callable, module: ModuleType) -> None:
    machine.check()
    # What is left of an import before ours, which failed.
    for name in [name for name in sys.modules if name.startswith("mxnet.")]:
        del sys.modules[name]
    folder = Path(str(module.__file__)).parent
    libraries.check(folder)
    cuda.supply(folder)
    libraries.supply(folder)
    distutils.supply()
    with scipy.later():
        load(module)
    _mend_mxnet()


def _mend_mxnet() -> None:
    # Here, as they import NumPy.
    from . import fashion_mnist, one_element, recordio, scalars, trainer

    of = sys.modules
    workers.let_fork(of["mxnet.gluon.data.dataloader"])
    workers.begin_with_us(of["mxnet.gluon.data.dataloader"])
    workers.end_before_modules_go(of["mxnet.gluon.data.dataloader"])
    scalars.mend(
        [of[f"mxnet.{name}"] for name in ("_ctypes.ndarray", "_ctypes.symbol", "symbol.symbol")],
        [of[f"mxnet.ndarray.{name}.random"] for name in ("numpy", "numpy_extension")],
    )
    one_element.mend(of["mxnet.ndarray"])
    recordio.mend(of["mxnet.recordio"])
    trainer.mend(of["mxnet.gluon.trainer"])
    gpu.mend(of["mxnet"])
    if _take is not None:
        fashion_mnist.mend(of["mxnet.gluon.data.vision.datasets"], _take)


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


def _load_d2lzh(load: Callable, module: ModuleType) -> None:
    load(module)
    pictures.mend(module)


_LOADERS = {
    "numpy": _load_numpy,
    "mxnet": _load_mxnet,
    "d2lzh": _load_d2lzh,
    "IPython.display": _load_display,
}


def _is_mended() -> bool:
    return any(mend.name == gpu.NAME for mend in listed())


class _Mending:
    """Find a module where it is, and mend it as it loads."""

    @staticmethod
    def find_spec(
        name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        spec = PathFinder.find_spec(name, path, target) if name in _LOADERS else None
        if spec is not None:
            if spec.loader is None:
                raise ImportError("its folder has no __init__.py", name=name)
            loader: Any = spec.loader
            loader.exec_module = partial(_LOADERS[name], loader.exec_module)
        return spec


def is_off() -> bool:
    """Tell whether the environment asks for MXNet as it is."""
    return os.environ.get(SWITCH) == "0"


def revive(take: Optional[Callable] = None) -> None:
    """Mend what is broken here, at once or as soon as it is imported; a second call does nothing.

    Parameters
    ----------
    take : callable, optional
        Where MXNet's ``FashionMNIST`` gets its arrays from; see :func:`.fashion_mnist.mend`.

    See Also
    --------
    listed : The mends that were looked at.
    """
    global _take
    if is_off():
        return
    _take = take
    if "numpy" in sys.modules:
        _mend_numpy()
    if hasattr(sys.modules.get("mxnet"), "gluon") and not _is_mended():
        # Where it can be imported without us.
        _mend_mxnet()
    if "IPython.display" in sys.modules:
        ipython.mend(sys.modules["IPython.display"])
    if _Mending not in sys.meta_path:
        sys.meta_path.insert(0, _Mending)
    gluonbook.listen()
