"""NumPy 2 writes its scalars as ``np.int64(8)``, and MXNet passes parameters as text.

A shape, axis or index that came out of NumPy, such as ``(np.int64(8), 6)``, is no number to MXNet's
operators then. Where it makes the text, in four of its modules, it finds this ``str``.
"""

import functools
from types import ModuleType
from typing import Any, Callable, Sequence

import numpy as np

from .mend import note
from .numpy import VERSION


class _WithText(type):
    """What makes a class whose instances are those of ``str``, and whose call is ours."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, str)

    def __call__(cls, value: Any = "") -> str:
        kind = type(value)
        return _written(value) if kind is tuple or kind is list else str(value)


class Text(metaclass=_WithText):
    """``str``, but for NumPy's scalars in tuples and lists, which are written as on NumPy 1."""


def _with_plain_numbers(function: Callable) -> Callable:
    def plain(value: Any) -> Any:
        return int(value) if isinstance(value, np.integer) else value

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*map(plain, args), **{name: plain(kwargs[name]) for name in kwargs})

    return call


def _written(value: Any) -> str:
    if isinstance(value, np.generic):
        return repr(str(value)) if isinstance(value, str) else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    # No named tuple, which names itself.
    if type(value) is tuple:
        return f"({', '.join(map(_written, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def mend(writing: Sequence[ModuleType], drawing: Sequence[Any]) -> None:
    """Let modules of MXNet take NumPy's numbers.

    Parameters
    ----------
    writing : sequence of module
        Those that make texts of parameters.
    drawing : sequence of module
        Those that draw random numbers, and ask whether a size equals ``()``, which to NumPy's
        numbers is no question any more.
    """
    needed = VERSION >= (2, 0)
    if needed:
        for module in writing:
            vars(module)["str"] = Text
        for module in drawing:
            for name in module.__all__:
                vars(module)[name] = _with_plain_numbers(getattr(module, name))
    note("NumPy's numbers as parameters of operators", "NumPy 2.0", needed)
