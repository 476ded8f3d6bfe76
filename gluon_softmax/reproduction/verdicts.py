"""Whether our runs could have given a printed number.

A table is one run. A number in it reproduces if it lies in the prediction interval for one more
run: Student's t, from the mean and the standard deviation of our runs. Many numbers are judged at
once, so the level is divided by how many there are (Bonferroni): a correct program passes with all
its numbers with at least the nominal probability.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Collection, Dict, List, Optional, Sequence, Tuple

import numpy as np
from scipy import stats

from .claims import Claim
from .language import Message


class Verdict(str, Enum):
    """A verdict, as it stands in ``results.json``; :data:`WORDS` has it for people."""

    SAME = "same"
    REPRODUCES = "reproduces"
    ON_RESPLIT = "reproduces on a re-split only"
    EXPLAINED = "explained"
    FAILS = "does not reproduce"
    NO_VERDICT = "no verdict"


SAME, REPRODUCES, ON_RESPLIT, EXPLAINED, FAILS, NO_VERDICT = Verdict
# Those of a printed number, the best first.
NUMBERS = (REPRODUCES, ON_RESPLIT, EXPLAINED, FAILS, NO_VERDICT)
# For people; those of numbers also follow a count, as in "17 matches".
WORDS = {
    SAME: Message("same"),
    REPRODUCES: Message("matches"),
    ON_RESPLIT: Message("matches on re-split data only"),
    EXPLAINED: Message("explained by a bug in the original"),
    FAILS: Message("no match"),
    NO_VERDICT: Message("no verdict"),
}
# The accuracy of random weights cannot judge a program: in 1000 initializations it ranged from
# 0.008 to 0.247, so almost any number would match.
BEFORE_TRAINING = "accuracy_before"
# The proportion of correct programs that may fail with one number or more.
LEVEL = 0.05


@dataclass(frozen=True)
class JudgedClaim:
    """The verdict on one number.

    Parameters
    ----------
    claim : gluon_softmax.reproduction.claims.Claim
        The printed number.
    intervals : dict of str to tuple of float
        Prediction interval for one more run, by edition.
    verdict : Verdict
        Of the printed number.
    values : dict of str to list of float
        The values in our runs, by edition.
    """

    claim: Claim
    intervals: Dict[str, Tuple[float, float]]
    verdict: Verdict
    values: Dict[str, List[float]] = field(default_factory=dict)

    def mean(self, edition: str) -> float:
        """Return the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


def prediction_interval(values: Sequence[float], level: float) -> Tuple[float, float]:
    """Return the interval in which one more value lies except with a probability of ``level``.

    The values are independent draws from one normal distribution, at least two. The interval is
    two-sided: mean ± t * s * sqrt(1 + 1/n) with n - 1 degrees of freedom.
    """
    n = len(values)
    t = stats.t.ppf(1 - level / 2, n - 1)
    half = t * np.std(values, ddof=1) * np.sqrt(1 + 1 / n)
    mean = float(np.mean(values))
    return mean - half, mean + half


def is_within(claim: Claim, interval: Optional[Tuple[float, float]]) -> bool:
    """Check whether a printed number lies in an interval, allowing for its rounding."""
    if interval is None:
        return False
    rounding = 0.5 * 10**-claim.digits
    return interval[0] - rounding <= claim.printed <= interval[1] + rounding


def is_judged(claim: Claim) -> bool:
    """Check whether a number is judged: all are but the accuracy of random weights."""
    return claim.metric != BEFORE_TRAINING


def bounded(claim: Claim, interval: Tuple[float, float]) -> Tuple[float, float]:
    """Clip the interval of a proportion to 0..1, or to 0..100 for per cent."""
    low, high = interval
    return interval if claim.metric == "loss" else (max(low, 0.0), min(high, claim.scale))


def judge_claims(
    claims: Sequence[Claim],
    values: Dict[str, Dict[Claim, List[float]]],
    loaded: str,
    awaited: Collection[str] = (),
) -> List[JudgedClaim]:
    """Judge printed numbers by the values that runs give, by edition; in their order.

    The loaded edition is tried first, then ``resplit``. ``no verdict`` is for the accuracy of
    random weights, and for a number with fewer than two runs on the loaded edition, or on
    re-splits if these are awaited and might still match.
    """
    verdicts = []
    count = sum(map(is_judged, claims))
    for claim in claims:
        of_editions = {edition: of_claim[claim] for edition, of_claim in values.items()}
        intervals = {
            edition: bounded(claim, prediction_interval(of_edition, LEVEL / count))
            for edition, of_edition in of_editions.items()
            if is_judged(claim) and len(of_edition) > 1
        }
        if loaded not in intervals:
            verdict = NO_VERDICT
        elif is_within(claim, intervals[loaded]):
            verdict = REPRODUCES
        elif is_within(claim, intervals.get("resplit")):
            verdict = ON_RESPLIT
        elif "resplit" in awaited and "resplit" not in intervals:
            verdict = NO_VERDICT
        else:
            verdict = FAILS
        if claim.class_id is not None and verdict in (REPRODUCES, ON_RESPLIT):
            # The number matches, but it is not an accuracy.
            verdict = EXPLAINED
        verdicts.append(JudgedClaim(claim, intervals, verdict, of_editions))
    return verdicts
