"""The DataLoader factory that both versions share: the document's own feed, and a fast one."""

import contextlib
import functools
import io
import multiprocessing
import multiprocessing.pool
import multiprocessing.util
import sys
from typing import Iterator, Optional, Tuple

import numpy as np
from mxnet import Context, cpu, nd
from mxnet.gluon.data import ArrayDataset, DataLoader, Dataset, Sampler
from mxnet.gluon.data.vision import transforms

from .data import FashionMNIST, load
from .errors import UsageError, WorkerError
from .interruption import end_if_asked, held

LOADERS = ("resident", "per-sample")
# How long to wait for a batch of a worker process, in seconds; 60,000 examples take some 10.
WORKER_SECONDS = 60


def default_num_workers(platform: str = sys.platform) -> int:
    """Tell how many worker processes the document uses: none on Windows, 4 elsewhere.

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
    Part 1 of the document. Windows has no fork: each worker would import the program anew.
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
    data: Optional[FashionMNIST] = None,
    loader: str = "resident",
    num_workers: Optional[int] = None,
    ctx: Optional[Context] = None,
    seed: Optional[int] = None,
) -> Tuple[DataLoader, DataLoader]:
    """Make the mini-batch iterators of the document.

    Parameters
    ----------
    batch_size : int
        Examples in a batch; the last batch of a pass may be shorter.
    data : FashionMNIST, optional
        The data set; by default ``gluon_softmax.data.load()``.
    loader : {"resident", "per-sample"}
        ``per-sample`` is the document's feed: ``ToTensor`` on each image, in worker processes.
        ``resident`` gives the same batches from normalized images that lie on ``ctx`` as a whole.
    num_workers : int, optional
        Worker processes of ``per-sample``; by default :func:`default_num_workers`.
    ctx : mxnet.Context, optional
        Where the batches of ``resident`` lie; by default the CPU. Those of ``per-sample`` lie on
        the CPU, as the document's.
    seed : int, optional
        Seed of the shuffling, 0 to 2**32 - 1; by default a new one each time.

    Returns
    -------
    train_iter, test_iter : mxnet.gluon.data.DataLoader
        Each batch is X, float32 (batch, 1, 28, 28) in 0..1, and y, int32 (batch,). The training
        set is shuffled anew in each pass.

    Raises
    ------
    UsageError
        If there is no such feed.
    WorkerError
        While iterating over ``per-sample``, if a worker process gives no batch within
        ``WORKER_SECONDS`` or is gone.

    Notes
    -----
    Part 1 of the document; ``d2lzh.load_data_fashion_mnist`` has the same result.
    """
    if loader not in LOADERS:
        raise UsageError(f"no loader is called {loader!r}: choose {' or '.join(LOADERS)}")
    data = load() if data is None else data
    order = _Shuffled(len(data.train_labels), seed)
    if loader == "per-sample":
        workers = default_num_workers() if num_workers is None else num_workers
        mnist_train, mnist_test = fashion_mnist_datasets(data)
        to_tensor = transforms.ToTensor()
        return (
            _PerSample(mnist_train.transform_first(to_tensor), batch_size, order, workers),
            _PerSample(
                mnist_test.transform_first(to_tensor),
                batch_size,
                _InOrder(len(mnist_test)),
                workers,
            ),
        )
    train_set, test_set = _resident_datasets(data, cpu() if ctx is None else ctx)
    return (
        _iterate(train_set, batch_size, order),
        _iterate(test_set, batch_size, _InOrder(len(test_set))),
    )


@functools.lru_cache(maxsize=1)
def _resident_datasets(data: FashionMNIST, ctx: Context) -> Tuple["_Resident", "_Resident"]:
    return (
        _Resident(data.train_images, data.train_labels, ctx),
        _Resident(data.test_images, data.test_labels, ctx),
    )


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

    def __init__(self, images: np.ndarray, labels: np.ndarray, ctx: Context) -> None:
        self.ctx = ctx
        self._images = transforms.ToTensor()(nd.array(images, dtype=np.uint8, ctx=ctx))
        self._labels = nd.array(labels, dtype=np.int32, ctx=ctx)

    def __getitem__(self, indices: nd.NDArray) -> Tuple[nd.NDArray, nd.NDArray]:
        return nd.take(self._images, indices), nd.take(self._labels, indices)

    def __len__(self) -> int:
        return len(self._labels)


class _IndexArrays(Sampler):
    """One NDArray of indices a batch, in a tuple since Gluon asks for a list of samples."""

    def __init__(self, order: Sampler, batch_size: int, ctx: Context) -> None:
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


def _iterate(dataset: _Resident, batch_size: int, order: Sampler) -> DataLoader:
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
    """The document's loader, which does not wait for ever when a worker process is gone."""

    def __init__(self, dataset: Dataset, batch_size: int, order: Sampler, workers: int) -> None:
        with held():
            super().__init__(
                dataset, batch_size, sampler=order, num_workers=workers, timeout=WORKER_SECONDS
            )
            if self._worker_pool:
                # For each worker that is gone, a thread of the pool's would fork another, which
                # MXNet does not survive while it computes: so it is shown none that is gone. As
                # that thread runs already, the list keeps its length.
                processes = self._worker_pool._pool[:]
                self._worker_pool._pool[:] = [_NeverGone()] * workers
                # The pool's own way to end takes locks that a killed worker never lets go.
                self._worker_pool._terminate.cancel()
                self._end = multiprocessing.util.Finalize(
                    self, _kill_workers, [self._worker_pool, processes], exitpriority=20
                )

    def __iter__(self) -> Iterator:
        batches = super().__iter__()
        while True:
            end_if_asked()
            try:
                # MXNet prints its advice before it raises.
                with contextlib.redirect_stdout(io.StringIO()):
                    batch = next(batches)
            except StopIteration:
                return
            except (multiprocessing.TimeoutError, OSError, EOFError) as error:
                # The last two where a worker dies between announcing a batch and handing it over.
                raise WorkerError(
                    f"a worker process gave no batch within {WORKER_SECONDS} s or is gone: it was "
                    "killed, or /dev/shm is too small; --num-workers 0 or --loader resident does "
                    "without"
                ) from error
            yield batch


class _NeverGone:
    """What a pool is shown in place of a worker process."""

    exitcode = None


def _kill_workers(pool: multiprocessing.pool.Pool, processes: list) -> None:
    """End a pool's threads, and its processes, which have nothing to lose."""
    for thread in (pool._worker_handler, pool._task_handler, pool._result_handler):
        thread._state = multiprocessing.pool.TERMINATE
    pool._taskqueue.put(None)
    pool._change_notifier.put(None)
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
