"""The tutorial's data loader: converts image by image, in worker processes."""

from typing import Any, Iterable, Iterator, List, Sequence, Tuple

import numpy as np
from mxnet import Context, cpu, nd
from mxnet.gluon.data import ArrayDataset, BatchSampler, DataLoader, Dataset, Sampler
from mxnet.gluon.data.vision import transforms
from mxnet.gluon.utils import split_and_load

from ..data.fashion_mnist import FashionMNIST
from ..interruption import end_if_asked
from .loader_workers import Workers
from .samplers import SequentialSampler, ShardSampler

# A batch's images and labels, split over several devices.
Lists = Tuple[List[nd.NDArray], List[nd.NDArray]]


def per_sample(
    data: FashionMNIST,
    orders: Sequence[SequentialSampler],
    batch_size: int,
    sizes: Tuple[int, ...],
    ctx: Context,
    workers: int,
) -> Tuple[DataLoader, DataLoader]:
    """Return the data loaders of training and test set, each in its order."""
    train_iter, test_iter = (
        _PerSample(part, BatchSampler(order, batch_size, "keep"), workers, ctx)
        for part, order in zip(_transformed(data, sizes), orders)
    )
    return train_iter, test_iter


def per_sample_shards(
    data: FashionMNIST,
    shards: Sequence[ShardSampler],
    sizes: Tuple[int, ...],
    ctxs: Tuple[Context, ...],
    workers: int,
) -> Tuple[Iterable, Iterable]:
    """Return the data loaders of a worker's shard of each batch, split over devices."""
    train_iter, test_iter = (
        _PerSampleShares(part, of, workers, ctxs)
        for part, of in zip(_transformed(data, sizes), shards)
    )
    return train_iter, test_iter


def fashion_mnist_datasets(data: FashionMNIST) -> Tuple[ArrayDataset, ArrayDataset]:
    """Return the arrays as Gluon data sets that behave like ``gluon.data.vision.FashionMNIST``.

    Parameters
    ----------
    data : FashionMNIST
        The arrays.

    Returns
    -------
    mnist_train, mnist_test : mxnet.gluon.data.ArrayDataset
        Each sample is an image, (28, 28, 1) uint8 NDArray, and its label, int32.
    """
    return (
        _Samples(data.train_images, data.train_labels),
        _Samples(data.test_images, data.test_labels),
    )


def transform(sizes: Tuple[int, ...]) -> Any:
    """Return the transform of one or more images from uint8 in 0..255 to float32 in 0..1.

    Parameters
    ----------
    sizes : tuple of int
        Side length, or width and height, in pixels, to resize to; empty to keep the size.

    Returns
    -------
    mxnet.gluon.Block
        MXNet's ``ToTensor``, preceded by its ``Resize`` if there is a size.
    """
    if not sizes:
        return transforms.ToTensor()
    return transforms.Compose([transforms.Resize(sizes), transforms.ToTensor()])


def _transformed(data: FashionMNIST, sizes: Tuple[int, ...]) -> List[Dataset]:
    to_tensor = transform(sizes)
    return [dataset.transform_first(to_tensor) for dataset in fashion_mnist_datasets(data)]


class _Samples(ArrayDataset):
    """Data set of images and labels."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(nd.array(images, dtype=np.uint8), labels)

    def __reduce__(self) -> tuple:
        # For worker processes that are not forked: MXNet passes the images by a file descriptor,
        # which fails on Python 3.9.
        images, labels = self._data
        return _Samples, (images.asnumpy(), labels)


class _PerSample(DataLoader):
    """The tutorial's data loader with our worker processes, since MXNet's can hang."""

    def __init__(self, dataset: Dataset, batches: Sampler, num_workers: int, ctx: Context) -> None:
        super().__init__(dataset, batch_sampler=batches)
        self.num_workers = num_workers
        self._ctx = ctx
        self._workers = Workers(dataset, num_workers) if num_workers else None

    def __iter__(self) -> Iterator[Tuple[nd.NDArray, nd.NDArray]]:
        if self._workers is None:
            batches = super().__iter__()
        else:
            batches = self._workers.batches(self._batch_sampler)
        for X, y in batches:
            end_if_asked()
            yield X.as_in_context(self._ctx), y.as_in_context(self._ctx)


class _PerSampleShares:
    """The tutorial's data loader for a worker's shard, split over devices as in the book."""

    def __init__(
        self, dataset: Dataset, shards: ShardSampler, num_workers: int, ctxs: Tuple[Context, ...]
    ) -> None:
        self._batches = _PerSample(dataset, _Filled(shards), num_workers, cpu())
        self._shards = shards
        self._ctxs = ctxs

    def __iter__(self) -> Iterator[Lists]:
        batches = 0
        for X, y in self._batches:
            batches += 1
            ctxs = self._ctxs[: len(y)]
            yield (
                split_and_load(X, ctxs, even_split=False),
                split_and_load(y, ctxs, even_split=False),
            )
        if batches < len(self._shards):
            yield [], []

    def __len__(self) -> int:
        return len(self._shards)


class _Filled(Sampler):
    """The shards that are not empty, as the lists that Gluon expects."""

    def __init__(self, shards: ShardSampler) -> None:
        self._of = shards

    def __iter__(self) -> Iterator[List[int]]:
        return (list(share) for share in self._of if len(share))

    def __len__(self) -> int:
        return len(self._of)
