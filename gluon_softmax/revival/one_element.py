"""NumPy 2.4 no longer takes an array of shape (1,) for a number, as which the book prints it.

MXNet's scalars have that shape: ``'%f' % l.mean().asnumpy()``.
"""

import functools
from typing import Any

import numpy as np

from .mend import note
from .numpy import VERSION


class OneElement(np.ndarray):
    """An array that turns into a number where it has but one element; else NumPy's own."""

    def __float__(self) -> float:
        """Turn into a number, if it has one."""
        return float(self.item()) if self.size == 1 else super().__float__()

    def __int__(self) -> int:
        """Turn into a whole number, if it has one."""
        return int(self.item()) if self.size == 1 else super().__int__()

    def __repr__(self) -> str:
        """As any array."""
        return repr(self.view(np.ndarray))

    def __str__(self) -> str:
        """As any array."""
        return str(self.view(np.ndarray))


def mend(ndarray: Any) -> None:
    """Let ``NDArray.asnumpy`` give such arrays.

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
            return array.view(OneElement) if array.size == 1 and array.ndim else array

        ndarray.NDArray.asnumpy = with_numbers
    note("arrays of one element as numbers", "NumPy 2.4", needed)
