"""Which edition a whole table fits: all its figures at once.

Figure by figure, each may choose the edition that suits it. Asked together they cannot: the losses
and accuracies of a run go up and down with each other, so their covariance among our runs tells how
far a table lies from those of an edition.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from scipy.special import fdtrc, gammaln

from . import verdicts
from .claims import Figure
from .findings import Reproduction
from .language import listed, say

# Fewer runs than this say nothing of how 15 figures go with each other.
FEWEST = 5
# A table is one edition's if it is a hundred times as likely there.
DECIDED = 2.0
# A table fits an edition unless only one run in ten thousand would lie as far off. Test accuracies
# scatter more than a normal distribution has it: of 13 published tables one has 0.00013.
FITTING = 0.0001
# Nor does it fit if more than one in so many of its figures lies in no interval.
MOST_FAILING = 5


class Joint(NamedTuple):
    """What a whole table says.

    Parameters
    ----------
    table, version : str
        Its name, and the version by whose runs it is judged.
    chi_squares : dict of str to float
        By edition, the squared distance from its runs' mean in units of their covariance.
    figures : int
        How many figures the table has: the degrees of freedom.
    failing : int
        How many of them lie in no edition's interval.
    runs : dict of str to int
        By edition, how many runs of ours it is held against.
    log10_ratio : float
        Logarithm of how many times as likely the table is on re-splits as on the official edition.
    right, tried : int
        Of our own runs' tables, each judged by the others, how many were told to be of their
        edition, and how many there are.
    """

    table: str
    version: str
    chi_squares: Dict[str, float]
    figures: int
    failing: int
    runs: Dict[str, int]
    log10_ratio: float
    right: int
    tried: int

    def fits(self, edition: str) -> bool:
        """Tell whether a run of ours on an edition could have given the table."""
        # With few runs even that leaves room for anything.
        if self.failing > self.figures / MOST_FAILING:
            return False
        # The squared distance of a multivariate t, per figure, has an F distribution.
        per_figure = self.chi_squares[edition] / self.figures
        return bool(fdtrc(self.figures, self.runs[edition] - 1, per_figure) >= FITTING)

    @property
    def edition(self) -> str:
        """``official``, ``withdrawn`` or ``undecided``."""
        likelier = "resplit" if self.log10_ratio > 0 else "official"
        if abs(self.log10_ratio) < DECIDED or not self.fits(likelier):
            return "undecided"
        return "withdrawn" if likelier == "resplit" else "official"


def fit(table: np.ndarray, runs: np.ndarray, rounding: np.ndarray) -> Tuple[float, float]:
    """Tell how far a table lies from some runs, and how likely it is as one more of them.

    Parameters
    ----------
    table : numpy.ndarray
        Figures, shape (figures,).
    runs : numpy.ndarray
        The same figures of our runs, shape (runs, figures).
    rounding : numpy.ndarray
        Variance of each printed figure's rounding, shape (figures,).

    Returns
    -------
    chi_square : float
        Squared Mahalanobis distance from the runs' mean.
    log_density : float
        Natural logarithm of the predictive density, a multivariate Student's t with as many degrees
        of freedom as there are runs, less one.

    Notes
    -----
    With fewer runs than figures a covariance alone has no inverse. It is drawn towards its diagonal
    by figures / (figures + runs), the more the fewer runs there are.
    """
    n, p = runs.shape
    covariance = np.cov(runs.T) + np.diag(rounding)
    weight = p / (p + n)
    shrunk = (1 - weight) * covariance + weight * np.diag(np.diag(covariance))
    shrunk *= 1 + 1 / n
    apart = table - runs.mean(axis=0)
    chi_square = float(apart @ np.linalg.solve(shrunk, apart))
    df = n - 1
    log_density = (
        gammaln((df + p) / 2)
        - gammaln(df / 2)
        - p / 2 * np.log(df * np.pi)
        - np.linalg.slogdet(shrunk)[1] / 2
        - (df + p) / 2 * np.log1p(chi_square / df)
    )
    return chi_square, float(log_density)


def log10_ratio(
    table: np.ndarray, official: np.ndarray, resplit: np.ndarray, rounding: np.ndarray
) -> float:
    """Tell, as log10, how many times as likely a table is on re-splits as on the official one."""
    densities = [fit(table, runs, rounding)[1] for runs in (resplit, official)]
    return (densities[0] - densities[1]) / np.log(10)


def left_out(official: np.ndarray, resplit: np.ndarray, rounding: np.ndarray) -> Tuple[int, int]:
    """Judge each of our own runs by the others; give how many were called right, of how many."""
    right = 0
    for k, run in enumerate(official):
        right += int(log10_ratio(run, np.delete(official, k, axis=0), resplit, rounding) < 0)
    for k, run in enumerate(resplit):
        right += int(log10_ratio(run, official, np.delete(resplit, k, axis=0), rounding) > 0)
    return right, len(official) + len(resplit)


def judge_tables(found: Reproduction) -> List[Joint]:
    """Judge the printed tables by the runs.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    list of Joint
        In their order; empty without verdicts, or with fewer than five runs on either edition.
    """
    judged = []
    verdicts_of = {verdict.figure: verdict.verdict for verdict in found.verdicts()}
    for name in found.printed.tables if verdicts_of else ():
        figures = found.printed.of(name)
        runs = {edition: _values(found, edition, figures) for edition in ("official", "resplit")}
        if min(map(len, runs.values())) < FEWEST:
            continue
        table = np.array([figure.printed for figure in figures])
        # Losses near 0.7, accuracies, per cent: each on a scale of its own.
        unit = np.array([figure.scale for figure in figures])
        rounding = np.array([100.0**-figure.digits / 12 for figure in figures]) / unit**2
        runs = {edition: of_it / unit for edition, of_it in runs.items()}
        right, tried = left_out(runs["official"], runs["resplit"], rounding)
        judged.append(
            Joint(
                name,
                figures[0].version,
                {edition: fit(table / unit, of_it, rounding)[0] for edition, of_it in runs.items()},
                len(figures),
                sum(verdicts_of[figure] == verdicts.FAILS for figure in figures),
                {edition: len(of_it) for edition, of_it in runs.items()},
                log10_ratio(table / unit, runs["official"], runs["resplit"], rounding),
                right,
                tried,
            )
        )
    return judged


def _values(found: Reproduction, edition: str, figures: List[Figure]) -> np.ndarray:
    return np.array([found.values(edition, figure) for figure in figures]).T


def first_that_does_not_fit(found: Reproduction, name: str) -> Optional[Figure]:
    """Find the first figure of a table that lies in no edition's interval; None without one."""
    for verdict in found.verdicts():
        if verdict.figure.table == name and verdict.verdict == verdicts.FAILS:
            return verdict.figure
    return None


def edition_of_table(judged: List[Joint]) -> Optional[str]:
    """Name the edition that all tables are of; ``undecided`` if they are not, None without any."""
    editions = {joint.edition for joint in judged}
    if not editions:
        return None
    return editions.pop() if len(editions) == 1 else "undecided"


def in_a_sentence(judged: List[Joint]) -> str:
    """Tell what the tables say, and how much that is worth; empty without any."""
    if not judged:
        return ""
    # Tables of one version are judged by the same runs, which are counted once: at their worst.
    worst = {joint.version: joint for joint in sorted(judged, key=lambda joint: -joint.right)}
    right, tried = sum(j.right for j in worst.values()), sum(j.tried for j in worst.values())
    each = say("; ").join(_each(judged))
    if right == tried:
        # The rule of three: no error in n tries leaves up to 3 / n at a level of 0.05.
        return say(
            "{each}. Of our own tables, each judged by the others, {right} of {tried} were called "
            "right, which supports an error below {error:.0%}, not odds like these.",
            each=each,
            right=right,
            tried=tried,
            error=3 / tried,
        )
    return say(
        "{each}. Of our own tables, each judged by the others, {right} of {tried} were called "
        "right: whatever the odds, {error:.0%} may be called wrong.",
        each=each,
        right=right,
        tried=tried,
        error=1 - right / tried,
    )


def _each(judged: List[Joint]) -> List[str]:
    words = {
        "withdrawn": say("re-splits, as those of the withdrawn edition do"),
        "official": say("the official edition"),
        "undecided": say("neither edition clearly better"),
        None: say("neither edition"),
    }

    def fitting(joint: Joint) -> Optional[str]:
        return joint.edition if any(map(joint.fits, joint.chi_squares)) else None

    sentences = []
    for edition in dict.fromkeys(map(fitting, judged)):
        of_it = [joint for joint in judged if fitting(joint) == edition]
        ratios = [f"10^{joint.log10_ratio:.1f}" for joint in of_it]
        if len(of_it) > 2:
            least, most = (f"10^{end(j.log10_ratio for j in of_it):.1f}" for end in (min, max))
            ratios = [say("{least} to {most}", least=least, most=most)]
        sentences.append(
            say(
                "as wholes, {names} fit {edition}: {ratios} times as likely on re-splits as on the "
                "official edition"
                if len(of_it) > 1
                else "as a whole, {names} fits {edition}: {ratios} times as likely on re-splits as "
                "on the official edition",
                names=listed([joint.table for joint in of_it]),
                edition=words[edition],
                ratios=listed(ratios),
            )
        )
    return [sentences[0][0].upper() + sentences[0][1:], *sentences[1:]]
