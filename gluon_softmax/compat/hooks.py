"""The import hook: it patches a module when something imports it."""

import os
import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

from . import cuda, d2lzh, dataloader, native_libraries, platform_check, python, scipy

SWITCH = "GLUON_SOFTMAX_COMPAT"
_take: Any = None


def _patch_numpy(module: ModuleType) -> None:
    # Imported here, because it imports NumPy, which is half of a program's start-up time.
    from . import numpy

    numpy.restore_names()


def _patch_mxnet(module: ModuleType) -> None:
    # Imported here: two of them import NumPy, and one imports modules that few programs need.
    from . import data_server, distributed, numpy

    def submodule(name: str) -> ModuleType:
        return sys.modules[f"mxnet.{name}"]

    dataloader.patch(submodule("gluon.data.dataloader"))
    numpy.accept_scalars(
        map(submodule, ("_ctypes.ndarray", "_ctypes.symbol", "symbol.symbol")),
        map(submodule, ("ndarray.numpy.random", "ndarray.numpy_extension.random")),
    )
    numpy.convert_arrays(submodule("ndarray"))
    numpy.restore_tostring(submodule("recordio"))
    distributed.wait_for_weights(submodule("gluon.trainer"))
    cuda.patch(module)
    data_server.patch(submodule("gluon.data.vision.datasets"), submodule("test_utils"), _take)


# By the module's name, what patches it once it is loaded.
_PATCHES: Dict[str, Callable[[Any], None]] = {
    "numpy": _patch_numpy,
    "mxnet": _patch_mxnet,
    "d2lzh": d2lzh.patch,
    "IPython.display": d2lzh.restore_formats,
}


def _load(load: Callable, module: ModuleType) -> None:
    """Execute a module with its loader's function, and patch it."""
    if module.__name__ == "mxnet":
        _load_mxnet(load, module)
    else:
        load(module)
    _PATCHES[module.__name__](module)


def _load_mxnet(load: Callable, module: ModuleType) -> None:
    platform_check.check_platform()
    # An earlier import that failed leaves submodules behind.
    for name in [name for name in sys.modules if name.startswith("mxnet.")]:
        del sys.modules[name]
    folder = Path(str(module.__file__)).parent
    native_libraries.check_library(folder)
    cuda.load_libraries(folder)
    native_libraries.link_libraries(folder)
    python.restore_distutils()
    with scipy.hidden():
        load(module)


class _PatchingFinder:
    """A finder that patches a module while it loads."""

    @staticmethod
    def find_spec(
        name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        spec = PathFinder.find_spec(name, path, target) if name in _PATCHES else None
        if spec is not None:
            if spec.loader is None:
                raise ImportError("its folder has no __init__.py", name=name)
            loader: Any = spec.loader
            loader.exec_module = partial(_load, loader.exec_module)
        return spec


def is_off() -> bool:
    """Check whether the environment turns the patches off."""
    return os.environ.get(SWITCH) == "0"


def apply_patches(take: Optional[Callable] = None) -> None:
    """Patch the modules that are imported now, and the others at their import.

    ``take`` returns the arrays for MXNet's ``FashionMNIST``; see :func:`.data_server.patch`. A
    second call does nothing.
    """
    global _take
    finders: Any = sys.meta_path
    if is_off() or _PatchingFinder in finders:
        return
    _take = take
    for name, patch in _PATCHES.items():
        module = sys.modules.get(name)
        # A folder of this name that is not the package has no __file__.
        if getattr(module, "__file__", None):
            patch(module)
    finders.insert(0, _PatchingFinder)
    finders.append(d2lzh.OldName)
