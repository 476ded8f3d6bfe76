"""Search the usual settings for a table that does not fit the given ones."""

import dataclasses
import math
from itertools import product
from typing import NamedTuple

import numpy as np

from ...console import progress
from ...errors import Diverged
from ...implementations import IMPLEMENTATIONS
from ...training.run import Settings, train_run
from ..claims import Claim, Printed
from ..experiment import Experiment
from ..language import Message
from .column_kinds import understood

BATCH_SIZES = (64, 128, 200, 256, 512, 1000)
RATES = (0.01, 0.05, 0.1, 0.5)
# Number of the nearest settings that get a run of all epochs.
CLOSEST = 4
# Distances up to this many times the least count as equal.
NEARLY = 3


class Candidate(NamedTuple):
    """Settings, and the number of epochs before the table's first."""

    settings: Settings
    before: int

    def in_words(self) -> Message:
        """Return it as a message."""
        return Message(
            "batch size {batch_size} and learning rate {lr}, if one epoch was trained before its "
            "first line"
            if self.before
            else "batch size {batch_size} and learning rate {lr}",
            batch_size=self.settings.batch_size,
            lr=self.settings.lr,
        )


def nearest_settings(experiment: Experiment, labelled: Printed) -> Candidate:
    """Return the usual settings whose runs come nearest to the first table.

    Each candidate is trained for one epoch, and the nearest ones for all epochs. The caller has to
    test the result.
    """
    given = experiment.settings
    usual = [
        dataclasses.replace(given, batch_size=batch_size, lr=lr)
        for batch_size, lr in product(BATCH_SIZES, RATES)
        if (batch_size, lr) != (given.batch_size, given.lr)
    ]
    candidates = [Candidate(given, 1), *(Candidate(settings, 0) for settings in usual)]
    with progress(total=len(candidates) + CLOSEST, desc="usual settings", unit="run") as bar:

        def apart(candidate: Candidate, epochs: int) -> float:
            bar.update()
            return _apart(experiment, labelled, candidate, epochs)

        first = {candidate: apart(candidate, 1) for candidate in candidates}
        close = sorted(candidates, key=first.__getitem__)[:CLOSEST]
        whole = {candidate: apart(candidate, labelled.epochs) for candidate in close}
    # Doubling both batch size and rate changes little: prefer what the reader gave.
    near = [candidate for candidate in close if whole[candidate] <= NEARLY * min(whole.values())]
    return min(
        near,
        key=lambda candidate: (
            (candidate.settings.batch_size != given.batch_size)
            + (candidate.settings.lr != given.lr)
            + candidate.before,
            whole[candidate],
        ),
    )


def with_candidate(labelled: Printed, candidate: Candidate) -> Printed:
    """Return the tables with the settings of a candidate."""
    return dataclasses.replace(
        labelled,
        epochs=labelled.epochs + candidate.before,
        batch_size=candidate.settings.batch_size,
        lr=candidate.settings.lr,
        claims=tuple(
            dataclasses.replace(claim, epoch=claim.epoch + candidate.before)
            for claim in labelled.claims
        ),
    )


def _apart(experiment: Experiment, labelled: Printed, candidate: Candidate, epochs: int) -> float:
    """Return how far one run is from the first epochs of the first table."""
    claims = [claim for claim in labelled.of(labelled.tables[0]) if claim.epoch <= epochs]
    settings = dataclasses.replace(candidate.settings, epochs=epochs + candidate.before)
    implementation = IMPLEMENTATIONS[labelled.implementations[0]]
    try:
        run = train_run(implementation, experiment.data, settings, experiment.seed, on_epoch=None)
    except Diverged:
        return math.inf
    printed = with_candidate(dataclasses.replace(labelled, claims=tuple(claims)), candidate)
    edition = experiment.data.edition
    trial = Experiment(
        experiment.data, settings, experiment.seed, 1, printed=printed, runs={edition: [run]}
    )
    trial = dataclasses.replace(trial, printed=understood(trial)[0])
    squares = [
        ((claim.printed - trial.values(edition, claim)[0]) / claim.scale / _unit(claim)) ** 2
        for claim in trial.printed.claims
    ]
    return float(np.mean(squares))


def _unit(claim: Claim) -> float:
    """Return by how much two runs may differ, on either edition."""
    return {"loss": 0.004, "train_acc": 0.003, "test_acc": 0.01}.get(claim.metric, 0.001)
