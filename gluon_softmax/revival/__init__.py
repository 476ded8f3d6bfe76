"""Compatibility patches for MXNet 1.9.1 and d2lzh 1.0.0.

Newer releases of NumPy, Python, IPython and SciPy broke both packages; there is one file for each
cause. Importing ``gluon_softmax`` calls :func:`revive`. After that ``import mxnet`` and
``import d2lzh`` work, and so does a reader's own copy of the tutorial. No file of these packages is
changed. ``GLUON_SOFTMAX_REVIVE=0`` in the environment turns all patches off.

Nothing here imports MXNet, d2lzh, NumPy, IPython or matplotlib: the patch of a module is applied
when something else imports that module.
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
    # An earlier import that failed leaves submodules behind.
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
    # Imported here, because these modules import NumPy.
    from . import datasets, fashion_mnist, one_element, recordio, scalars, trainer

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
    datasets.mend(of["mxnet.gluon.data.vision.datasets"], of["mxnet.test_utils"])
    if _take is not None:
        fashion_mnist.mend(of["mxnet.gluon.data.vision.datasets"], _take)


def _load_numpy(load: Callable, module: ModuleType) -> None:
    load(module)
    _mend_numpy()


def _mend_numpy() -> None:
    # Imported here, because it imports NumPy, which is half of a program's start-up time.
    from . import numpy

    numpy.mend()


def _load_display(load: Callable, module: ModuleType) -> None:
    load(module)
    ipython.mend(module)


def _load_d2lzh(load: Callable, module: ModuleType) -> None:
    load(module)
    pictures.mend(module)
    gpu.mend_choice(module)


_LOADERS = {
    "numpy": _load_numpy,
    "mxnet": _load_mxnet,
    "d2lzh": _load_d2lzh,
    "IPython.display": _load_display,
}


def _is_mended() -> bool:
    return any(mend.name == gpu.NAME for mend in listed())


class _Mending:
    """A finder that patches a module while it loads."""

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
    """Check whether the environment turns the patches off."""
    return os.environ.get(SWITCH) == "0"


def revive(take: Optional[Callable] = None) -> None:
    """Patch the modules that are imported now, and the others at their import.

    A second call does nothing.

    Parameters
    ----------
    take : callable, optional
        Returns the arrays for MXNet's ``FashionMNIST``; see :func:`.fashion_mnist.mend`.

    See Also
    --------
    listed : The patches that were considered.
    """
    global _take
    if is_off():
        return
    _take = take
    if "numpy" in sys.modules:
        _mend_numpy()
    if hasattr(sys.modules.get("mxnet"), "gluon") and not _is_mended():
        # MXNet was imported before this package, which works on older Pythons and NumPys.
        _mend_mxnet()
    if "IPython.display" in sys.modules:
        ipython.mend(sys.modules["IPython.display"])
    if _Mending not in sys.meta_path:
        sys.meta_path.insert(0, _Mending)
    gluonbook.listen()
