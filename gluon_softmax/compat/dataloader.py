"""The worker processes of MXNet's ``DataLoader``: how they start, and how they end."""

import functools
import multiprocessing
import sys
from multiprocessing import spawn
from multiprocessing.context import get_spawning_popen
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any, Callable, List, Tuple

from .registry import note

# MXNet's own initializer of a worker process.
_mxnet_initializer: Any = None


def patch(dataloader: Any) -> None:
    """Apply all patches of this module to ``mxnet.gluon.data.dataloader``."""
    _allow_fork(dataloader)
    _patch_spawned_workers(dataloader)
    _end_quietly_at_exit(dataloader)


def _allow_fork(dataloader: Any) -> None:
    """Let MXNet fork its worker processes, as it does on Python up to 3.13.

    Python 3.14 does not fork by default. MXNet passes images as file descriptors, which only a
    forked process can receive.
    """
    needed = sys.version_info >= (3, 14) and "fork" in multiprocessing.get_all_start_methods()
    if needed:
        context = multiprocessing.get_context("fork")
        # A context lacks the other names that MXNet looks up, such as submodules.
        forking: Any = ModuleType("multiprocessing")
        vars(forking).update(vars(multiprocessing))
        for name in ("Pool", "Process", "get_context"):
            setattr(forking, name, getattr(context, name))
        dataloader.multiprocessing = forking
    note("forked workers of gluon.data.DataLoader", "Python 3.14", needed)


def _patch_spawned_workers(dataloader: Any) -> None:
    """Let worker processes that are not forked import this package before MXNet.

    Such a process unpickles its initializer first: a function of this module. The data set comes
    next. Its arrays are passed by value, since the process cannot receive MXNet's file descriptors.
    """
    global _mxnet_initializer
    _mxnet_initializer = dataloader._worker_initializer
    dataloader._worker_initializer = _initialize
    for kind, reduce in (
        (dataloader.nd.NDArray, dataloader.reduce_ndarray),
        (dataloader._mx_np.ndarray, dataloader.reduce_np_ndarray),
    ):
        ForkingPickler.register(kind, functools.partial(_reduce, reduce))
    note("spawned workers of gluon.data.DataLoader", "NumPy 1.24")


def _initialize(*args: Any) -> None:
    _mxnet_initializer(*args)


def _reduce(reduce: Callable, array: Any) -> Tuple[Callable, tuple]:
    if get_spawning_popen() is None:
        return reduce(array)
    return _rebuild, (type(array).__module__ == "mxnet.numpy", array.asnumpy())


def _rebuild(is_np: bool, array: Any) -> Any:
    import mxnet

    return (mxnet.np.array if is_np else mxnet.nd.array)(array, dtype=array.dtype)


def _end_quietly_at_exit(dataloader: Any) -> None:
    """Skip ``DataLoader.__del__`` while the interpreter exits; ``multiprocessing`` ends the pools.

    By then Python has cleared the modules that ``__del__`` calls, and prints an error per loader.
    """
    end, is_exiting = dataloader.DataLoader.__del__, sys.is_finalizing

    def end_before_exit(self: Any) -> None:
        if not is_exiting():
            end(self)

    dataloader.DataLoader.__del__ = end_before_exit
    note("shutdown of gluon.data.DataLoader", "Python 3.8")


def patch_spawned_scripts() -> None:
    """Let each process that is not forked import this package before the main module.

    Such a process imports the user's script, which need not import this package itself.
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
