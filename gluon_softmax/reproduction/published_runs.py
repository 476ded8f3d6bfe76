"""What other people's notebooks print, and what it predicts.

The images of the withdrawn edition are not available. But MXNet's users had it, as MXNet takes
no other, and some keep their notebooks in public with the outputs: ``published-runs.json`` has
their tables, of 13 runs, and where each stands.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Dict, NamedTuple

import numpy as np
from scipy import stats

from ..training.run import Settings
from . import verdicts
from .claims import METRICS, Claim
from .experiment import Experiment
from .language import Message, Text, listed, translate

# The book's settings, which all those notebooks use.
PUBLISHED = Settings(epochs=5, batch_size=256, lr=0.1)


class Prediction(NamedTuple):
    """What others' runs predict for a number: mean and interval for one more run."""

    mean: float
    low: float
    high: float


@lru_cache(maxsize=None)
def tables(kind: str) -> np.ndarray:
    """Return tables with the published settings: loss, train acc, test acc, (runs, epochs, 3).

    MXNet's users had the withdrawn edition, PyTorch's the official one. Our own runs are on
    ``official`` or ``resplit`` data; each re-split run has a separate split, by its seed.
    """
    folder = Path(__file__).parent
    runs = json.loads((folder / "published-runs.json").read_text("utf-8"))
    runs += json.loads((folder / "own-runs.json").read_text("utf-8"))["runs"]
    return np.array(
        [run["table"] for run in runs if kind in (run.get("framework"), run.get("edition"))]
    )


def has_published_settings(settings: Settings) -> bool:
    """Check whether batch size and learning rate are those of the published tables."""
    return (settings.batch_size, settings.lr) == (PUBLISHED.batch_size, PUBLISHED.lr)


def has_counterpart(claim: Claim) -> bool:
    """Check whether the published tables have a number of the same kind."""
    return claim.metric in METRICS and claim.epoch <= PUBLISHED.epochs


def predict(experiment: Experiment) -> Dict[Claim, Prediction]:
    """Predict numbers of a kind that others print, from their runs on the withdrawn edition.

    There is no prediction with fewer than two runs that show the effect of the batch size.

    Notes
    -----
    A number of one more run is the mean of theirs, moved by the mean difference between our runs
    with the batch size of the number and with theirs, each pair on the same split and with the same
    seed. The two variances are added, with degrees of freedom after Welch and Satterthwaite.
    """
    ours_of = experiment.of("resplit", experiment.printed.implementations[-1])
    pairs = list(zip(experiment.with_their_batch_size, ours_of))
    if len(pairs) < 2 or not experiment.is_comparable():
        return {}
    theirs = tables("MXNet")
    level = verdicts.LEVEL / sum(map(verdicts.is_judged, experiment.printed.claims))
    predicted = {}
    for claim in experiment.printed.claims:
        if not has_counterpart(claim) or claim.scale != 1:
            continue
        values = theirs[:, claim.epoch - 1, METRICS.index(claim.metric)]
        moves = [
            getattr(ours.records, claim.metric)[claim.epoch - 1]
            - getattr(other.records, claim.metric)[claim.epoch - 1]
            for other, ours in pairs
        ]
        of_theirs = float(np.var(values, ddof=1)) * (1 + 1 / len(values))
        of_moves = float(np.var(moves, ddof=1)) / len(moves)
        df = (of_theirs + of_moves) ** 2 / (
            of_theirs**2 / (len(values) - 1) + of_moves**2 / (len(moves) - 1)
        )
        half = stats.t.ppf(1 - level / 2, df) * np.sqrt(of_theirs + of_moves)
        mean = float(np.mean(values) + np.mean(moves))
        predicted[claim] = Prediction(mean, *verdicts.bounded(claim, (mean - half, mean + half)))
    return predicted


def in_a_sentence(experiment: Experiment, predicted: Dict[Claim, Prediction]) -> Text:
    """Write how many of the printed numbers others' runs predict; empty if they predict none."""
    if not predicted:
        return ""
    ours = experiment.settings.batch_size
    sentence = Message(
        "{runs} runs that other people published on the withdrawn edition, at batch size "
        "{batch_size}, predict {within} of the {count} comparable numbers."
        if ours == PUBLISHED.batch_size
        else "Extrapolated from batch size {batch_size} to {n}, {runs} runs that other people "
        "published on the withdrawn edition predict {within} of the {count} comparable numbers.",
        runs=len(tables("MXNet")),
        batch_size=PUBLISHED.batch_size,
        within=sum(verdicts.is_within(f, (p.low, p.high)) for f, p in predicted.items()),
        count=len(predicted),
        n=ours,
    )
    last = [f for f in predicted if f.metric == "loss" and f.epoch == experiment.printed.epochs]
    if not last:
        return sentence
    of_last = Message(
        "They predict a last loss of {mean:.4f}; {name} prints {printed}.",
        mean=predicted[last[0]].mean,
        name=Message(experiment.printed.name),
        printed=listed(list(dict.fromkeys(claim.text for claim in last))),
    )
    return translate(" ").join([str(sentence), str(of_last)])
