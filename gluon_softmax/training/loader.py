"""The tutorial's data loader and a fast one, shared by both implementations."""

import sys
from typing import Optional, Tuple, Union

import numpy as np
from mxnet import Context, cpu
from mxnet.gluon.data import DataLoader

from ..data.fashion_mnist import FashionMNIST
from ..data.load import load_chosen
from ..errors import DataError, UsageError
from .defaults import LOADERS
from .per_sample_loader import PerSampleLoader, Samples, transform
from .resident_loader import ResidentLoader, resident_datasets
from .samplers import ShardedBatchSampler, last_batch_size


def default_num_workers(platform: str = sys.platform) -> int:
    """Return the tutorial's number of loader workers for a ``sys.platform``: 0 on Windows, else 4.

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
    ctx: Optional[Context] = None,
    seed: Optional[int] = None,
    shard: Optional[Tuple[int, int]] = None,
) -> Tuple[DataLoader, DataLoader]:
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
    ctx : mxnet.Context, optional
        Context of the batches; by default the CPU.
    seed : int, optional
        Seed of the shuffling, 0 to 2**32 - 1; by default a new one each time.
    shard : tuple of int, optional
        (rank, num_workers) of a cluster: every num_workers-th example of each batch, starting at
        the rank. All workers must use the same seed.

    Returns
    -------
    train_iter, test_iter : mxnet.gluon.data.DataLoader
        Each batch is X, float32 in 0..1, (batch, 1, 28, 28) unless resized, and y, int32 (batch,).
        The training set is shuffled in each pass.

    Raises
    ------
    UsageError
        If the loader is unknown, a number is out of range, or the last batch of an epoch has fewer
        examples than there are workers in the cluster.
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
    parts = (data.train_images, data.train_labels), (data.test_images, data.test_labels)
    for part, (images, labels) in zip(("training", "test"), parts):
        if len(images) != len(labels):
            raise DataError(f"{len(images)} {part} images but {len(labels)} labels")
    ctx = cpu() if ctx is None else ctx
    rank, shards = shard or (0, 1)
    last = last_batch_size(len(data.train_labels), batch_size)
    if shards > last:
        raise UsageError(
            f"{shards} workers need {shards} examples in each batch, but the last batch of an "
            f"epoch has {last}: choose fewer workers or another batch size"
        )
    samplers = [
        ShardedBatchSampler(len(labels), batch_size, random, (rank, shards))
        for (_, labels), random in zip(parts, (np.random.RandomState(seed), None))
    ]
    if loader == "resident":
        datasets = resident_datasets(data, sizes, ctx)
        train_iter, test_iter = (
            ResidentLoader(dataset, batch_sampler=sampler)
            for dataset, sampler in zip(datasets, samplers)
        )
    else:
        to_tensor = transform(sizes)
        train_iter, test_iter = (
            PerSampleLoader(Samples(*part).transform_first(to_tensor), sampler, workers, ctx)
            for part, sampler in zip(parts, samplers)
        )
    return train_iter, test_iter
