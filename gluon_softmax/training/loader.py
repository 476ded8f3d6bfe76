"""The DataLoader factory that both versions share: the tutorial's own feed, and a fast one."""

import functools
import sys
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np
from mxnet import Context, cpu, nd
from mxnet.gluon.data import ArrayDataset, BatchSampler, DataLoader, Dataset, Sampler
from mxnet.gluon.data.vision import transforms
from mxnet.gluon.utils import split_and_load

from ..data.fashion_mnist import FashionMNIST
from ..data.load import load_chosen
from ..errors import DataError, UsageError
from ..interruption import end_if_asked
from .workers import Workers

LOADERS = ("resident", "per-sample")


def default_num_workers(platform: str = sys.platform) -> int:
    """Tell how many worker processes the tutorial uses: none on Windows, 4 elsewhere.

    Parameters
    ----------
    platform : str
        As ``sys.platform``.

    Returns
    -------
    int
        0 or 4.

    Notes
    -----
    Part 1 of the tutorial. Windows has no fork: each worker would import the program anew.
    """
    return 0 if platform.startswith("win") else 4


def fashion_mnist_datasets(data: FashionMNIST) -> Tuple[ArrayDataset, ArrayDataset]:
    """Wrap the arrays as Gluon data sets that behave as ``gluon.data.vision.FashionMNIST``.

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


def load_data_fashion_mnist(
    batch_size: int,
    resize: Union[int, Tuple[int, int], None] = None,
    root: Optional[str] = None,
    data: Optional[FashionMNIST] = None,
    loader: str = "resident",
    num_workers: Optional[int] = None,
    ctx: Union[Context, Sequence[Context], None] = None,
    seed: Optional[int] = None,
    share: Optional[Tuple[int, int]] = None,
) -> Tuple[Iterable, Iterable]:
    """Make the mini-batch iterators of the tutorial.

    Parameters
    ----------
    batch_size : int
        Examples in a batch; the last batch of a pass may be shorter.
    resize : int or tuple of int, optional
        Pixels of a side, or width and height, to which each image is scaled, by MXNet's own
        ``Resize``.
    root : str, optional
        A folder, as of :func:`gluon_softmax.data.load.load_chosen`.
    data : FashionMNIST, optional
        The data set; by default what that function gives.
    loader : {"resident", "per-sample"}
        ``per-sample`` is the tutorial's feed: ``ToTensor`` on each image, in worker processes.
        ``resident`` gives the same batches from normalized images that lie on ``ctx`` as a whole.
    num_workers : int, optional
        Worker processes of ``per-sample``; by default :func:`default_num_workers`.
    ctx : mxnet.Context or sequence of these, optional
        Where the batches lie; by default the CPU.
    seed : int, optional
        Seed of the shuffling, 0 to 2**32 - 1; by default a new one each time.
    share : tuple of int, optional
        Number of a worker, from 0 on, and how many there are: of each batch, of the same seed's,
        it gets every so many-th example.

    Returns
    -------
    train_iter, test_iter : mxnet.gluon.data.DataLoader
        Each batch is X, float32 (batch, 1, 28, 28), or of that other size, in 0..1, and y, int32
        (batch,). The training set is shuffled anew in each pass. With a share, or a sequence of
        contexts, X and y are lists of what lies on each device, without those that get nothing.

    Raises
    ------
    UsageError
        If there is no such feed, or a number is none that can be, or there are more workers than
        examples for them.
    DataError
        If the data set cannot be had, or its images and labels do not pair.
    WorkerError
        While iterating over ``per-sample``, if a worker process is gone or gives no batch.

    Notes
    -----
    Part 1 of the tutorial. ``d2lzh.load_data_fashion_mnist`` has the same first three parameters
    and the same result, so that ``d2l.load_data_fashion_mnist = load_data_fashion_mnist`` makes a
    reader's own loop fast.
    """
    if loader not in LOADERS:
        raise UsageError(f"no loader is called {loader!r}: choose {' or '.join(LOADERS)}")
    workers = default_num_workers() if num_workers is None else num_workers
    numbers = [("batch_size", batch_size, 1), ("num_workers", workers, 0)]
    # As d2lzh, which takes 0 for no other size.
    sizes = () if not resize else resize if isinstance(resize, tuple) else (resize,)
    for name, value, least in numbers + [("resize", size, 1) for size in sizes]:
        if not isinstance(value, (int, np.integer)) or value < least:
            raise UsageError(f"{name} {value!r}: choose a whole number, at least {least}")
    data = load_chosen(root) if data is None else data
    for part, images, labels in (
        ("training", data.train_images, data.train_labels),
        ("test", data.test_images, data.test_labels),
    ):
        if len(images) != len(labels):
            raise DataError(f"{len(images)} {part} images and {len(labels)} labels do not pair")
    ctx = cpu() if ctx is None else ctx
    orders = _Shuffled(len(data.train_labels), seed), _InOrder(len(data.test_labels))
    if share is not None or not isinstance(ctx, Context):
        ctxs = (ctx,) if isinstance(ctx, Context) else tuple(ctx)
        number, count = share or (0, 1)
        fewest = min(map(len, orders))
        if count > min(batch_size, fewest):
            raise UsageError(
                f"{count} workers are too many for batches of {min(batch_size, fewest)} examples"
            )
        if len(ctxs) > fewest:
            raise UsageError(f"{len(ctxs)} devices are too many for {fewest} examples")
        shares = [_Shares(order, batch_size, number, count) for order in orders]
        return _shared(data, loader, workers, sizes, ctxs, shares)
    if loader == "resident":
        train_iter, test_iter = (
            _resident(dataset, batch_size, order)
            for dataset, order in zip(_resident_datasets(data, ctx, sizes), orders)
        )
    else:
        transform = _transform(sizes)
        train_iter, test_iter = (
            _PerSample(
                dataset.transform_first(transform),
                BatchSampler(order, batch_size, "keep"),
                workers,
                ctx,
            )
            for dataset, order in zip(fashion_mnist_datasets(data), orders)
        )
    return train_iter, test_iter


class _InOrder(Sampler):
    """All indices from the first to the last."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices())

    def __len__(self) -> int:
        return self._length

    def indices(self) -> np.ndarray:
        return np.arange(self._length)


class _Shuffled(_InOrder):
    """All indices in a new random order at each pass.

    The order is that of ``np.random.shuffle``, which ``gluon.data.RandomSampler`` calls, but from
    a generator of its own, so that a seed gives the same batches whatever else draws numbers.
    """

    def __init__(self, length: int, seed: Optional[int]) -> None:
        super().__init__(length)
        self._random = np.random.RandomState(seed)

    def indices(self) -> np.ndarray:
        indices = super().indices()
        self._random.shuffle(indices)
        return indices


class _Resident(Dataset):
    """Normalized images and labels that lie on one context; an index array gives a batch."""

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, ctx: Context, sizes: Tuple[int, ...]
    ) -> None:
        self.ctx = ctx
        self._images = nd.array(images, dtype=np.uint8, ctx=ctx)
        self._labels = nd.array(labels, dtype=np.int32, ctx=ctx)
        # All at once; but scaled only batch by batch, since 60,000 of 224 pixels a side take 12 GB.
        self._transform = _transform(sizes)
        if not sizes:
            self._images, self._transform = self._transform(self._images), None

    def __getitem__(self, indices: nd.NDArray) -> Tuple[nd.NDArray, nd.NDArray]:
        images = nd.take(self._images, indices)
        if self._transform is not None:
            images = self._transform(images)
        return images, nd.take(self._labels, indices)

    def __len__(self) -> int:
        return len(self._labels)


def _transform(sizes: Tuple[int, ...]) -> Any:
    if not sizes:
        return transforms.ToTensor()
    size = sizes[0] if len(sizes) == 1 else sizes
    return transforms.Compose([transforms.Resize(size), transforms.ToTensor()])


@functools.lru_cache(maxsize=1)
def _resident_datasets(
    data: FashionMNIST, ctx: Context, sizes: Tuple[int, ...] = ()
) -> Tuple[_Resident, _Resident]:
    return (
        _Resident(data.train_images, data.train_labels, ctx, sizes),
        _Resident(data.test_images, data.test_labels, ctx, sizes),
    )


class _IndexArrays(Sampler):
    """One NDArray of indices a batch, in a tuple since Gluon asks for a list of samples."""

    def __init__(self, order: _InOrder, batch_size: int, ctx: Context) -> None:
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


def _resident(dataset: _Resident, batch_size: int, order: _InOrder) -> DataLoader:
    return DataLoader(
        dataset,
        batch_sampler=_IndexArrays(order, batch_size, dataset.ctx),
        batchify_fn=lambda batches: batches[0],
    )


class _Samples(ArrayDataset):
    """Images and labels, by the sample."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(nd.array(images, dtype=np.uint8), labels)

    def __reduce__(self) -> tuple:
        # For a worker process that is not forked: MXNet would hand the images over by a file
        # descriptor, which fails on Python 3.9.
        images, labels = self._data
        return _Samples, (images.asnumpy(), labels)


class _PerSample(DataLoader):
    """The tutorial's loader; its worker processes are ours, since MXNet's may wait for ever."""

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


def _shared(
    data: FashionMNIST,
    loader: str,
    workers: int,
    sizes: Tuple[int, ...],
    ctxs: Tuple[Context, ...],
    shares: Sequence["_Shares"],
) -> Tuple[Iterable, Iterable]:
    if loader == "resident":
        parts = (data.train_images, data.train_labels), (data.test_images, data.test_labels)
        resident = [_ResidentShares(*part, ctxs, sizes, of) for part, of in zip(parts, shares)]
        return resident[0], resident[1]
    transform = _transform(sizes)
    datasets = [dataset.transform_first(transform) for dataset in fashion_mnist_datasets(data)]
    per_sample = [_PerSampleShares(part, of, workers, ctxs) for part, of in zip(datasets, shares)]
    return per_sample[0], per_sample[1]


class _Shares(Sampler):
    """Indices of one worker's share of each batch; of the last there may be nothing for it."""

    def __init__(self, order: _InOrder, batch_size: int, number: int, count: int) -> None:
        self._order = order
        self._batch_size = batch_size
        self._number, self._count = number, count

    def __iter__(self) -> Iterator[np.ndarray]:
        indices = self._order.indices()
        for start in range(0, len(indices), self._batch_size):
            end_if_asked()
            yield indices[start : start + self._batch_size][self._number :: self._count]

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch_size)


Lists = Tuple[List[nd.NDArray], List[nd.NDArray]]


class _ResidentShares:
    """Every so many-th image lies on each device, which gets those of a batch that it has."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        ctxs: Tuple[Context, ...],
        sizes: Tuple[int, ...],
        shares: _Shares,
    ) -> None:
        self._datasets = [
            _Resident(images[first :: len(ctxs)], labels[first :: len(ctxs)], ctx, sizes)
            for first, ctx in enumerate(ctxs)
        ]
        self._shares = shares

    def __iter__(self) -> Iterator[Lists]:
        count = len(self._datasets)
        for indices in self._shares:
            lists: Lists = [], []
            for first, dataset in enumerate(self._datasets):
                there = indices[indices % count == first] // count
                if len(there):
                    X, y = dataset[nd.array(there, dtype=np.int32, ctx=dataset.ctx)]
                    lists[0].append(X)
                    lists[1].append(y)
            yield lists

    def __len__(self) -> int:
        return len(self._shares)


class _PerSampleShares:
    """The tutorial's loader of a worker's share, split over devices as the book does."""

    def __init__(
        self, dataset: Dataset, shares: _Shares, num_workers: int, ctxs: Tuple[Context, ...]
    ) -> None:
        self._batches = _PerSample(dataset, _Filled(shares), num_workers, cpu())
        self._shares = shares
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
        if batches < len(self._shares):
            yield [], []

    def __len__(self) -> int:
        return len(self._shares)


class _Filled(Sampler):
    """The shares in which there is something, as lists, of which Gluon makes batches."""

    def __init__(self, shares: _Shares) -> None:
        self._of = shares

    def __iter__(self) -> Iterator[List[int]]:
        return (list(share) for share in self._of if len(share))

    def __len__(self) -> int:
        return len(self._of)
