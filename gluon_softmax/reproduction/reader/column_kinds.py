"""What a reader's columns contain: losses may be sums, accuracies per cent or mistaken."""

import dataclasses
from typing import List, Optional, Tuple

import numpy as np
from scipy import stats

from ...data.fashion_mnist import CLASS_NAMES
from ..claims import METRICS, Claim, Printed, claims_of, table_in_words
from ..experiment import Experiment
from ..language import Message
from ..table_parser import Tables

# How far a column may lie from a proportion of ours to count as it, and by how many nats it must be
# more likely than any other.
NEAR, AHEAD = 0.03, 2.0
# The largest number of lines left out that are named.
MOST_LINES = 5


def printed_by(
    name: str, tables: Tables, implementation: str, batch_size: int, lr: float
) -> Printed:
    """Return a reader's tables as they are labelled: mean losses, proportions, training accuracy.

    All have the same settings, and as many epochs as the longest. ``name`` is that of the file.
    """
    claims = [
        claim
        for number, table in enumerate(tables, start=1)
        for claim in claims_of(table, f"table {number}", implementation)
    ]
    epochs, left_out = max(map(len, tables)), tuple(tables.left_out.items())
    return Printed(name, "table", epochs, batch_size, lr, tuple(claims), left_out)


def understood(experiment: Experiment) -> Tuple[Printed, List[Message]]:
    """Return the tables with the content of each column, by comparison with our runs.

    With them, a sentence on each line that could not be read and each column that does not contain
    what its label says.
    """
    claims: List[Claim] = []
    readings = [
        Message("line {number} cannot be read: {line}", number=number, line=line[:60])
        for number, line in experiment.printed.left_out[:MOST_LINES]
    ]
    more = len(experiment.printed.left_out) - MOST_LINES
    if more > 0:
        readings.append(Message("{n} more lines cannot be read", n=more))
    for name in experiment.printed.tables:
        of_table = experiment.printed.of(name)
        for column, metric in enumerate(METRICS):
            of_column = of_table[column::3]
            scale, words = _scale(experiment, metric, of_column)
            if metric == "train_acc":
                number, sure = _nearest(experiment, of_column, scale)
                if number is not None:
                    of_column = _as_kind(of_column, number)
                    words = Message(
                        '"train acc" is the proportion predicted as class {number}, {called}: the '
                        "predictions were compared with {number} instead of with the labels"
                        if sure
                        else '"train acc" is the proportion predicted as class {number}, {called}: '
                        "the predictions were compared with {number} instead of with the labels "
                        "(or those of another class as frequent)",
                        number=number,
                        called=CLASS_NAMES[number],
                    )
            if words:
                readings.append(
                    Message("{table}: {words}", table=table_in_words(name), words=words)
                )
            of_table[column::3] = [dataclasses.replace(claim, scale=scale) for claim in of_column]
        claims += of_table
    return dataclasses.replace(experiment.printed, claims=tuple(claims)), readings


def _scale(
    experiment: Experiment, metric: str, column: List[Claim]
) -> Tuple[float, Optional[Message]]:
    """Return the factor of a column relative to our numbers, and a sentence unless it is 1."""
    if metric != "loss":
        if max(claim.printed for claim in column) > 1:
            which = "train acc" if metric == "train_acc" else "test acc"
            return 100.0, Message("{column} is in per cent", column=which)
        return 1.0, None
    examples, batch_size = len(experiment.data.train_labels), experiment.settings.batch_size
    scales = [
        (1.0, None),
        (float(examples), Message("the loss is the sum over all examples")),
        (
            float(-(-examples // batch_size)),
            Message("the loss is the sum of the batches' means"),
        ),
        (
            1 / batch_size,
            Message("the loss is a mean of the batch's mean: divided by the batch size twice"),
        ),
    ]
    ours = np.mean([experiment.values(experiment.data.edition, claim) for claim in column])
    theirs = np.mean([claim.printed for claim in column])
    ratio = max(float(theirs), 1e-12) / float(ours)

    def apart(scale: Tuple[float, Optional[Message]]) -> float:
        return float(abs(np.log(ratio / scale[0])))

    nearest = min(scales, key=apart)
    # A ratio more than a factor of 2 away from all of them is none of them.
    return nearest if apart(nearest) < np.log(2) else scales[0]


def _as_kind(column: List[Claim], class_id: Optional[int]) -> List[Claim]:
    """Return a column as the proportion predicted as a class, or as it is."""
    return column if class_id is None else [claim.as_proportion(class_id) for claim in column]


def _nearest(
    experiment: Experiment, column: List[Claim], scale: float
) -> Tuple[Optional[int], bool]:
    """Return the class whose proportion a column most likely is, and whether that is sure.

    The class is None if the training accuracy is more likely.
    """
    # One run does not show the scatter.
    if min(map(len, experiment.runs.values())) < 2:
        return None, True

    def log_likelihood(class_id: Optional[int]) -> float:
        of_editions = []
        for edition in experiment.runs:
            logarithm = 0.0
            for claim in _as_kind(column, class_id):
                values = experiment.values(edition, claim)
                n = len(values)
                rounding = 100.0**-claim.digits / scale**2
                sd = np.sqrt((np.var(values, ddof=1) + rounding) * (1 + 1 / n))
                # Student's t: its tails allow for a variance that is known from few runs.
                logarithm += stats.t.logpdf(claim.printed / scale, n - 1, np.mean(values), sd)
            of_editions.append(logarithm)
        return max(of_editions)

    def is_near(class_id: Optional[int]) -> bool:
        return all(
            abs(claim.printed / scale - np.mean(experiment.values(edition, claim))) < NEAR
            for edition in experiment.runs
            for claim in _as_kind(column, class_id)
        )

    first, second = sorted((None, *range(len(CLASS_NAMES))), key=log_likelihood, reverse=True)[:2]
    # A proportion far from ours is not one that we know.
    if not is_near(first):
        return None, True
    return first, log_likelihood(first) - log_likelihood(second) > AHEAD
