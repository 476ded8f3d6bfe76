"""Whether a printed figure is one that our runs could have given.

A table is one run. A figure of it reproduces if it lies in the prediction interval for one more
run, which Student's t gives from the mean and the standard deviation of ours. As many figures are
judged at once, the level is divided by their number (Bonferroni), so that a sound program has all
its figures called right with at least the nominal probability.
"""

from dataclasses import dataclass
from typing import Collection, Dict, List, Optional, Sequence, Tuple

import numpy as np
from scipy.special import stdtrit

from .claims import Figure

SAME = "same"
REPRODUCES = "reproduces"
ON_RESPLIT = "reproduces on a re-split only"
EXPLAINED = "explained"
FAILS = "does not reproduce"
NO_VERDICT = "no verdict"
# The accuracy of random weights is no figure to judge a program by: of 1000 initializations the
# least was 0.008 and the most 0.247, so that hardly a number could fail.
BEFORE_TRAINING = "accuracy_before"
# The share of sound programs that may have one or more of their figures called false.
LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """What became of one figure.

    Parameters
    ----------
    figure : gluon_softmax.reproduction.claims.Figure
        The tutorial's figure.
    intervals : dict of str to tuple of float
        Prediction interval for one more run, by edition.
    verdict : str
        One of the words above.
    """

    figure: Figure
    intervals: Dict[str, Tuple[float, float]]
    verdict: str


def prediction_interval(values: Sequence[float], level: float) -> Optional[Tuple[float, float]]:
    """Tell where one more value would lie.

    Parameters
    ----------
    values : sequence of float
        Independent draws from one normal distribution.
    level : float
        Probability with which the next draw may lie outside, 0 to 1.

    Returns
    -------
    tuple of float or None
        Lower and upper end; None for fewer than two values.

    Notes
    -----
    Two-sided, mean ± t * s * sqrt(1 + 1/n) with n - 1 degrees of freedom.
    """
    n = len(values)
    if n < 2:
        return None
    t = stdtrit(n - 1, 1 - level / 2)
    half = t * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    mean = float(np.mean(values))
    return mean - half, mean + half


def is_within(figure: Figure, interval: Optional[Tuple[float, float]]) -> bool:
    """Tell whether a number that is printed as the figure may lie in an interval."""
    if interval is None:
        return False
    rounding = 0.5 * 10**-figure.digits
    return interval[0] - rounding <= figure.printed <= interval[1] + rounding


def is_judged(figure: Figure) -> bool:
    """Tell whether a figure is one to judge a program by."""
    return figure.metric != BEFORE_TRAINING


def bounded(figure: Figure, interval: Tuple[float, float]) -> Tuple[float, float]:
    """Keep the interval of a share within 0 to 1, or to 100 for per cent."""
    low, high = interval
    return interval if figure.metric == "loss" else (max(low, 0.0), min(high, figure.scale))


def judge(
    figures: Sequence[Figure],
    values: Dict[str, Dict[Figure, List[float]]],
    at_hand: str,
    level: float = LEVEL,
    awaited: Collection[str] = (),
) -> List[Verdict]:
    """Judge figures by runs.

    Parameters
    ----------
    figures : sequence of Figure
        All that are judged together.
    values : dict of str to dict of Figure to list of float
        By edition, each figure's value in each run.
    at_hand : str
        The edition whose runs are asked first; after it, ``resplit``.
    level : float
        Probability with which any one of the figures of a sound program may be called false.
    awaited : collection of str
        The editions whose runs were asked for.

    Returns
    -------
    list of Verdict
        In the order of the figures; ``no verdict`` where there are fewer than two runs of an
        edition that is at hand, or awaited and could still explain the figure, and for what random
        weights give.
    """
    verdicts = []
    count = sum(map(is_judged, figures))
    for figure in figures:
        intervals = {}
        for edition, of_figure in values.items():
            if is_judged(figure):
                interval = prediction_interval(of_figure[figure], level / count)
                if interval is not None:
                    intervals[edition] = bounded(figure, interval)
        if at_hand not in intervals:
            verdict = NO_VERDICT
        elif is_within(figure, intervals[at_hand]):
            verdict = REPRODUCES
        elif is_within(figure, intervals.get("resplit")):
            verdict = ON_RESPLIT
        elif "resplit" in awaited and "resplit" not in intervals:
            verdict = NO_VERDICT
        else:
            verdict = FAILS
        if figure.mistaken_class is not None and verdict in (REPRODUCES, ON_RESPLIT):
            # The number is right, its name is not.
            verdict = EXPLAINED
        verdicts.append(Verdict(figure, intervals, verdict))
    return verdicts
