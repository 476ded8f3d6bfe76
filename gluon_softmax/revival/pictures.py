"""d2lzh draws for notebooks alone: at a terminal without a display nobody sees its pictures."""

import functools
import itertools
import os
import sys
from typing import Any, Callable

from .mend import note

# Of matplotlib: those that draw into files alone.
_NO_DISPLAY = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}


def mend(d2lzh: Any) -> None:
    """Let d2lzh's ``show_fashion_mnist`` tell where its picture is.

    Parameters
    ----------
    d2lzh : module
        ``d2lzh``.
    """
    d2lzh.show_fashion_mnist = seen(d2lzh.show_fashion_mnist)
    note("d2lzh.show_fashion_mnist at a terminal", "no display")


def seen(show: Callable) -> Callable:
    """Wrap a function that draws with pyplot: at a terminal without a display, write a file.

    Parameters
    ----------
    show : callable
        Draws a figure, which is pyplot's last one then.

    Returns
    -------
    callable
        The same; and, there, it writes ``fashion-mnist-1.png`` or the next that is free, and says
        so.
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
