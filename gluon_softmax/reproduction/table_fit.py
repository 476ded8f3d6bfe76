"""Which data a whole table comes from: all its numbers at once.

Judged alone, each number may match a different edition. Judged together they cannot: the losses
and accuracies of a run go up and down with each other, so their covariance decides how far a table
lies from each of three hypotheses. It may come from the official edition, from the withdrawn one,
or from another split of the same images; if it fits none of them, it is neither.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy import stats

from ..training.run import Run
from . import published_runs, verdicts
from .claims import METRICS, Claim
from .experiment import Experiment
from .table_distribution import (
    ANOTHER_SPLIT,
    OFFICIAL,
    WITHDRAWN,
    Fit,
    Hypothesis,
    hypotheses,
)
from .verdicts import JudgedClaim

NEITHER, UNDECIDED = "neither", "undecided"
# Where the official edition and another hypothesis fit, the more likely one must lead by so many
# powers of ten. Another split is rare: of 205 official runs each was at least 11 times as likely on
# the official edition, and of 165 runs on re-splits each at most a 700th.
DECIDED = {WITHDRAWN: 2.0, ANOTHER_SPLIT: 0.5}
# The tables that show each.
_TABLES = {OFFICIAL: "official", WITHDRAWN: "MXNet", ANOTHER_SPLIT: "resplit"}
# Below these p-values a table does not fit. Other people's tables scatter more than our runs do:
# of the 13 published, one has 4e-9 when it is judged by the other 12, and the next 0.05.
FITTING = {OFFICIAL: 1e-5, WITHDRAWN: 1e-5, ANOTHER_SPLIT: 1e-4}
# Fewer runs than this do not show how 15 numbers vary together.
FEWEST = 5
# Without its typo a table fits at least as well as this, and the typo is as unlikely as this.
REST_FITTING, TYPO = 1e-3, 1e-6
# "Lines of two tables" must lead by this many powers of ten, plus log10 of the number of tries.
# Each cut with each pair of editions is a try.
MUCH_LIKELIER = 2.0
# Several deviations are tried, so each has to reach this p-value.
DEVIATION_FITTING = 0.01
# A deviation whose runs scatter so much that anything fits explains nothing: this is log10 of the
# density for each number, as of one that is known to 0.05 or so.
PREDICTED = 1.0
# What the first lines of a table and the rest may come from, if they are lines of two tables.
SPLICES = [(OFFICIAL, WITHDRAWN), (OFFICIAL, ANOTHER_SPLIT)]
SPLICES += [(rest, first) for first, rest in SPLICES]
# A table fits no data if more than one in this many of its numbers lies in no interval.
MOST_FAILING = 5


class Typo(NamedTuple):
    """The one number without which a table fits an edition, and the p-value then."""

    claim: Claim
    edition: str
    p_value: float


class Splice(NamedTuple):
    """Epochs after which a table continues as one of other data, and what both parts fit."""

    epochs: int
    first: str
    rest: str


class TableFit(NamedTuple):
    """The fit of a whole table to each kind of data.

    Parameters
    ----------
    table, implementation : str
        Its name, and the implementation by whose runs it is judged.
    fits : dict of str to Fit
        By hypothesis.
    claims : int
        How many of its numbers are judged at once.
    failing : bool
        Whether too many of its numbers, judged or not, lie in no interval.
    typo : Typo or None
        The number without which it fits, if it fits neither edition.
    splice : Splice or None
        Where another table's lines begin, if that is much more likely than that it is one table.
    deviates : bool
        Whether a program that deviates from the tutorial's is known to give it.
    tries : dict of tuple to bool
        Of our own runs, by edition and seed, whether each was classified correctly by the others.
    """

    table: str
    implementation: str
    fits: Dict[str, Fit]
    claims: int
    failing: bool
    typo: Optional[Typo]
    splice: Optional[Splice]
    deviates: bool
    tries: Dict[Tuple[str, int], bool]

    @property
    def log10_ratio(self) -> float:
        """Log10 of the likelihood ratio: the withdrawn edition over the official one."""
        return self.fits[WITHDRAWN].log10_density - self.fits[OFFICIAL].log10_density

    @property
    def edition(self) -> str:
        """``official``, ``withdrawn``, ``another split``, ``neither`` or ``undecided``."""
        if self.failing or self.typo or self.splice or self.deviates:
            return NEITHER
        return decide(self.fits)

    @property
    def is_unexplained(self) -> bool:
        """Whether it fits neither edition, and none of its numbers or lines is the reason."""
        return self.edition in (NEITHER, ANOTHER_SPLIT) and not (self.typo or self.splice)


class Material(NamedTuple):
    """The numbers of a table and of runs, all on the scale of ours.

    Parameters
    ----------
    claims : list of Claim
        Those that are judged at once: numbers of a kind that other people also print.
    table : numpy.ndarray
        Their values, shape (numbers,).
    rounding : numpy.ndarray
        Variance of each printed number's rounding, (numbers,).
    theirs : dict of str to numpy.ndarray
        As of :func:`hypotheses`.
    """

    claims: List[Claim]
    table: np.ndarray
    rounding: np.ndarray
    theirs: Dict[str, np.ndarray]

    @classmethod
    def of(cls, experiment: Experiment, name: str) -> "Material":
        """Return it for the table of a name."""
        claims = [
            each for each in experiment.printed.of(name) if published_runs.has_counterpart(each)
        ]
        # Losses near 0.7, accuracies, per cent: each on a scale of its own.
        unit = np.array([claim.scale for claim in claims])
        columns = [3 * (claim.epoch - 1) + METRICS.index(claim.metric) for claim in claims]
        return cls(
            claims,
            np.array([claim.printed for claim in claims]) / unit,
            np.array([100.0**-claim.digits / 12 for claim in claims]) / unit**2,
            {
                name: published_runs.tables(kind).reshape(-1, 15)[:, columns]
                for name, kind in _TABLES.items()
            },
        )

    def numbers(self, runs: List[Run]) -> np.ndarray:
        """Return the same numbers of some runs, shape (runs, numbers)."""
        return np.array(
            [
                [getattr(run.records, each.metric)[each.epoch - 1] for each in self.claims]
                for run in runs
            ]
        )


def judge_tables(experiment: Experiment, judged_claims: Sequence[JudgedClaim]) -> List[TableFit]:
    """Judge each printed table by the runs, all its numbers at once.

    Returns nothing without verdicts, for another model than that of the published runs, or with
    fewer than five runs on the official edition or on re-splits. Only numbers of a kind that others
    also print are judged so: loss and accuracies of the first five epochs.
    """
    judged = []
    tries: Dict[Tuple, Dict[Tuple[str, int], bool]] = {}
    verdicts_of = {verdict.claim: verdict.verdict for verdict in judged_claims}
    is_judged = experiment.is_comparable() and experiment.has_their_model()
    for name in experiment.printed.tables if is_judged else ():
        of_table = experiment.printed.of(name)
        implementation = of_table[0].implementation
        material = Material.of(experiment, name)
        runs = {
            edition: experiment.of(edition, implementation) for edition in ("official", "resplit")
        }
        if min(map(len, runs.values())) < FEWEST or not material.claims:
            continue
        official, resplit = map(material.numbers, runs.values())
        rest = (
            material.theirs,
            material.rounding,
            published_runs.has_published_settings(experiment.settings),
        )
        by_name = hypotheses(official, resplit, *rest)
        typo = _typo(material, by_name)
        # Tables with the same numbers have the same tries.
        key = (
            implementation,
            tuple((each.epoch, each.metric, each.digits, each.scale) for each in material.claims),
        )
        if key not in tries:
            tries[key] = _leave_one_out(runs, official, resplit, *rest)
        failing = sum(verdicts_of[claim] == verdicts.FAILS for claim in of_table)
        judged.append(
            TableFit(
                name,
                implementation,
                {each: hypothesis.fit(material.table) for each, hypothesis in by_name.items()},
                len(material.claims),
                failing > len(of_table) / MOST_FAILING,
                typo,
                None if typo else _splice(material, by_name),
                name in experiment.deviations,
                tries[key],
            )
        )
    return judged


def _leave_one_out(
    runs: Dict[str, List[Run]], official: np.ndarray, resplit: np.ndarray, *rest: Any
) -> Dict[Tuple[str, int], bool]:
    """Judge each of our own runs by the others; return whether each was classified correctly."""
    tries = {}
    for edition, right in (("official", [OFFICIAL]), ("resplit", [WITHDRAWN, ANOTHER_SPLIT])):
        for k, run in enumerate(runs[edition]):
            others = {"official": official, "resplit": resplit}
            left_out = others[edition][k]
            others[edition] = np.delete(others[edition], k, axis=0)
            by_others = hypotheses(others["official"], others["resplit"], *rest)
            answer = decide({name: each.fit(left_out) for name, each in by_others.items()})
            tries[edition, run.seed] = answer in right
    return tries


def fit_of_deviation(
    experiment: Experiment, table_fit: TableFit, runs: List[Run]
) -> Dict[str, Fit]:
    """Judge a table by runs of a program that deviates from the tutorial's, on the loaded data.

    Returns the fit by edition, for those that it fits; none if another split is more likely.
    """
    material = Material.of(experiment, table_fit.table)
    official, resplit = map(
        material.numbers, (runs, experiment.of("resplit", table_fit.implementation))
    )
    by_name = hypotheses(official, resplit, material.theirs, material.rounding, False)
    split = table_fit.fits[ANOTHER_SPLIT]
    fitting = split.p_value >= FITTING[ANOTHER_SPLIT]
    least = PREDICTED * len(material.table)
    if fitting:
        least = max(least, split.log10_density)
    fits = {name: by_name[name].fit(material.table) for name in (OFFICIAL, WITHDRAWN)}
    return {
        name: fit
        for name, fit in fits.items()
        if fit.p_value >= DEVIATION_FITTING and fit.log10_density >= least
    }


def _typo(material: Material, by_name: Dict[str, Hypothesis]) -> Optional[Typo]:
    """Find the one number without which a table fits an edition, where it fits neither."""
    claims, table = material.claims, material.table
    editions = (OFFICIAL, WITHDRAWN)
    if any(by_name[each].fit(table).p_value >= FITTING[each] for each in editions):
        return None
    best = None
    for k, claim in enumerate(claims if len(claims) > 3 else ()):
        for edition in editions:
            hypothesis = by_name[edition]
            others = np.delete(np.arange(len(table)), k)
            rest = hypothesis.only(others).fit(table[others])
            excess = hypothesis.fit(table).distance - rest.distance
            # The number, given all others, has a Student's t distribution.
            df = hypothesis.df + len(table) - 1
            t = excess * df / (hypothesis.df + rest.distance)
            is_typo = stats.f.sf(t, 1, df) * len(table) < TYPO and rest.p_value >= REST_FITTING
            if is_typo and (best is None or rest.p_value > best.p_value):
                best = Typo(claim, edition, rest.p_value)
    return best


def _splice(material: Material, by_name: Dict[str, Hypothesis]) -> Optional[Splice]:
    """Find the line after which a table continues as another one, if that is much more likely."""
    claims, table = material.claims, material.table
    whole = {name: hypothesis.fit(table) for name, hypothesis in by_name.items()}
    fitting = [fit.log10_density for name, fit in whole.items() if fit.p_value >= FITTING[name]]
    epochs = np.array([claim.epoch for claim in claims])
    places = range(min(epochs), max(epochs))
    ahead = MUCH_LIKELIER + np.log10(len(places) * len(SPLICES) or 1)
    least = max(fitting, default=-np.inf) + ahead
    best = None
    for lines in places:
        parts = [np.flatnonzero(part) for part in (epochs <= lines, epochs > lines)]
        for names in SPLICES:
            fits = [by_name[name].only(part).fit(table[part]) for name, part in zip(names, parts)]
            density = sum(fit.log10_density for fit in fits)
            if min(fit.p_value for fit in fits) >= REST_FITTING and density > least:
                least, best = density, Splice(lines, *names)
    return best


def decide(fits: Dict[str, Fit]) -> str:
    """Return the hypothesis that a table fits, ``neither`` or ``undecided``.

    ``undecided`` between the official edition and another if neither is much more likely. The
    withdrawn edition is one split among all, so another split is the answer only where the
    withdrawn edition does not fit.
    """
    fitting = [name for name, fit in fits.items() if fit.p_value >= FITTING[name]]
    others = [name for name in fitting if name != OFFICIAL]
    if OFFICIAL in fitting and others:
        most_likely = max(others, key=lambda name: fits[name].log10_density)
        ahead = fits[OFFICIAL].log10_density - fits[most_likely].log10_density
        if abs(ahead) < DECIDED[most_likely]:
            return UNDECIDED
        return OFFICIAL if ahead > 0 else others[0]
    return fitting[0] if fitting else NEITHER


def edition_of_table(judged: List[TableFit]) -> Optional[str]:
    """Return what all tables are; ``undecided`` if they differ, None without any."""
    editions = {table_fit.edition for table_fit in judged}
    if not editions:
        return None
    return editions.pop() if len(editions) == 1 else UNDECIDED


def right_of(judged: List[TableFit]) -> Tuple[int, int]:
    """Count our own runs that were classified correctly, and all that were tried.

    Both implementations share the split and the order of a seed: they count once, and as correct
    only if both were. Tables of one implementation are judged by the same runs, at their worst.
    """
    tries: Dict[Tuple[str, int], bool] = {}
    for table_fit in judged:
        for key, right in table_fit.tries.items():
            tries[key] = tries.get(key, True) and right
    return sum(tries.values()), len(tries)
