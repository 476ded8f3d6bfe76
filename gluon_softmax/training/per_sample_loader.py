"""The tutorial's data loader: converts image by image, in worker processes."""

from typing import Any, Iterator, Tuple

import numpy as np
from mxnet import Context, nd
from mxnet.gluon.data import ArrayDataset, DataLoader, Dataset, Sampler
from mxnet.gluon.data.vision import transforms

from ..interruption import end_if_asked
from .loader_workers import Workers


def transform(sizes: Tuple[int, ...]) -> Any:
    """Return MXNet's ``ToTensor``, after its ``Resize`` if there are sizes, in pixels."""
    if not sizes:
        return transforms.ToTensor()
    return transforms.Compose([transforms.Resize(sizes), transforms.ToTensor()])


class Samples(ArrayDataset):
    """Images and labels as a data set that behaves like ``gluon.data.vision.FashionMNIST``.

    Each sample is an image, (28, 28, 1) uint8 NDArray, and its label, int32.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(nd.array(images, dtype=np.uint8), labels)


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
