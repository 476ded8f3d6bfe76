"""What Fashion-MNIST is here: NumPy arrays, and what is known of them."""

from dataclasses import dataclass
from typing import Dict, Iterable, List

import numpy as np

# What is no edition.
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
        Where it came from, for people.
    checksums : dict of str to str
        For each file, ``algorithm:hexadecimal`` that was verified; empty for own files.
    train_images, test_images : numpy.ndarray of uint8
        Shape (count, 28, 28, 1).
    train_labels, test_labels : numpy.ndarray of int32
        Shape (count,), 0 to 9.

    Notes
    -----
    The arrays become read-only.
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
        # The feeds keep copies, which a later change would not reach.
        for name in ("train_images", "train_labels", "test_images", "test_labels"):
            getattr(self, name).flags.writeable = False


def get_fashion_mnist_labels(labels: Iterable[int]) -> List[str]:
    """Name the classes of some labels.

    Parameters
    ----------
    labels : iterable of int
        Each 0 to 9.

    Returns
    -------
    list of str
        For example ``['dress', 'trouser']`` for ``[3, 1]``.

    Notes
    -----
    Part 1 of the tutorial; d2lzh has the same function.
    """
    return [CLASS_NAMES[int(i)] for i in labels]
