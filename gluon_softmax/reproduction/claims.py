"""The numbers that the tutorial prints, as data."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import List, Optional, Tuple

from ..training.defaults import BATCH_SIZE, EPOCHS, LR
from .language import Message, Text
from .table_parser import Table, parse

PART_1 = Message("Part 1, the data set")
PART_2 = Message("Part 2, from scratch")
_PARTS = {"scratch": PART_2, "concise": Message("Part 3, concise")}
# The three columns of a table, unless one is mistaken.
METRICS = ("loss", "train_acc", "test_acc")
_COLUMNS = {
    "loss": "loss",
    "train_acc": "train acc",
    "test_acc": "test acc",
    "accuracy_before": "test acc",
}


def table_in_words(table: str) -> Text:
    """Name a table for people: an implementation, or "table 1" in a reader's file."""
    word, _, number = table.partition(" ")
    return Message("table {number}", number=number) if number else word


@dataclass(frozen=True)
class Claim:
    """A measured number that somebody printed.

    Parameters
    ----------
    table : str
        Name of its table.
    implementation : {"scratch", "concise"}
        The implementation that printed it.
    metric : {"loss", "train_acc", "test_acc", "accuracy_before", "proportion"}
        What it is: a list of :class:`gluon_softmax.training.loop.Records`, the test accuracy before
        training, or, mistaken for train acc, the proportion predicted as ``class_id``.
    epoch : int
        Of the number, from 1; 0 for before training.
    printed : float
        The printed number.
    digits : int
        Decimals with which it is printed.
    scale : float
        Factor from our numbers to those of its kind: 100 for per cent.
    class_id : int or None
        The class of a proportion.
    """

    table: str
    implementation: str
    metric: str
    epoch: int
    printed: float
    digits: int
    scale: float = 1.0
    class_id: Optional[int] = None

    @property
    def name(self) -> str:
        """Name of the number, as in ``results.json``."""
        time = f"epoch {self.epoch}" if self.epoch else "untrained"
        return f"{self.table}, {time}: {self.column}"

    @property
    def section(self) -> Message:
        """The part of the tutorial, or the table in a reader's file."""
        _, _, number = self.table.partition(" ")
        return Message("Table {number}", number=number) if number else _PARTS[self.table]

    @property
    def text(self) -> str:
        """The number as it is printed."""
        return f"{self.printed:.{max(self.digits, 0)}f}"

    @property
    def column(self) -> str:
        """Head of its column in the table; in quotation marks if the column is mistaken."""
        return _COLUMNS.get(self.metric, '"train acc"')

    @property
    def table_label(self) -> Text:
        """Name of its table for people."""
        return table_in_words(self.table)

    @property
    def label(self) -> Text:
        """Name of the number for people, as in "scratch, epoch 1: loss"."""
        if not self.epoch:
            return Message(self.name)
        return Message(
            "{table}, epoch {epoch}: {column}",
            table=self.table_label,
            epoch=self.epoch,
            column=Message(self.column),
        )

    @property
    def decimals(self) -> int:
        """Decimals of our own numbers beside it."""
        return 4 if self.scale == 1 else max(self.digits, 0) + 1

    def as_proportion(self, class_id: int) -> "Claim":
        """Return it as the proportion predicted as a class."""
        return replace(self, metric="proportion", class_id=class_id)


@dataclass(frozen=True)
class Printed:
    """The numbers that somebody printed, and the settings of the run.

    Parameters
    ----------
    name : str
        "the tutorial", or the name of a reader's file.
    column : str
        Head of their column in our table.
    epochs, batch_size : int
        Settings of the run.
    lr : float
        Its learning rate.
    claims : tuple of Claim
        The numbers, in their order.
    left_out : tuple of (int, str)
        Lines that look like a table's and cannot be parsed, each with its number.
    """

    name: str
    column: str
    epochs: int
    batch_size: int
    lr: float
    claims: Tuple[Claim, ...]
    left_out: Tuple[Tuple[int, str], ...] = ()

    @property
    def implementations(self) -> List[str]:
        """The implementations with numbers, in their order."""
        return list(dict.fromkeys(claim.implementation for claim in self.claims))

    @property
    def tables(self) -> List[str]:
        """The names of the tables, in their order."""
        return list(dict.fromkeys(claim.table for claim in self.claims))

    def of(self, table: str) -> List[Claim]:
        """List a table's numbers, epoch by epoch."""
        return [claim for claim in self.claims if claim.table == table and claim.epoch]


def claims_of(table: Table, name: str, implementation: str) -> List[Claim]:
    """Turn a table into a list of numbers, epoch by epoch."""
    return [
        Claim(name, implementation, metric, epoch, *number)
        for epoch, row in enumerate(table, start=1)
        for metric, number in zip(METRICS, row)
    ]


def _tutorial() -> Printed:
    file = Path(__file__).with_name("tutorial.txt")
    scratch, concise = parse(file.read_text("utf-8"), file.name)
    return Printed(
        "the tutorial",
        "tutorial",
        EPOCHS,
        BATCH_SIZE,
        LR,
        claims=(
            Claim("scratch", "scratch", "accuracy_before", 0, 0.0982, 4),
            # The "train acc" of part 2 is the proportion predicted as class 1.
            *(
                claim.as_proportion(1) if claim.metric == "train_acc" else claim
                for claim in claims_of(scratch, "scratch", "scratch")
            ),
            *claims_of(concise, "concise", "concise"),
        ),
    )


TUTORIAL = _tutorial()

# Results that must be exactly the same, by name: section and printed value.
EXACT_RESULTS = {
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
