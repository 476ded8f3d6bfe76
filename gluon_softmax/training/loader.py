"""The tutorial's data loader and a fast one, shared by both implementations."""

import sys
from typing import Iterable, Optional, Sequence, Tuple, Union

import numpy as np
from mxnet import Context, cpu

from ..data.fashion_mnist import FashionMNIST
from ..data.load import load_chosen
from ..errors import DataError, UsageError
from .per_sample import per_sample, per_sample_shards
from .resident import resident, resident_shards
from .samplers import SequentialSampler, ShardSampler, ShuffledSampler

LOADERS = ("resident", "per-sample")


def default_num_workers(platform: str = sys.platform) -> int:
    """Return the tutorial's number of worker processes: 0 on Windows, 4 elsewhere.

    Parameters
    ----------
    platform : str
        Value of ``sys.platform``.

    Returns
    -------
    int
        0 or 4.

    Notes
    -----
    From part 1 of the tutorial. Windows has no fork: each worker imports the program again.
    """
    return 0 if platform.startswith("win") else 4


def load_data_fashion_mnist(
    batch_size: int,
    resize: Union[int, Tuple[int, int], None] = None,
    root: Optional[str] = None,
    data: Optional[FashionMNIST] = None,
    loader: str = "resident",
    num_workers: Optional[int] = None,
    ctx: Union[Context, Sequence[Context], None] = None,
    seed: Optional[int] = None,
    shard: Optional[Tuple[int, int]] = None,
) -> Tuple[Iterable, Iterable]:
    """Return the data loaders of the training set and the test set.

    Parameters
    ----------
    batch_size : int
        Examples in a batch; the last batch of a pass may be smaller.
    resize : int or tuple of int, optional
        Side length, or width and height, in pixels, to which MXNet's ``Resize`` scales each image.
    root : str, optional
        Folder with the data, for :func:`gluon_softmax.data.load.load_chosen`.
    data : FashionMNIST, optional
        The data set; by default the result of that function.
    loader : {"resident", "per-sample"}
        ``per-sample`` works as in the tutorial: ``ToTensor`` on each image, in worker processes.
        ``resident`` keeps all normalized images on ``ctx``, and gives the same batches.
    num_workers : int, optional
        Worker processes of ``per-sample``; by default :func:`default_num_workers`. ``resident``
        needs none.
    ctx : mxnet.Context or sequence of these, optional
        Context of the batches; by default the CPU.
    seed : int, optional
        Seed of the shuffling, 0 to 2**32 - 1; by default a new one each time.
    shard : tuple of int, optional
        (rank, num_workers): the worker gets every num_workers-th example of each batch, starting
        at its rank. All workers must use the same seed.

    Returns
    -------
    train_iter, test_iter : mxnet.gluon.data.DataLoader
        Each batch is X, float32 in 0..1, (batch, 1, 28, 28) unless resized, and y, int32 (batch,).
        The training set is shuffled in each pass. With ``shard`` or a sequence of contexts, X and y
        are lists with one array per device, without the devices that have no example.

    Raises
    ------
    UsageError
        If the loader is unknown, a number is out of range, or there are more workers or devices
        than examples.
    DataError
        If the data set cannot be loaded, or the numbers of images and labels differ.
    WorkerError
        While iterating over ``per-sample``, if a worker process ends or makes no progress.

    Notes
    -----
    From part 1 of the tutorial. ``d2lzh.load_data_fashion_mnist`` has the same first three
    parameters and the same result, so ``d2l.load_data_fashion_mnist = load_data_fashion_mnist``
    speeds up a reader's own loop.
    """
    if loader not in LOADERS:
        raise UsageError(f"unknown loader {loader!r}: choose {' or '.join(LOADERS)}")
    workers = default_num_workers() if num_workers is None else num_workers
    numbers = [("batch_size", batch_size, 1), ("num_workers", workers, 0)]
    # As in d2lzh, 0 means no resizing.
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
            raise DataError(f"{len(images)} {part} images but {len(labels)} labels")
    ctx = cpu() if ctx is None else ctx
    orders = ShuffledSampler(len(data.train_labels), seed), SequentialSampler(len(data.test_labels))
    if shard is None and isinstance(ctx, Context):
        if loader == "resident":
            return resident(data, orders, batch_size, sizes, ctx)
        return per_sample(data, orders, batch_size, sizes, ctx, workers)
    ctxs = (ctx,) if isinstance(ctx, Context) else tuple(ctx)
    number, count = shard or (0, 1)
    fewest = min(map(len, orders))
    if count > min(batch_size, fewest):
        raise UsageError(
            f"{count} workers are too many for batches of {min(batch_size, fewest)} examples"
        )
    if len(ctxs) > fewest:
        raise UsageError(f"{len(ctxs)} devices are too many for {fewest} examples")
    shards = [ShardSampler(order, batch_size, number, count) for order in orders]
    if loader == "resident":
        return resident_shards(data, shards, sizes, ctxs)
    return per_sample_shards(data, shards, sizes, ctxs, workers)
