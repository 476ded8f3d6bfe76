"""What an experiment shows: the verdict on each number and on each table, computed once."""

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from ..data.fashion_mnist import CLASS_NAMES
from . import published, verdicts
from .claims import Claim
from .experiment import Experiment
from .language import Listed, Message, translate
from .published import Prediction
from .table_fit import TableFit, judge_tables
from .verdicts import Verdict


@dataclass(frozen=True)
class Row:
    """A printed number and its results.

    Parameters
    ----------
    claim : Claim
        The printed number.
    values : dict of str to list of float
        The values in our runs, by edition.
    intervals : dict of str to tuple of float
        Prediction interval for one more run, by edition.
    others : Prediction or None
        What other people's runs predict.
    verdict : str
        A constant of :mod:`gluon_softmax.reproduction.verdicts`.
    note : Message or None
        A remark that several rows may share.
    """

    claim: Claim
    values: Dict[str, List[float]]
    intervals: Dict[str, Tuple[float, float]]
    others: Optional[Prediction]
    verdict: str
    note: Optional[Message]

    def mean(self, edition: str) -> float:
        """Return the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


def label(claim: Claim) -> str:
    """Name a number for people, as in "scratch, epoch 1: loss"."""
    if not claim.epoch:
        return translate(claim.name)
    return translate(
        "{table}, epoch {epoch}: {column}",
        table=table_in_words(claim.table),
        epoch=claim.epoch,
        column=translate(claim.column),
    )


def table_in_words(table: str) -> str:
    """Name a table: an implementation, or "table 1" in a reader's file."""
    word, _, number = table.partition(" ")
    return translate("table {number}", number=number) if number else word


@dataclass(frozen=True)
class Judgement:
    """What an experiment shows. :func:`judge` computes it once; the renderers only format it.

    Parameters
    ----------
    experiment : Experiment
        The runs, and the numbers to compare with.
    verdicts : list of Verdict
        One for each number; empty if they are not comparable.
    tables : list of TableFit
        Which data each whole table fits; empty if there are too few runs.
    predictions : dict of Claim to Prediction
        What other people's runs predict.
    rows : list of Row
        The results of each number, in their order; empty if no run was completed.
    """

    experiment: Experiment
    verdicts: List[Verdict]
    tables: List[TableFit]
    predictions: Dict[Claim, Prediction]
    rows: List[Row]

    def unexplained(self) -> List[Claim]:
        """List the numbers that are neither reproduced nor explained."""
        return [
            each.claim
            for each in self.verdicts
            if each.verdict == verdicts.FAILS and each.claim.table not in self.experiment.deviations
        ]

    def misfits(self) -> List[TableFit]:
        """List the tables that fit neither edition, for no reason that they show themselves."""
        return [each for each in self.tables if each.is_unexplained]

    def different(self) -> List[str]:
        """Name the exact results that differ for no known reason."""
        return [each.name for each in self.experiment.facts if each.verdict == verdicts.FAILS]

    def failures(self) -> List[str]:
        """Name the exact results and numbers that are neither reproduced nor explained."""
        return self.different() + [claim.name for claim in self.unexplained()]


def judge(experiment: Experiment) -> Judgement:
    """Judge the numbers, each alone and each table at once.

    Parameters
    ----------
    experiment : Experiment
        The runs, and the numbers to compare with.

    Returns
    -------
    Judgement
        The verdicts and the fits of the tables; see :class:`Judgement`.
    """
    judged = _verdicts(experiment)
    predictions = published.predict(experiment)
    return Judgement(
        experiment,
        judged,
        judge_tables(experiment, judged),
        predictions,
        _rows(experiment, judged, predictions),
    )


def _verdicts(experiment: Experiment) -> List[Verdict]:
    """Judge the numbers that an experiment compares with; empty if they are not comparable."""
    if not experiment.is_comparable():
        return []
    claims = experiment.printed.claims
    values = {
        edition: {claim: experiment.values(edition, claim) for claim in claims}
        for edition in experiment.runs
    }
    return verdicts.judge_claims(
        claims, values, experiment.data.edition, awaited=experiment.editions()
    )


def _rows(
    experiment: Experiment, judged: List[Verdict], predictions: Dict[Claim, Prediction]
) -> List[Row]:
    if not experiment.runs:
        return []
    verdict_on = {verdict.claim: verdict for verdict in judged}
    collected = []
    for claim in experiment.printed.claims:
        if claim.epoch > experiment.settings.epochs:
            continue
        verdict = verdict_on.get(claim)
        collected.append(
            Row(
                claim,
                {edition: experiment.values(edition, claim) for edition in experiment.runs},
                verdict.intervals if verdict else {},
                predictions.get(claim),
                verdict.verdict if verdict else verdicts.NO_VERDICT,
                _note(experiment, claim),
            )
        )
    return collected


def _note(experiment: Experiment, claim: Claim) -> Optional[Message]:
    number = claim.mistaken_class
    if not verdicts.is_judged(claim):
        return Message(
            "Not judged: the accuracy of random weights varies so much that almost any number "
            "would match.",
            {},
        )
    runs = experiment.of(experiment.data.edition, claim.implementation)
    if number is None or not runs:
        return None
    accuracies = np.mean([run.records.train_acc for run in runs], axis=0)
    return Message(
        "Not an accuracy: the predictions are compared with the constant {number} instead of with "
        "the labels, so the number is the proportion of training images predicted as class "
        "{number}, {name}. The true training accuracy in our runs, by epoch: {accuracies}.",
        {
            "number": number,
            "name": CLASS_NAMES[number],
            "accuracies": Listed(tuple(f"{accuracy:.3f}" for accuracy in accuracies)),
        },
    )
