"""d2lzh: its old name gluonbook, its pictures, its choice of a GPU, and its call of IPython."""

import functools
import itertools
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Optional, Sequence

from . import cuda
from .registry import note

OLD_NAME = "gluonbook"
# The backends of matplotlib that only write files, and the notebook's, by its old and new name.
_NO_DISPLAY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template", "inline"}
_NO_DISPLAY.add("module://matplotlib_inline.backend_inline")


def patch(d2lzh: Any) -> None:
    """Let d2lzh save pictures where there is no display, and choose only GPUs that MXNet supports.

    d2lzh tries a GPU with ``nd.array``, which copies and runs no code.
    """
    d2lzh.show_fashion_mnist = save_without_display(d2lzh.show_fashion_mnist)
    note("d2lzh.show_fashion_mnist in a terminal", "no display")
    utils = d2lzh.utils
    one, several = utils.try_gpu, utils.try_all_gpus

    @functools.wraps(one)
    def try_gpu() -> Any:
        return (_supported([one()]) or [utils.mx.cpu()])[0]

    @functools.wraps(several)
    def try_all_gpus() -> Any:
        return _supported(several()) or [utils.mx.cpu()]

    for module in (d2lzh, utils):
        module.try_gpu, module.try_all_gpus = try_gpu, try_all_gpus
    note("d2lzh.try_gpu with a GPU that MXNet has no code for", "NVIDIA GPUs since 2022")


def save_without_display(show: Callable) -> Callable:
    """Let a function that draws with pyplot also write a file in a terminal without a display.

    The file is ``fashion-mnist-1.png``, or the next free name, which is printed.
    """

    @functools.wraps(show)
    def show_and_save(*args: Any, **kwargs: Any) -> Any:
        returned = show(*args, **kwargs)
        plt: Any = sys.modules["matplotlib.pyplot"]
        if sys.stderr.isatty() and plt.get_backend().lower() in _NO_DISPLAY:
            names = (f"fashion-mnist-{number}.png" for number in itertools.count(1))
            name = next(name for name in names if not os.path.exists(name))
            plt.savefig(name, bbox_inches="tight")
            print(f"the picture is in {name}", file=sys.stderr)
        return returned

    return show_and_save


def _supported(ctxs: list) -> list:
    if ctxs[0].device_type != "gpu":
        return ctxs
    unsupported = cuda.unsupported()
    for ctx in ctxs:
        if ctx.device_id in unsupported:
            _warn(unsupported[ctx.device_id])
    return [ctx for ctx in ctxs if ctx.device_id not in unsupported]


@functools.lru_cache(maxsize=None)
def _warn(reason: str) -> None:
    """Print a reason once in a process."""
    print(f"d2l.try_gpu: {reason}", file=sys.stderr, flush=True)


def restore_formats(display: Any) -> None:
    """Restore ``set_matplotlib_formats`` in ``IPython.display``; d2lzh selects SVG with it."""
    missing = not hasattr(display, "set_matplotlib_formats")
    if missing:
        display.set_matplotlib_formats = _set_matplotlib_formats
    note("IPython.display.set_matplotlib_formats", "IPython 9", missing)


def _set_matplotlib_formats(*formats: str, **kwargs: Any) -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats(*formats, **kwargs)


class OldName:
    """A finder that imports d2lzh as gluonbook, its name in 2018; the last of all finders."""

    @classmethod
    def find_spec(
        cls, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Return a spec for gluonbook; the import system calls this."""
        loader: Any = cls()
        return ModuleSpec(name, loader) if name == OLD_NAME else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to create the module."""

    def exec_module(self, module: Any) -> None:
        """Copy d2lzh's names into the module, and add the function that it lost since 2018."""
        names = {
            name: value
            for name, value in vars(import_module("d2lzh")).items()
            if not (name.startswith("__") and name.endswith("__"))
        }
        vars(module).update(names, accuracy=_accuracy)
        note(OLD_NAME, "d2lzh 0.8")


def _accuracy(y_hat: Any, y: Any) -> float:
    """Return the proportion of correct predictions, as in section 3.6 of the book."""
    return (y_hat.argmax(axis=1) == y.astype("float32")).mean().asscalar()
