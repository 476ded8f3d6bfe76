"""In which order the examples come, and which of them a worker of a cluster gets."""

from typing import Iterator, Optional

import numpy as np
from mxnet.gluon.data import Sampler

from ..interruption import end_if_asked


class InOrder(Sampler):
    """All indices from the first to the last."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[int]:
        """Give the indices of a pass one by one, as Gluon asks for them."""
        return iter(self.indices())

    def __len__(self) -> int:
        """Count the indices of a pass."""
        return self._length

    def indices(self) -> np.ndarray:
        """Give the indices of a pass at once, int64 (examples,)."""
        return np.arange(self._length)


class Shuffled(InOrder):
    """All indices in a new random order at each pass.

    The order is that of ``np.random.shuffle``, which ``gluon.data.RandomSampler`` calls, but from
    a generator of its own, so that a seed gives the same batches whatever else draws numbers.
    """

    def __init__(self, length: int, seed: Optional[int]) -> None:
        super().__init__(length)
        self._random = np.random.RandomState(seed)

    def indices(self) -> np.ndarray:
        """Give the indices of a pass, in an order that no pass before had."""
        indices = super().indices()
        self._random.shuffle(indices)
        return indices


class Shares(Sampler):
    """Indices of one worker's share of each batch; of the last there may be nothing for it."""

    def __init__(self, order: InOrder, batch_size: int, number: int, count: int) -> None:
        self._order = order
        self._batch_size = batch_size
        self._number, self._count = number, count

    def __iter__(self) -> Iterator[np.ndarray]:
        """Give the share of each batch, int64 (at most batch_size / count, rounded up,)."""
        indices = self._order.indices()
        for start in range(0, len(indices), self._batch_size):
            end_if_asked()
            yield indices[start : start + self._batch_size][self._number :: self._count]

    def __len__(self) -> int:
        """Count the batches of a pass, also those of which there is nothing for this worker."""
        return -(-len(self._order) // self._batch_size)
