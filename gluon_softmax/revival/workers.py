"""The worker processes of MXNet's ``DataLoader``: how they begin, and how they end."""

import atexit
import functools
import multiprocessing
import sys
import weakref
from multiprocessing import spawn
from multiprocessing.context import get_spawning_popen
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any, Callable, List, Tuple

from .mend import note


def let_fork(dataloader: Any) -> None:
    """Let MXNet fork its worker processes, as on Python up to 3.13.

    Python 3.14 no longer forks by itself, and MXNet hands images over by file descriptors, which
    a process that is begun in another way cannot take.

    Parameters
    ----------
    dataloader : module
        ``mxnet.gluon.data.dataloader``.
    """
    needed = sys.version_info >= (3, 14) and "fork" in multiprocessing.get_all_start_methods()
    if needed:
        context = multiprocessing.get_context("fork")
        # All else that it looks up there, such as submodules, a context has not.
        forking: Any = ModuleType("multiprocessing")
        vars(forking).update(vars(multiprocessing))
        for name in ("Pool", "Process", "get_context"):
            setattr(forking, name, getattr(context, name))
        dataloader.multiprocessing = forking
    note("worker processes of gluon.data.DataLoader", "Python 3.14", needed)


def begin_with_us(dataloader: Any) -> None:
    """Let worker processes that are not forked import this package before MXNet, and get arrays.

    Such a process unpickles what it is to do, and this function's module comes first in that; then
    the data set, whose arrays MXNet would hand over by file descriptors, which it cannot take.

    Parameters
    ----------
    dataloader : module
        ``mxnet.gluon.data.dataloader``.
    """
    global _mxnets
    _mxnets, dataloader._worker_initializer = dataloader._worker_initializer, _initialize
    for kind, reduce in (
        (dataloader.nd.NDArray, dataloader.reduce_ndarray),
        (dataloader._mx_np.ndarray, dataloader.reduce_np_ndarray),
    ):
        ForkingPickler.register(kind, functools.partial(_reduce, reduce))
    note("workers of gluon.data.DataLoader that are spawned", "NumPy 1.24")


def begin_scripts_with_us() -> None:
    """Let every process that is not forked import this package before the main module.

    For a script that does not do so itself, and is imported by each of them.
    """
    own = spawn.get_command_line

    def get_command_line(**kwargs: Any) -> List[str]:
        begins = "from multiprocessing"
        return [
            f"import gluon_softmax; {word}" if str(word).startswith(begins) else word
            for word in own(**kwargs)
        ]

    vars(spawn)["get_command_line"] = get_command_line
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.set_forkserver_preload(["gluon_softmax"])


_mxnets: Any = None


def _initialize(*args: Any) -> None:
    _mxnets(*args)


def _reduce(reduce: Callable, array: Any) -> Tuple[Callable, tuple]:
    if get_spawning_popen() is None:
        return reduce(array)
    return _rebuild, (type(array).__module__ == "mxnet.numpy", array.asnumpy())


def _rebuild(is_np: bool, array: Any) -> Any:
    import mxnet

    return (mxnet.np.array if is_np else mxnet.nd.array)(array, dtype=array.dtype)


def end_before_modules_go(dataloader: Any) -> None:
    """End the pools of loaders that are still there when the interpreter ends.

    Their own ``__del__`` comes after Python has taken down the modules that it calls, and prints
    an error for each.

    Parameters
    ----------
    dataloader : module
        ``mxnet.gluon.data.dataloader``.
    """
    loaders: Any = weakref.WeakSet()
    init = dataloader.DataLoader.__init__

    def remembered(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        loaders.add(self)

    def end() -> None:
        for loader in list(loaders):
            pool, loader._worker_pool = getattr(loader, "_worker_pool", None), None
            if pool is not None:
                pool.terminate()

    remembered.__doc__ = init.__doc__
    dataloader.DataLoader.__init__ = remembered
    atexit.register(end)
    note("the end of gluon.data.DataLoader", "Python 3.8")
