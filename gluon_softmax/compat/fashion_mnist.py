"""MXNet's server is down: ``gluon.data.vision.FashionMNIST`` gets its arrays from this package."""

import os
from typing import Any, Callable, Tuple

import numpy as np

from .registry import note

Part = Tuple[np.ndarray, np.ndarray]


def patch(datasets: Any, take: Callable[[bool], Part]) -> None:
    """Provide the arrays, unless the caller's folder has files that MXNet's class accepts.

    Parameters
    ----------
    datasets : module
        ``mxnet.gluon.data.vision.datasets``.
    take : callable
        Called with True for the training set or False for the test set; returns the images,
        uint8 (count, 28, 28, 1), and the labels, int32.
    """
    of_mxnet = datasets.FashionMNIST._get_data
    is_np_array, mx_np, nd = datasets.is_np_array, datasets._mx_np, datasets.nd

    def _get_data(self: Any) -> None:
        files = (
            (self._train_data, self._train_label)
            if self._train
            else (self._test_data, self._test_label)
        )
        paths = [(os.path.join(self._root, name), sha1) for name, sha1 in files]
        if all(os.path.exists(path) and datasets.check_sha1(path, sha1) for path, sha1 in paths):
            of_mxnet(self)
            return
        images, labels = take(self._train)
        array = mx_np.array if is_np_array() else nd.array
        self._data = array(images, dtype=images.dtype)
        # A copy, because callers may write to the labels of MXNet's class.
        self._label = array(labels, dtype=labels.dtype) if is_np_array() else labels.copy()

    datasets.FashionMNIST._get_data = _get_data
    note("gluon.data.vision.FashionMNIST", "MXNet's server is down")
