"""One row a printed number, for the terminal, ``results.json`` and the page alike."""

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..data.fashion_mnist import CLASS_NAMES
from . import verdicts
from .claims import Claim
from .experiment import Experiment
from .language import listed, say
from .published import Prediction, predict


@dataclass(frozen=True)
class Row:
    """A printed number and its results.

    Parameters
    ----------
    number : Claim
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

    claim: Claim
    values: Dict[str, List[float]]
    intervals: Dict[str, Tuple[float, float]]
    others: Optional[Prediction]
    verdict: str
    note: str

    def mean(self, edition: str) -> float:
        """Return the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


def label(claim: Claim) -> str:
    """Name a number for people, as in "scratch, epoch 1: loss"."""
    match = re.fullmatch("(.+), epoch ([0-9]+): (.+)", claim.name)
    if not match:
        return say(claim.name)
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


def rows(found: Experiment) -> List[Row]:
    """Collect the results of each printed number.

    Parameters
    ----------
    found : Experiment
        The results.

    Returns
    -------
    list of Row
        In the order of the numbers; empty if no run was completed.
    """
    if not found.runs:
        return []
    judged = {verdict.claim: verdict for verdict in found.verdicts()}
    predicted = predict(found)
    collected = []
    for claim in found.printed.claims:
        if claim.epoch > found.settings.epochs:
            continue
        verdict = judged.get(claim)
        collected.append(
            Row(
                claim,
                {edition: found.values(edition, claim) for edition in found.runs},
                verdict.intervals if verdict else {},
                predicted.get(claim),
                verdict.verdict if verdict else verdicts.NO_VERDICT,
                _note(found, claim),
            )
        )
    return collected


def _note(found: Experiment, claim: Claim) -> str:
    number = claim.mistaken_class
    if not verdicts.is_judged(claim):
        return say(
            "Not judged: the accuracy of random weights varies so much that almost any number "
            "would match."
        )
    if number is None:
        return ""
    runs = found.of(found.data.edition, claim.implementation)
    accuracies = np.mean([run.records.train_acc for run in runs], axis=0)
    return say(
        "Not an accuracy: the predictions are compared with the constant {number} instead of with "
        "the labels, so the number is the proportion of training images predicted as class "
        "{number}, {name}. The true training accuracy in our runs, by epoch: {accuracies}.",
        number=number,
        name=CLASS_NAMES[number],
        accuracies=listed([f"{accuracy:.3f}" for accuracy in accuracies]),
    )
