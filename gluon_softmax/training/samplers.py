"""Order of the examples, and the shard of each worker of a cluster."""

from typing import Iterator, Optional

import numpy as np
from mxnet.gluon.data import Sampler

from ..interruption import end_if_asked


class SequentialSampler(Sampler):
    """Sampler of all indices, from the first to the last."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[int]:
        """Iterate over the indices of a pass, for Gluon."""
        return iter(self.indices())

    def __len__(self) -> int:
        """Return the number of indices of a pass."""
        return self._length

    def indices(self) -> np.ndarray:
        """Return the indices of a pass as one array, int64 (examples,)."""
        return np.arange(self._length)


class ShuffledSampler(SequentialSampler):
    """Sampler of all indices, in a new random order at each pass.

    The order is that of ``np.random.shuffle``, which ``gluon.data.RandomSampler`` calls, but from
    a separate generator, so that a seed gives the same batches whatever else draws numbers.
    """

    def __init__(self, length: int, seed: Optional[int]) -> None:
        super().__init__(length)
        self._random = np.random.RandomState(seed)

    def indices(self) -> np.ndarray:
        """Return the indices in a new random order."""
        indices = super().indices()
        self._random.shuffle(indices)
        return indices


class ShardSampler(Sampler):
    """One worker's shard of each batch, as indices; the shard of the last batch may be empty."""

    def __init__(self, order: SequentialSampler, batch_size: int, number: int, count: int) -> None:
        self._order = order
        self._batch_size = batch_size
        self._number, self._count = number, count

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the shard of each batch, int64 (at most batch_size / count, rounded up,)."""
        indices = self._order.indices()
        for start in range(0, len(indices), self._batch_size):
            end_if_asked()
            yield indices[start : start + self._batch_size][self._number :: self._count]

    def __len__(self) -> int:
        """Return the number of batches of a pass, including those with an empty shard."""
        return -(-len(self._order) // self._batch_size)
