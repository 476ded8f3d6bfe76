"""The distribution of one more table on each kind of data, and the fit of a table to each.

It may come from the official edition, the withdrawn one or another split of the same images.
"""

from typing import Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy import stats

OFFICIAL, WITHDRAWN, ANOTHER_SPLIT = "official", "withdrawn", "another split"
# Splits differ in two directions: how hard the training set is, and how hard the test set.
DIRECTIONS = 2


class Hypothesis(NamedTuple):
    """Where one more table would lie: a multivariate Student's t.

    Parameters
    ----------
    mean : numpy.ndarray
        Shape (numbers,).
    within : numpy.ndarray
        Covariance of a run's numbers on one split, (numbers, numbers), with the mean's uncertainty.
    df : int
        Degrees of freedom of that covariance.
    between : numpy.ndarray or None
        What splits differ by: a covariance of rank two, (numbers, numbers).
    splits : int
        From how many splits it is known.
    """

    mean: np.ndarray
    within: np.ndarray
    df: int
    between: Optional[np.ndarray] = None
    splits: int = 0

    def only(self, kept: np.ndarray) -> "Hypothesis":
        """Keep some of the numbers, by their indices."""
        both = np.ix_(kept, kept)
        between = None if self.between is None else self.between[both]
        return self._replace(mean=self.mean[kept], within=self.within[both], between=between)

    def fit(self, table: np.ndarray) -> "Fit":
        """Return the distance, the p-value and the density of a table.

        Notes
        -----
        The squared Mahalanobis distance of p numbers, divided by p, has an F distribution with p
        and df degrees of freedom. For another split, the distance in the two directions and the
        distance from them are tested separately, and the p-values combined after Fisher: splits
        scatter far in those directions, and no farther than runs in any other.
        """
        p, df, covariance = len(self.mean), self.df, self.within
        lower = np.linalg.cholesky(self.within)
        apart = np.linalg.solve(lower, table - self.mean)
        distance = float(apart @ apart)
        if self.between is None:
            p_value = stats.f.sf(distance / p, p, df)
        else:
            covariance = self.within + self.between
            r = min(DIRECTIONS, p - 1)
            half = np.linalg.solve(lower, self.between)
            values, vectors = np.linalg.eigh(np.linalg.solve(lower, half.T))
            variances = 1 + np.maximum(values[-r:], 0)
            inside = float(((apart @ vectors[:, -r:]) ** 2 / variances).sum())
            outside = distance - float(((apart @ vectors[:, -r:]) ** 2).sum())
            distance = inside + outside
            p_value = stats.combine_pvalues(
                [
                    stats.f.sf(inside / r, r, self.splits - 1),
                    stats.f.sf(outside / (p - r), p - r, df),
                ]
            )[1]
        log_density = stats.multivariate_t.logpdf(table, self.mean, covariance, df)
        return Fit(distance, float(p_value), float(log_density / np.log(10)))


class Fit(NamedTuple):
    """How well a table fits a hypothesis: squared distance, p-value, log10 of the density."""

    distance: float
    p_value: float
    log10_density: float


def pooled(groups: Sequence[np.ndarray]) -> Tuple[np.ndarray, int]:
    """Return the covariance within several groups of runs, and its degrees of freedom.

    It is shrunk towards its diagonal with weight p / (p + df) for p numbers.
    """
    df = sum(len(group) - 1 for group in groups)
    apart = np.concatenate([group - group.mean(axis=0) for group in groups])
    covariance = apart.T @ apart / df
    weight = len(covariance) / (len(covariance) + df)
    return (1 - weight) * covariance + weight * np.diag(np.diag(covariance)), df


def hypotheses(
    official: np.ndarray,
    resplit: np.ndarray,
    theirs: Dict[str, np.ndarray],
    rounding: np.ndarray,
    same_settings: bool,
) -> Dict[str, Hypothesis]:
    """Return where one more table would lie on each of the three kinds of data.

    They are computed from the new runs and from the tables with the published settings, each (runs,
    numbers): ``theirs`` are those of others on the withdrawn edition, and ours on the other two.
    ``rounding`` is the variance of each printed number's rounding.

    With other settings, runs scatter more or less. So the covariance of the published tables is
    scaled by the mean ratio of the new runs' variance to theirs. Then both are pooled. The mean of
    the withdrawn edition moves by as much as that of our runs on the official edition, which is one
    split, too.
    """
    n = len(official)
    known, known_df = pooled([theirs[OFFICIAL], theirs[WITHDRAWN]])
    lower = np.linalg.cholesky(known + np.diag(rounding))
    between = _between(theirs[ANOTHER_SPLIT], lower)
    splits = len(theirs[ANOTHER_SPLIT])
    if same_settings:
        within, df = pooled([official, theirs[OFFICIAL], theirs[WITHDRAWN]])
        within += np.diag(rounding)
        ours = np.concatenate([official, theirs[OFFICIAL]])
        mean, uncertainty = theirs[WITHDRAWN].mean(axis=0), within / len(theirs[WITHDRAWN])
        split = np.concatenate([resplit, theirs[ANOTHER_SPLIT]])
    else:
        here = np.linalg.solve(lower, (official - official.mean(axis=0)).T)
        larger = float((here**2).sum() / (n - 1) / len(known))
        own = np.cov(official.T)
        df = n - 1 + known_df
        within = ((n - 1) * own + known_df * larger * known) / df + np.diag(rounding)
        ours, split = official, resplit
        mean = theirs[WITHDRAWN].mean(axis=0) + (
            official.mean(axis=0) - theirs[OFFICIAL].mean(axis=0)
        )
        uncertainty = within / n + known * (1 / len(theirs[OFFICIAL]) + 1 / len(theirs[WITHDRAWN]))
    return {
        OFFICIAL: Hypothesis(ours.mean(axis=0), within * (1 + 1 / len(ours)), df),
        WITHDRAWN: Hypothesis(mean, within + uncertainty, df),
        ANOTHER_SPLIT: Hypothesis(
            split.mean(axis=0),
            within * (1 + 1 / len(split)),
            df,
            between * (1 + 1 / len(split)),
            splits,
        ),
    }


def _between(resplit: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Return the covariance between splits, in the directions in which they differ most."""
    r = min(DIRECTIONS, len(lower) - 1)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(np.linalg.solve(lower, resplit.T))))
    root = lower @ vectors[:, -r:]
    return root @ np.diag(np.maximum(values[-r:] - 1, 0)) @ root.T
