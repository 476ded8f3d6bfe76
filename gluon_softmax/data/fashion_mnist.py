"""The data set in memory: NumPy arrays with their edition, origin and checksums."""

from dataclasses import dataclass
from typing import Dict, Iterable, List

import numpy as np

# In place of an edition, for files of the user's own.
OWN_FILES = "own files"
CLASS_NAMES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


@dataclass(frozen=True, eq=False)
class FashionMNIST:
    """The data set in memory.

    Parameters
    ----------
    edition : str
        ``official``, ``mxnet``, ``resplit`` or ``own files``.
    origin : str
        Name of the source, for messages.
    checksums : dict of str to str
        Verified checksum of each file, ``algorithm:hexadecimal``; empty for own files.
    train_images, test_images : numpy.ndarray of uint8
        Shape (count, 28, 28, 1).
    train_labels, test_labels : numpy.ndarray of int32
        Shape (count,), 0 to 9.

    Notes
    -----
    The arrays are made read-only.
    """

    edition: str
    origin: str
    checksums: Dict[str, str]
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        # The data loaders keep copies; later changes would not reach them.
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            getattr(self, name).flags.writeable = False


def get_fashion_mnist_labels(labels: Iterable[int]) -> List[str]:
    """Return the class names of labels.

    Parameters
    ----------
    labels : iterable of int
        Labels, 0 to 9.

    Returns
    -------
    list of str
        For example ``['dress', 'trouser']`` for ``[3, 1]``.

    Notes
    -----
    From part 1 of the tutorial; equal to the function in d2lzh.
    """
    return [CLASS_NAMES[int(i)] for i in labels]
