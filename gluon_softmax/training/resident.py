"""The fast data loader: normalized images stay on the device, and batches are indexed from them."""

import functools
from typing import Iterable, Iterator, List, Sequence, Tuple

import numpy as np
from mxnet import Context, nd
from mxnet.gluon.data import DataLoader, Dataset, Sampler

from ..data.fashion_mnist import FashionMNIST
from ..interruption import end_if_asked
from .per_sample import Lists, transform
from .samplers import SequentialSampler, ShardSampler


def resident(
    data: FashionMNIST,
    orders: Sequence[SequentialSampler],
    batch_size: int,
    sizes: Tuple[int, ...],
    ctx: Context,
) -> Tuple[DataLoader, DataLoader]:
    """Return the data loaders of training and test set, each in its order."""
    train_iter, test_iter = (
        DataLoader(
            part,
            batch_sampler=_IndexArrays(order, batch_size, ctx),
            batchify_fn=lambda batches: batches[0],
        )
        for part, order in zip(_datasets(data, ctx, sizes), orders)
    )
    return train_iter, test_iter


def resident_shards(
    data: FashionMNIST,
    shards: Sequence[ShardSampler],
    sizes: Tuple[int, ...],
    ctxs: Tuple[Context, ...],
) -> Tuple[Iterable, Iterable]:
    """Return the data loaders of a worker's shard of each batch, split over devices."""
    train_iter, test_iter = (
        _ResidentShards(*part, ctxs, sizes, of) for part, of in zip(_parts(data), shards)
    )
    return train_iter, test_iter


def _parts(data: FashionMNIST) -> List[Tuple[np.ndarray, np.ndarray]]:
    return [(data.train_images, data.train_labels), (data.test_images, data.test_labels)]


@functools.lru_cache(maxsize=1)
def _datasets(data: FashionMNIST, ctx: Context, sizes: Tuple[int, ...]) -> List["_Resident"]:
    return [_Resident(*part, ctx, sizes) for part in _parts(data)]


class _Resident(Dataset):
    """Normalized images and labels on one context; indexing by an array returns a batch."""

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, ctx: Context, sizes: Tuple[int, ...]
    ) -> None:
        self.ctx = ctx
        self._images = nd.array(images, dtype=np.uint8, ctx=ctx)
        self._labels = nd.array(labels, dtype=np.int32, ctx=ctx)
        # Normalized all at once, but resized batch by batch: 60,000 images of 224x224 are 12 GB.
        self._transform = transform(sizes)
        if not sizes:
            self._images, self._transform = self._transform(self._images), None

    def __getitem__(self, indices: nd.NDArray) -> Tuple[nd.NDArray, nd.NDArray]:
        images = nd.take(self._images, indices)
        if self._transform is not None:
            images = self._transform(images)
        return images, nd.take(self._labels, indices)

    def __len__(self) -> int:
        return len(self._labels)


class _IndexArrays(Sampler):
    """Each batch's indices as one NDArray, in a tuple because DataLoader expects a list."""

    def __init__(self, order: SequentialSampler, batch_size: int, ctx: Context) -> None:
        self._order = order
        self._batch_size = batch_size
        self._ctx = ctx

    def __iter__(self) -> Iterator[Tuple[nd.NDArray]]:
        indices = nd.array(self._order.indices(), dtype=np.int32, ctx=self._ctx)
        for start in range(0, len(indices), self._batch_size):
            end_if_asked()
            yield (indices[start : start + self._batch_size],)

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch_size)


class _ResidentShards:
    """Images striped over the devices; each serves the examples of a batch that it stores."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        ctxs: Tuple[Context, ...],
        sizes: Tuple[int, ...],
        shards: ShardSampler,
    ) -> None:
        self._datasets = [
            _Resident(images[first :: len(ctxs)], labels[first :: len(ctxs)], ctx, sizes)
            for first, ctx in enumerate(ctxs)
        ]
        self._shards = shards

    def __iter__(self) -> Iterator[Lists]:
        count = len(self._datasets)
        for indices in self._shards:
            lists: Lists = [], []
            for first, dataset in enumerate(self._datasets):
                there = indices[indices % count == first] // count
                if len(there):
                    X, y = dataset[nd.array(there, dtype=np.int32, ctx=dataset.ctx)]
                    lists[0].append(X)
                    lists[1].append(y)
            yield lists

    def __len__(self) -> int:
        return len(self._shards)
