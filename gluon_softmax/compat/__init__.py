"""Compatibility patches for MXNet 1.9.1 and d2lzh 1.0.0.

Newer releases of NumPy, Python, IPython and SciPy broke both packages; there is one file for each
cause. Importing ``gluon_softmax`` calls :func:`apply_patches`. After that ``import mxnet`` and
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

from . import (
    cuda,
    distutils,
    gluonbook,
    gpu,
    ipython,
    libraries,
    loader_workers,
    pictures,
    platform_check,
    scipy,
)
from .registry import Patch, applied, considered

__all__ = ["Patch", "applied", "apply_patches", "considered", "is_off"]

SWITCH = "GLUON_SOFTMAX_REVIVE"
_take: Any = None


def _load_mxnet(load: Callable, module: ModuleType) -> None:
    platform_check.check()
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
    _patch_mxnet()


def _patch_mxnet() -> None:
    # Imported here, because these modules import NumPy.
    from . import datasets, fashion_mnist, one_element, recordio, scalars, trainer

    of = sys.modules
    loader_workers.let_fork(of["mxnet.gluon.data.dataloader"])
    loader_workers.begin_with_us(of["mxnet.gluon.data.dataloader"])
    loader_workers.end_before_modules_go(of["mxnet.gluon.data.dataloader"])
    scalars.patch(
        [of[f"mxnet.{name}"] for name in ("_ctypes.ndarray", "_ctypes.symbol", "symbol.symbol")],
        [of[f"mxnet.ndarray.{name}.random"] for name in ("numpy", "numpy_extension")],
    )
    one_element.patch(of["mxnet.ndarray"])
    recordio.patch(of["mxnet.recordio"])
    trainer.patch(of["mxnet.gluon.trainer"])
    gpu.patch(of["mxnet"])
    datasets.patch(of["mxnet.gluon.data.vision.datasets"], of["mxnet.test_utils"])
    if _take is not None:
        fashion_mnist.patch(of["mxnet.gluon.data.vision.datasets"], _take)


def _load_numpy(load: Callable, module: ModuleType) -> None:
    load(module)
    _patch_numpy()


def _patch_numpy() -> None:
    # Imported here, because it imports NumPy, which is half of a program's start-up time.
    from . import numpy

    numpy.patch()


def _load_display(load: Callable, module: ModuleType) -> None:
    load(module)
    ipython.patch(module)


def _load_d2lzh(load: Callable, module: ModuleType) -> None:
    load(module)
    pictures.patch(module)
    gpu.patch_choice(module)


_LOADERS = {
    "numpy": _load_numpy,
    "mxnet": _load_mxnet,
    "d2lzh": _load_d2lzh,
    "IPython.display": _load_display,
}


def _is_patched() -> bool:
    return any(patch.name == gpu.NAME for patch in considered())


class _PatchingFinder:
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


def apply_patches(take: Optional[Callable] = None) -> None:
    """Patch the modules that are imported now, and the others at their import.

    A second call does nothing.

    Parameters
    ----------
    take : callable, optional
        Returns the arrays for MXNet's ``FashionMNIST``; see :func:`.fashion_mnist.patch`.

    See Also
    --------
    considered : The patches that were considered.
    """
    global _take
    if is_off():
        return
    _take = take
    if "numpy" in sys.modules:
        _patch_numpy()
    if hasattr(sys.modules.get("mxnet"), "gluon") and not _is_patched():
        # MXNet was imported before this package, which works on older Pythons and NumPys.
        _patch_mxnet()
    if "IPython.display" in sys.modules:
        ipython.patch(sys.modules["IPython.display"])
    if _PatchingFinder not in sys.meta_path:
        sys.meta_path.insert(0, _PatchingFinder)
    gluonbook.listen()
