"""The fast data loader: normalized images stay on the device, and batches are indexed from them."""

import functools
from typing import Iterator, Tuple

import numpy as np
from mxnet import Context, nd
from mxnet.gluon.data import DataLoader, Dataset

from ..data.fashion_mnist import FashionMNIST
from ..interruption import end_if_asked
from .per_sample_loader import transform


class ResidentLoader(DataLoader):
    """Data loader that indexes whole batches from a data set on a device."""

    def __iter__(self) -> Iterator[Tuple[nd.NDArray, nd.NDArray]]:
        """Yield the batches of a pass."""
        sampler, dataset = self._batch_sampler, self._dataset
        for indices in sampler.split(nd.array(sampler.indices(), dtype=np.int32, ctx=dataset.ctx)):
            end_if_asked()
            yield dataset[indices]


@functools.lru_cache(maxsize=1)
def resident_datasets(
    data: FashionMNIST, sizes: Tuple[int, ...], ctx: Context
) -> Tuple[Dataset, Dataset]:
    """Return the training set and the test set on a context, in a size if one is given."""
    return (
        _Resident(data.train_images, data.train_labels, sizes, ctx),
        _Resident(data.test_images, data.test_labels, sizes, ctx),
    )


class _Resident(Dataset):
    """Normalized images and labels on one context; indexing by an array returns a batch."""

    def __init__(
        self, images: np.ndarray, labels: np.ndarray, sizes: Tuple[int, ...], ctx: Context
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
