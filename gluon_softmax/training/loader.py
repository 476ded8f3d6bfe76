"""The DataLoader factory that both versions share: the tutorial's own feed, and a fast one."""

import sys
from typing import Iterable, Optional, Sequence, Tuple, Union

import numpy as np
from mxnet import Context, cpu

from ..data.fashion_mnist import FashionMNIST
from ..data.load import load_chosen
from ..errors import DataError, UsageError
from .order import InOrder, Shares, Shuffled
from .per_sample import per_sample, per_sample_shares
from .resident import resident, resident_shares

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
    orders = Shuffled(len(data.train_labels), seed), InOrder(len(data.test_labels))
    if share is None and isinstance(ctx, Context):
        if loader == "resident":
            return resident(data, orders, batch_size, sizes, ctx)
        return per_sample(data, orders, batch_size, sizes, ctx, workers)
    ctxs = (ctx,) if isinstance(ctx, Context) else tuple(ctx)
    number, count = share or (0, 1)
    fewest = min(map(len, orders))
    if count > min(batch_size, fewest):
        raise UsageError(
            f"{count} workers are too many for batches of {min(batch_size, fewest)} examples"
        )
    if len(ctxs) > fewest:
        raise UsageError(f"{len(ctxs)} devices are too many for {fewest} examples")
    shares = [Shares(order, batch_size, number, count) for order in orders]
    if loader == "resident":
        return resident_shares(data, shares, sizes, ctxs)
    return per_sample_shares(data, shares, sizes, ctxs, workers)
