"""Sums over an epoch: losses, correct predictions, and predictions of each class."""

from typing import List, Tuple, Union

import numpy as np
from mxnet import nd

# Largest number of batches whose outputs stay on the device; at batch size 1 an epoch has 60,000.
KEPT = 1000

Kept = Tuple[nd.NDArray, nd.NDArray, nd.NDArray]


class DeferredSums:
    """Collect outputs and reduce many batches at once: reducing each costs more than its gradients.

    For batches of equal type that are not modified later.
    """

    def __init__(self) -> None:
        self._sums: Union[np.ndarray, float] = 0.0
        self._kept: List[Kept] = []

    def add(self, l: nd.NDArray, y_hat: nd.NDArray, y: nd.NDArray) -> None:
        """Add a batch: losses, (batch,), outputs, (batch, 10), and labels, (batch,)."""
        self._kept.append(self._to_keep(l, y_hat, y))
        if len(self._kept) == KEPT:
            self.sums()

    def sums(self) -> np.ndarray:
        """Wait for MXNet; return the sums of losses, correct predictions, and each class predicted.

        The shape is (2 + classes,), in float64; without any batch, it is a single 0.
        """
        if self._kept:
            self._sums = self._sums + self._reduced()
            self._kept.clear()
        return np.asarray(self._sums)

    def _to_keep(self, l: nd.NDArray, y_hat: nd.NDArray, y: nd.NDArray) -> Kept:
        """Return what to keep of a batch until it is waited for."""
        return l, y_hat, y

    def _reduced(self) -> np.ndarray:
        """Return the sums of the kept batches."""
        losses, outputs, labels = (
            nd.concat(*arrays, dim=0).asnumpy() for arrays in zip(*self._kept)
        )
        predicted = outputs.argmax(axis=1)
        of_class = np.bincount(predicted, minlength=outputs.shape[1])
        return np.array([losses.sum(dtype=np.float64), (predicted == labels).sum(), *of_class])


class ImmediateSums(DeferredSums):
    """Reduce each batch at once, as d2lzh does: for any shape, and for batches modified later."""

    def _to_keep(self, l: nd.NDArray, y_hat: nd.NDArray, y: nd.NDArray) -> Kept:
        predicted = y_hat.argmax(axis=1)
        right = predicted == y.astype("float32")
        of_class = nd.one_hot(predicted.reshape(-1), y_hat.shape[1]).sum(axis=0)
        return l.sum(), right.sum(), of_class

    def _reduced(self) -> np.ndarray:
        rows = [np.concatenate([array.asnumpy().ravel() for array in kept]) for kept in self._kept]
        return np.add.reduce(rows, dtype=np.float64)
