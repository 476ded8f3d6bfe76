"""One row a printed number, for the terminal, ``results.json`` and the page alike."""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..data.fashion_mnist import CLASS_NAMES
from . import verdicts
from .claims import Figure
from .findings import Reproduction
from .language import listed, say
from .published import Prediction, predict


@dataclass(frozen=True)
class Row:
    """A printed number and its results.

    Parameters
    ----------
    figure : Figure
        The printed number.
    values : dict of str to list of float
        The values in our runs, by edition.
    intervals : dict of str to tuple of float
        Prediction interval for one more run, by edition.
    others : Prediction or None
        What other people's runs predict.
    verdict : str
        A constant of :mod:`gluon_softmax.reproduction.verdicts`.
    note : str
        A remark that several rows may share, or nothing.
    """

    figure: Figure
    values: Dict[str, List[float]]
    intervals: Dict[str, Tuple[float, float]]
    others: Optional[Prediction]
    verdict: str
    note: str

    def mean(self, edition: str) -> float:
        """Return the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


def label(figure: Figure) -> str:
    """Name a number for people, as in "scratch, epoch 1: loss"."""
    match = re.fullmatch("(.+), epoch ([0-9]+): (.+)", figure.name)
    if not match:
        return say(figure.name)
    table, epoch, column = match.groups()
    return say(
        "{table}, epoch {epoch}: {column}",
        table=table_in_words(table),
        epoch=epoch,
        column=say(column),
    )


def table_in_words(table: str) -> str:
    """Name a table: an implementation, or "table 1" in a reader's file."""
    word, _, number = table.partition(" ")
    return say("table {number}", number=number) if number else word


def rows(found: Reproduction) -> List[Row]:
    """Collect the results of each printed number.

    Parameters
    ----------
    found : Reproduction
        The results.

    Returns
    -------
    list of Row
        In the order of the numbers; empty if no run was completed.
    """
    if not found.runs:
        return []
    judged = {verdict.figure: verdict for verdict in found.verdicts()}
    predicted = predict(found)
    collected = []
    for figure in found.printed.figures:
        if figure.epoch > found.settings.epochs:
            continue
        verdict = judged.get(figure)
        collected.append(
            Row(
                figure,
                {edition: found.values(edition, figure) for edition in found.runs},
                verdict.intervals if verdict else {},
                predicted.get(figure),
                verdict.verdict if verdict else verdicts.NO_VERDICT,
                _note(found, figure),
            )
        )
    return collected


def _note(found: Reproduction, figure: Figure) -> str:
    number = figure.mistaken_class
    if not verdicts.is_judged(figure):
        return say(
            "Not judged: the accuracy of random weights varies so much that almost any number "
            "would match."
        )
    if number is None:
        return ""
    runs = found.of(found.data.edition, figure.version)
    accuracies = np.mean([run.records.train_acc for run in runs], axis=0)
    return say(
        "Not an accuracy: the predictions are compared with the constant {number} instead of with "
        "the labels, so the number is the proportion of training images predicted as class "
        "{number}, {name}. The true training accuracy in our runs, by epoch: {accuracies}.",
        number=number,
        name=CLASS_NAMES[number],
        accuracies=listed([f"{accuracy:.3f}" for accuracy in accuracies]),
    )
