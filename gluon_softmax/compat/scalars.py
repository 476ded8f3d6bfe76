"""NumPy 2 prints its scalars as ``np.int64(8)``, and MXNet passes parameters as text.

MXNet's operators cannot parse a shape, axis or index with such a scalar: ``(np.int64(8), 6)``. The
modules of MXNet that write the text get another ``str``, which prints the plain number.
"""

import functools
from types import ModuleType
from typing import Any, Callable, Sequence

import numpy as np

from .numpy import VERSION
from .registry import note


class _WithText(type):
    """A metaclass: the instances are those of ``str``, and a call formats a value."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, str)

    def __call__(cls, value: Any = "") -> str:
        kind = type(value)
        return _written(value) if kind is tuple or kind is list else str(value)


class Text(metaclass=_WithText):
    """``str``, except that NumPy's scalars in tuples and lists look as in NumPy 1."""


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
    # A named tuple has a format of its own.
    if type(value) is tuple:
        return f"({', '.join(map(_written, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def patch(writing: Sequence[ModuleType], drawing: Sequence[Any]) -> None:
    """Let modules of MXNet accept NumPy's scalars.

    Parameters
    ----------
    writing : sequence of module
        The modules that format parameters.
    drawing : sequence of module
        The modules that draw random numbers. They compare a size with ``()``, and NumPy 2 rejects
        that comparison for a scalar.
    """
    needed = VERSION >= (2, 0)
    if needed:
        for module in writing:
            vars(module)["str"] = Text
        for module in drawing:
            for name in module.__all__:
                vars(module)[name] = _with_plain_numbers(getattr(module, name))
    note("NumPy scalars as operator parameters", "NumPy 2.0", needed)
