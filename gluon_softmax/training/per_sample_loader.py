"""The tutorial's data loader: converts image by image, in worker processes."""

from typing import Any, Iterator, Tuple

import numpy as np
from mxnet import Context, nd
from mxnet.gluon.data import ArrayDataset, DataLoader, Dataset, Sampler
from mxnet.gluon.data.vision import transforms

from ..data.fashion_mnist import FashionMNIST
from ..interruption import end_if_asked
from .loader_workers import Workers


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
    """Return MXNet's ``ToTensor``, after its ``Resize`` if there are sizes, in pixels."""
    if not sizes:
        return transforms.ToTensor()
    return transforms.Compose([transforms.Resize(sizes), transforms.ToTensor()])


def transformed_datasets(data: FashionMNIST, sizes: Tuple[int, ...]) -> Tuple[Dataset, Dataset]:
    """Return the training set and the test set, each sample transformed when it is read."""
    to_tensor = transform(sizes)
    mnist_train, mnist_test = fashion_mnist_datasets(data)
    return mnist_train.transform_first(to_tensor), mnist_test.transform_first(to_tensor)


class _Samples(ArrayDataset):
    """Data set of images and labels."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(nd.array(images, dtype=np.uint8), labels)

    def __reduce__(self) -> tuple:
        # For worker processes that are not forked: MXNet passes the images by a file descriptor,
        # which fails on Python 3.9.
        images, labels = self._data
        return _Samples, (images.asnumpy(), labels)


class PerSampleLoader(DataLoader):
    """The tutorial's data loader with our worker processes, since MXNet's can hang."""

    def __init__(self, dataset: Dataset, sampler: Sampler, num_workers: int, ctx: Context) -> None:
        super().__init__(dataset, batch_sampler=sampler)
        self.num_workers = num_workers
        self._ctx = ctx
        self._workers = Workers(dataset, num_workers) if num_workers else None

    def __iter__(self) -> Iterator[Tuple[nd.NDArray, nd.NDArray]]:
        """Yield the batches of a pass."""
        if self._workers is None:
            batches = super().__iter__()
        else:
            batches = self._workers.batches(self._batch_sampler)
        for X, y in batches:
            end_if_asked()
            yield X.as_in_context(self._ctx), y.as_in_context(self._ctx)
