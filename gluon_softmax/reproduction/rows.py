"""What there is to tell of each figure, for the terminal, ``results.json`` and the page alike."""

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np

from . import verdicts
from .claims import Figure
from .findings import Reproduction
from .language import say
from .published import Prediction, predict

OTHERS = "others"


@dataclass(frozen=True)
class Row:
    """A figure, and what became of it.

    Parameters
    ----------
    figure : Figure
        As it is printed.
    values : dict of str to list of float
        What our runs gave, by edition.
    intervals : dict of str to tuple of float
        Where one more run would lie, by edition.
    others : Prediction or None
        What other people's runs predict.
    verdict : str
        Of :mod:`gluon_softmax.reproduction.verdicts`.
    note : str
        What else is to be said, or nothing.
    """

    figure: Figure
    values: Dict[str, List[float]]
    intervals: Dict[str, Tuple[float, float]]
    others: Optional[Prediction]
    verdict: str
    note: str

    def mean(self, edition: str) -> float:
        """Give the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


def rows(found: Reproduction) -> List[Row]:
    """Gather what there is to tell of each figure.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    list of Row
        In the order of the figures; none if no run ended.
    """
    if not found.runs:
        return []
    judged = {verdict.figure: verdict for verdict in found.verdicts()}
    predicted = predict(found)
    gathered = []
    for figure in found.printed.figures:
        if figure.epoch > found.settings.epochs:
            continue
        verdict = judged.get(figure)
        gathered.append(
            Row(
                figure,
                {edition: found.values(edition, figure) for edition in found.runs},
                verdict.intervals if verdict else {},
                predicted.get(figure),
                verdict.verdict if verdict else verdicts.NO_VERDICT,
                _note(found, figure),
            )
        )
    return gathered


def _note(found: Reproduction, figure: Figure) -> str:
    if not verdicts.is_judged(figure):
        return say("random weights give so wide a range that hardly a number could fail")
    if figure.mistaken_class is not None:
        runs = found.of(found.data.edition, figure.version)
        accuracy = np.mean([run.records.train_acc[figure.epoch - 1] for run in runs])
        return say(
            "the share predicted as class {number}; the true training accuracy is {accuracy:.3f}",
            number=figure.mistaken_class,
            accuracy=accuracy,
        )
    return ""
