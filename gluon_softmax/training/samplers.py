"""Order of the examples in each batch, and the shard of each worker of a cluster."""

from typing import Any, Iterator, Optional, Tuple

import numpy as np
from mxnet.gluon.data import Sampler


def last_batch_size(length: int, batch_size: int) -> int:
    """Return the number of examples in the last batch of a pass over ``length`` examples."""
    return length % batch_size or batch_size


class ShardedBatchSampler(Sampler):
    """Sampler of the indices of each batch, or of one rank's shard of each batch.

    ``random`` shuffles the examples before each pass. The order is that of
    ``gluon.data.RandomSampler``, which calls ``np.random.shuffle``, but from a separate generator:
    a seed gives the same batches, independent of other random numbers. A shard, (rank,
    num_workers), is every num_workers-th example of each batch, starting at the rank.
    """

    def __init__(
        self,
        length: int,
        batch_size: int,
        random: Optional[np.random.RandomState] = None,
        shard: Tuple[int, int] = (0, 1),
    ) -> None:
        self._length, self._batch_size = length, batch_size
        self._random = random
        self._rank, self._num_workers = shard

    def __iter__(self) -> Iterator[np.ndarray]:
        """Yield the indices of each batch of a pass."""
        return self.split(self.indices())

    def __len__(self) -> int:
        """Return the number of batches of a pass."""
        return -(-self._length // self._batch_size)

    def indices(self) -> np.ndarray:
        """Return the indices of a new pass as one array, int64 (examples,)."""
        indices = np.arange(self._length)
        of_rank = indices % self._batch_size % self._num_workers == self._rank
        if self._random is not None:
            self._random.shuffle(indices)
        return indices[of_rank]

    def split(self, indices: Any) -> Iterator[Any]:
        """Split the indices of a pass, an array of NumPy's or MXNet's, into batches."""
        size = len(range(self._rank, self._batch_size, self._num_workers))
        for start in range(0, len(indices), size):
            yield indices[start : start + size]
