"""NumPy 2.4 no longer converts a one-element array of shape (1,) to a number.

The book relies on it: MXNet's scalars have that shape, as in ``'%f' % l.mean().asnumpy()``. So
``NDArray.asnumpy`` returns arrays of a subclass that still converts, and so do their slices and the
results of computing with them. What NumPy copies into a plain array does not convert, since that
would change NumPy itself: ``float(np.array(nd.ones(1).asnumpy()))``, ``np.concatenate`` and
``np.where`` of such arrays. Use ``.item()`` there.

NumPy 1.24 also stopped converting an NDArray itself, as in ``np.all(nd.array([5]) == 5)``: it
indexes the array until it has too many dimensions. ``NDArray.__array__`` restores that.
"""

import functools
from typing import Any, Optional

import numpy as np

from .numpy import VERSION
from .registry import note


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

    def __str__(self) -> str:
        """Format it as a plain array."""
        return str(self.view(np.ndarray))


def patch(ndarray: Any) -> None:
    """Let ``NDArray.asnumpy`` return such arrays, and let NumPy convert an NDArray.

    Parameters
    ----------
    ndarray : module
        ``mxnet.ndarray``.
    """
    needed = VERSION >= (2, 4)
    if needed:
        asnumpy = ndarray.NDArray.asnumpy

        @functools.wraps(asnumpy)
        def with_numbers(self: Any) -> np.ndarray:
            array = asnumpy(self)
            return array.view(OneElement) if array.ndim else array

        ndarray.NDArray.asnumpy = with_numbers
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
