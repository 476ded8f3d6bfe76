"""What an experiment shows."""

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from . import verdicts
from .claims import Claim
from .experiment import Experiment
from .language import Message, Text
from .published_runs import Prediction
from .table_fit import TableFit
from .verdicts import JudgedClaim, Verdict


@dataclass(frozen=True)
class Row:
    """A printed number and its results.

    Parameters
    ----------
    claim : Claim
        The printed number.
    values : dict of str to list of float
        The values in our runs, by edition.
    intervals : dict of str to tuple of float
        Prediction interval for one more run, by edition.
    others : Prediction or None
        What other people's runs predict.
    verdict : Verdict
        On the number.
    verdict_in_words : Text
        The same for people.
    note : Message or None
        A remark that several rows may share.
    """

    claim: Claim
    values: Dict[str, List[float]]
    intervals: Dict[str, Tuple[float, float]]
    others: Optional[Prediction]
    verdict: Verdict
    verdict_in_words: Text
    note: Optional[Message]

    def mean(self, edition: str) -> float:
        """Return the mean of our runs on an edition."""
        return float(np.mean(self.values[edition]))


@dataclass(frozen=True)
class Evidence:
    """What an experiment shows, number by number and table by table.

    Parameters
    ----------
    experiment : Experiment
        The runs, and the numbers to compare with.
    verdicts : list of JudgedClaim
        One for each number; empty if they are not comparable.
    tables : list of TableFit
        Which data each whole table fits; empty if there are too few runs.
    predictions : dict of Claim to Prediction
        What other people's runs predict.
    rows : list of Row
        The results of each number, in their order; empty if no run was completed.
    """

    experiment: Experiment
    verdicts: List[JudgedClaim]
    tables: List[TableFit]
    predictions: Dict[Claim, Prediction]
    rows: List[Row]

    def unexplained(self) -> List[Claim]:
        """List the numbers that are neither reproduced nor explained."""
        return [
            each.claim
            for each in self.verdicts
            if each.verdict == verdicts.FAILS and each.claim.table not in self.experiment.deviations
        ]

    def misfits(self) -> List[TableFit]:
        """List the tables that fit neither edition, for no reason that they show themselves."""
        return [each for each in self.tables if each.is_unexplained]

    def different(self) -> List[str]:
        """Name the exact results that differ for no known reason."""
        return [each.name for each in self.experiment.facts if each.verdict == verdicts.FAILS]

    def failures(self) -> List[str]:
        """Name the exact results and numbers that are neither reproduced nor explained."""
        return self.different() + [claim.name for claim in self.unexplained()]


class Count(NamedTuple):
    """How many of the judged numbers have a verdict, and the words for the verdict."""

    verdict: Verdict
    n: int
    in_words: Text


@dataclass(frozen=True)
class Judgement(Evidence):
    """The evidence and the answer, computed once; the renderers only format them.

    Parameters
    ----------
    counts : list of Count
        How many of the judged numbers have each verdict; empty without verdicts.
    headline : Text
        The answer to whether the numbers can be reproduced.
    sentences : list of Text
        What supports it.
    """

    counts: List[Count]
    headline: Text
    sentences: List[Text]
