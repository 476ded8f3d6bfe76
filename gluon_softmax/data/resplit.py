"""A new split of the official edition's 70,000 images into training and test set."""

import numpy as np

from .editions import NUM_CLASSES
from .fashion_mnist import FashionMNIST


def resplit(data: FashionMNIST, split_seed: int) -> FashionMNIST:
    """Draw the split into training and test set anew, with as many of each class as before.

    Parameters
    ----------
    data : FashionMNIST
        The official edition.
    split_seed : int
        Seed of the draw, 0 to 2**32 - 1.

    Returns
    -------
    FashionMNIST
        The same 70,000 images, of each class 6000 for training and 1000 for testing.

    Notes
    -----
    Of the withdrawn ``mxnet`` edition only this is known here: its label files hold another order
    than the official ones, and the tutorial's figures, which come from it, lie among those of
    re-splits and far from those of the official edition.
    """
    images = np.concatenate([data.train_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.test_labels])
    random = np.random.RandomState(split_seed)
    test_count = len(data.test_labels) // NUM_CLASSES
    drawn = [
        random.permutation(np.flatnonzero(labels == label))[:test_count]
        for label in range(NUM_CLASSES)
    ]
    for_test = np.zeros(len(labels), bool)
    for_test[np.concatenate(drawn)] = True
    return FashionMNIST(
        "resplit",
        f"{data.origin}, split anew with seed {split_seed}",
        data.checksums,
        images[~for_test],
        labels[~for_test],
        images[for_test],
        labels[for_test],
    )
