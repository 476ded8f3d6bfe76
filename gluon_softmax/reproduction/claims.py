"""All that the tutorial prints, as data: what there is to be reproduced."""

from dataclasses import dataclass
from typing import Tuple

PART_1 = "Part 1, the data set"
PART_2 = "Part 2, from scratch"
PART_3 = "Part 3, concise"
SECTIONS = {"scratch": PART_2, "concise": PART_3}

# The settings with which the tutorial got its figures.
EPOCHS, BATCH_SIZE, LR = 5, 200, 0.1


@dataclass(frozen=True)
class Figure:
    """A measured number that the tutorial prints.

    Parameters
    ----------
    name : str
        What to call it.
    section : str
        Where it stands.
    version : {"scratch", "concise"}
        Which program printed it.
    metric : str
        Name of the list in :class:`gluon_softmax.training.loop.Records`, or ``accuracy_before``.
    epoch : int
        Of the number, from 1; 0 for before training.
    printed : float
        The printed number.
    digits : int
        Decimals with which it is printed.
    """

    name: str
    section: str
    version: str
    metric: str
    epoch: int
    printed: float
    digits: int


# Loss, train acc as printed, test acc, an epoch in a row.
TABLES = {
    "scratch": (
        (0.7517, 0.095, 0.790),
        (0.5542, 0.097, 0.826),
        (0.5132, 0.098, 0.822),
        (0.4924, 0.098, 0.835),
        (0.4782, 0.098, 0.842),
    ),
    "concise": (
        (0.7508, 0.757, 0.804),
        (0.5546, 0.815, 0.810),
        (0.5139, 0.828, 0.834),
        (0.4927, 0.833, 0.841),
        (0.4770, 0.838, 0.843),
    ),
}
# What the tutorial calls train acc: in part 2 it is the share predicted as class 1.
METRICS = {
    "scratch": ("loss", "share_predicted_1", "test_acc"),
    "concise": ("loss", "train_acc", "test_acc"),
}
_WORDS = {
    "loss": "loss",
    "share_predicted_1": '"train acc"',
    "train_acc": "train acc",
    "test_acc": "test acc",
}
_DIGITS = {"loss": 4, "share_predicted_1": 3, "train_acc": 3, "test_acc": 3}

FIGURES: Tuple[Figure, ...] = (
    Figure(
        "scratch, before training: test acc", PART_2, "scratch", "accuracy_before", 0, 0.0982, 4
    ),
    *(
        Figure(
            f"{version}, epoch {epoch}: {_WORDS[metric]}",
            SECTIONS[version],
            version,
            metric,
            epoch,
            value,
            _DIGITS[metric],
        )
        for version, table in TABLES.items()
        for epoch, row in enumerate(table, start=1)
        for metric, value in zip(METRICS[version], row)
    ),
)

# What must be the same to the letter, by name: section and what the tutorial prints.
FACTS = {
    "number of training examples": (PART_1, 60000),
    "shape of mnist_train[0:10]": (PART_1, [10, 28, 28, 1]),
    "dtype of the images": (PART_1, "uint8"),
    "labels of mnist_train[0:10]": (PART_1, [2, 9, 6, 0, 3, 4, 4, 5, 4, 8]),
    "class names": (
        PART_1,
        [
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
        ],
    ),
    "get_fashion_mnist_labels([3, 1])": (PART_1, ["dress", "trouser"]),
    "nd.pick example": (PART_2, [0.2, 0.7]),
}
LABELS = "labels of mnist_train[0:10]"
READING_SECONDS = 2.90
