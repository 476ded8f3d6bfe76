"""What newer NumPys removed or changed, and MXNet or the book relies on.

This module imports NumPy, so it is imported only after NumPy.
"""

import functools
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Iterable, Mapping, Optional, Tuple

import numpy as np

from .registry import note

VERSION = tuple(int(number) for number in np.__version__.split(".")[:2])


def _financial(name: str) -> Callable:
    def function(*args, **kwargs):
        raise RuntimeError(f"NumPy 1.20 removed numpy.{name}: use the package numpy-financial")

    return function


# By the release that removed them.
_NAMES: Mapping[Tuple[int, int], Mapping[str, Any]] = {
    (1, 24): {"bool": bool, "int": int},
    (2, 0): {
        "Inf": np.inf,
        "NAN": np.nan,
        "NINF": -np.inf,
        "NZERO": -0.0,
        "NaN": np.nan,
        "PINF": np.inf,
        "PZERO": 0.0,
        "alltrue": np.all,
        "compat": SimpleNamespace(basestring=str),
        "msort": lambda a: np.sort(a, axis=0),
        "product": np.prod,
        "round_": np.round,
        "sometrue": np.any,
        # NumPy 1.20 to 1.26 had such placeholders itself. MXNet copies them and never calls them.
        **{name: _financial(name) for name in ("mirr", "npv", "pmt", "ppmt", "pv", "rate")},
    },
    (2, 4): {
        "in1d": lambda ar1, ar2, **kwargs: np.isin(np.ravel(ar1), ar2, **kwargs),
        "trapz": lambda *args, **kwargs: vars(np)["trapezoid"](*args, **kwargs),
    },
}


def restore_names() -> None:
    """Restore the names that this NumPy lacks and MXNet looks up while it loads."""
    for release, names in _NAMES.items():
        for name, value in names.items():
            # Not hasattr: for some of these names NumPy 1.2x would warn. NumPy 2 has a `bool` again
            # that means something else; MXNet can use it.
            missing = release <= VERSION and name not in vars(np)
            if missing:
                setattr(np, name, value)
            note(f"numpy.{name}", "NumPy {}.{}".format(*release), missing)


class _TextType(type):
    """A metaclass: the instances are those of ``str``, and a call formats a value."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, str)

    def __call__(cls, value: Any = "") -> str:
        return _format(value) if type(value) in (tuple, list) else str(value)


class Text(metaclass=_TextType):
    """``str``, except that NumPy's scalars in tuples and lists look as in NumPy 1."""


def _format(value: Any) -> str:
    if isinstance(value, np.generic):
        return repr(str(value)) if isinstance(value, str) else str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_format, value))}]"
    # A named tuple has a format of its own.
    if type(value) is tuple:
        return f"({', '.join(map(_format, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _with_plain_numbers(function: Callable) -> Callable:
    def plain(value: Any) -> Any:
        return int(value) if isinstance(value, np.integer) else value

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*map(plain, args), **{name: plain(kwargs[name]) for name in kwargs})

    return call


def accept_scalars(formatting: Iterable[ModuleType], drawing: Iterable[Any]) -> None:
    """Let modules of MXNet accept NumPy's scalars as parameters.

    MXNet passes parameters as text, and NumPy 2 prints its scalars as ``np.int64(8)``. MXNet's
    operators cannot parse a shape, axis or index with such a scalar: ``(np.int64(8), 6)``. So the
    modules that format parameters get :class:`Text` as their ``str``. The modules that draw random
    numbers compare a size with ``()``, which NumPy 2 rejects for a scalar.
    """
    needed = VERSION >= (2, 0)
    if needed:
        for module in formatting:
            vars(module)["str"] = Text
        for module in drawing:
            for name in module.__all__:
                vars(module)[name] = _with_plain_numbers(getattr(module, name))
    note("NumPy scalars as operator parameters", "NumPy 2.0", needed)


class OneElement(np.ndarray):
    """An array that converts to a number if it has one element; otherwise NumPy's own."""

    def __float__(self) -> float:
        """Return the element as a number."""
        return float(self.item()) if self.size == 1 else super().__float__()

    def __int__(self) -> int:
        """Return the element as a whole number."""
        return int(self.item()) if self.size == 1 else super().__int__()

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return a scalar instead of an array without dimensions, as a plain array does."""
        return array[()] if return_scalar else array.view(OneElement)

    def __reduce__(self) -> Any:
        """Pickle a larger array as a plain one, which needs no class of ours to be loaded."""
        return super().__reduce__() if self.size == 1 else self.view(np.ndarray).__reduce__()

    def __repr__(self) -> str:
        """Format it as a plain array."""
        return repr(self.view(np.ndarray))


def convert_arrays(ndarray: Any) -> None:
    """Let arrays of MXNet convert to a number and to an array of NumPy, as before.

    NumPy 2.4 no longer converts a one-element array of shape (1,) to a number. The book relies on
    it: MXNet's scalars have that shape, as in ``'%f' % l.mean().asnumpy()``. So ``NDArray.asnumpy``
    returns :class:`OneElement` arrays. Their slices, and the results of computing with them, have
    that class too. What NumPy copies into a plain array does not convert, since that would change
    NumPy itself: ``float(np.array(nd.ones(1).asnumpy()))``, ``np.concatenate`` and ``np.where`` of
    such arrays. Use ``.item()`` there.

    NumPy 1.24 stopped converting an NDArray itself, as in ``np.all(nd.array([5]) == 5)``: it
    indexes the array until it has too many dimensions. ``NDArray.__array__`` restores that.
    """
    needed = VERSION >= (2, 4)
    if needed:
        asnumpy = ndarray.NDArray.asnumpy

        @functools.wraps(asnumpy)
        def as_one_element(self: Any) -> np.ndarray:
            array = asnumpy(self)
            return array.view(OneElement) if array.ndim else array

        ndarray.NDArray.asnumpy = as_one_element
    note("one-element arrays as numbers", "NumPy 2.4", needed)
    needed = VERSION >= (1, 24)
    if needed:
        ndarray.NDArray.__array__ = _as_array
    note("NDArrays in NumPy's functions", "NumPy 1.24", needed)


def _as_array(self: Any, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
    if copy is False:
        raise ValueError("an NDArray cannot become a NumPy array without a copy")
    array = self.asnumpy()
    return array if dtype is None else array.astype(dtype, copy=False)


class _WithToString(np.ndarray):
    def tostring(self) -> bytes:
        return self.tobytes()


def restore_tostring(recordio: Any) -> None:
    """Let ``mxnet.recordio`` create arrays with ``tostring``, which NumPy 2.3 removed.

    MXNet packs a record of several labels with it.
    """
    needed = VERSION >= (2, 3)
    if needed:
        names = dict(vars(np))
        names["asarray"] = lambda *args, **kwargs: np.asarray(*args, **kwargs).view(_WithToString)
        recordio.np = SimpleNamespace(**names)
    note("recordio.pack with several labels", "NumPy 2.3", needed)
