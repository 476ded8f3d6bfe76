"""d2lzh draws for notebooks: in a terminal without a display its pictures would be invisible."""

import functools
import itertools
import os
import sys
from typing import Any, Callable

from .registry import note

# The backends of matplotlib that only write files, and the notebook's, by its old and new name.
_NO_DISPLAY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template", "inline"}
_NO_DISPLAY.add("module://matplotlib_inline.backend_inline")


def patch(d2lzh: Any) -> None:
    """Let d2lzh's ``show_fashion_mnist`` write a file where there is no display.

    Parameters
    ----------
    d2lzh : module
        ``d2lzh``.
    """
    d2lzh.show_fashion_mnist = seen(d2lzh.show_fashion_mnist)
    note("d2lzh.show_fashion_mnist in a terminal", "no display")


def seen(show: Callable) -> Callable:
    """Return a function that draws, and also writes a file in a terminal without a display.

    Parameters
    ----------
    show : callable
        Draws a figure with pyplot and leaves it as the current one.

    Returns
    -------
    callable
        The same function. In a terminal without a display it also writes the figure to
        ``fashion-mnist-1.png``, or to the next free name, and prints that name.
    """

    @functools.wraps(show)
    def shown(*args: Any, **kwargs: Any) -> Any:
        given = show(*args, **kwargs)
        plt: Any = sys.modules["matplotlib.pyplot"]
        if sys.stderr.isatty() and plt.get_backend().lower() in _NO_DISPLAY:
            names = (f"fashion-mnist-{number}.png" for number in itertools.count(1))
            name = next(name for name in names if not os.path.exists(name))
            plt.savefig(name, bbox_inches="tight")
            print(f"the picture is in {name}", file=sys.stderr)
        return given

    return shown
