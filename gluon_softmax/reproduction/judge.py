"""The judgement of an experiment: each number, each table, and the answer."""

from typing import Dict, List, Optional

import numpy as np

from ..data.fashion_mnist import CLASS_NAMES
from . import answer, published_runs, verdicts
from .claims import Claim
from .experiment import Experiment
from .judgement import Evidence, Judgement, Row
from .language import Listed, Message
from .published_runs import Prediction
from .table_fit import judge_tables
from .verdicts import JudgedClaim


def judge(experiment: Experiment) -> Judgement:
    """Judge the numbers, each alone and each table at once.

    Parameters
    ----------
    experiment : Experiment
        The runs, and the numbers to compare with.

    Returns
    -------
    Judgement
        The verdicts, the fits of the tables, and the answer.
    """
    judged = _verdicts(experiment)
    predictions = published_runs.predict(experiment)
    evidence = Evidence(
        experiment,
        judged,
        judge_tables(experiment, judged),
        predictions,
        _rows(experiment, judged, predictions),
    )
    counts = answer.counts(evidence)
    return Judgement(
        **vars(evidence),
        counts=counts,
        headline=answer.headline(evidence, counts),
        sentences=answer.sentences(evidence),
    )


def _verdicts(experiment: Experiment) -> List[JudgedClaim]:
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
    experiment: Experiment, judged: List[JudgedClaim], predictions: Dict[Claim, Prediction]
) -> List[Row]:
    if not experiment.runs:
        return []
    verdict_on = {verdict.claim: verdict for verdict in judged}
    collected = []
    for claim in experiment.printed.claims:
        if claim.epoch > experiment.settings.epochs:
            continue
        verdict = verdict_on.get(claim)
        reached = verdict.verdict if verdict else verdicts.NO_VERDICT
        collected.append(
            Row(
                claim,
                {edition: experiment.values(edition, claim) for edition in experiment.runs},
                verdict.intervals if verdict else {},
                predictions.get(claim),
                reached,
                verdicts.in_words(reached, experiment.printed),
                _note(experiment, claim),
            )
        )
    return collected


def _note(experiment: Experiment, claim: Claim) -> Optional[Message]:
    number = claim.mistaken_class
    if not verdicts.is_judged(claim):
        return Message(
            "Not judged: the accuracy of random weights varies so much that almost any number "
            "would match."
        )
    runs = experiment.of(experiment.data.edition, claim.implementation)
    if number is None or not runs:
        return None
    accuracies = np.mean([run.records.train_acc for run in runs], axis=0)
    return Message(
        "Not an accuracy: the predictions are compared with the constant {number} instead of with "
        "the labels, so the number is the proportion of training images predicted as class "
        "{number}, {name}. The true training accuracy in our runs, by epoch: {accuracies}.",
        number=number,
        name=CLASS_NAMES[number],
        accuracies=Listed(tuple(f"{accuracy:.3f}" for accuracy in accuracies)),
    )
