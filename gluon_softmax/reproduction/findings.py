"""All that one call of ``reproduce`` found, and what it amounts to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List, Optional

from ..data.fashion_mnist import OWN_FILES, FashionMNIST
from ..training.run import Run, Settings
from . import verdicts
from .claims import TUTORIAL, Figure, Printed
from .facts import Fact
from .verdicts import Verdict

# Below this many runs, Student's t makes intervals that would let almost any figure pass.
FEW_RUNS = 5


@dataclass
class Reproduction:
    """All that one call of ``reproduce`` found.

    Parameters
    ----------
    data : FashionMNIST
        The edition at hand.
    settings : Settings
        Of all runs.
    seed, runs_asked : int
        The first run's seed and the number of runs asked for.
    facts : list of Fact
        Of the parts of the tutorial that involve no training.
    reading_seconds : float or None
        One pass of the tutorial's own loader over the training set.
    runs : dict of str to list of Run
        By edition, in the order in which they ended; of each version that printed something.
    with_their_batch_size : list of Run
        The first of those on re-splits once more, with the batch size of others' published runs.
    readings : list of str
        Sentences that tell as what a reader's tables are read.
    printed : Printed
        What there is to be reproduced.
    partial : bool
        Whether it ended before all runs were done.
    stopped : str
        Why, if an error ended it.
    """

    data: FashionMNIST
    settings: Settings
    seed: int
    runs_asked: int
    facts: List[Fact] = field(default_factory=list)
    reading_seconds: Optional[float] = None
    runs: Dict[str, List[Run]] = field(default_factory=dict)
    with_their_batch_size: List[Run] = field(default_factory=list)
    readings: List[str] = field(default_factory=list)
    printed: Printed = TUTORIAL
    partial: bool = False
    stopped: str = ""

    def of(self, edition: str, version: str) -> List[Run]:
        """List an edition's runs of one version."""
        return [run for run in self.runs.get(edition, []) if run.version == version]

    def values(self, edition: str, figure: Figure) -> List[float]:
        """List what the runs on an edition gave for one of the printed figures."""
        runs = self.of(edition, figure.version)
        if figure.metric == "accuracy_before":
            return [run.accuracy_before for run in runs]
        epoch = figure.epoch - 1
        number = figure.mistaken_class
        if number is not None:
            return [figure.scale * run.records.shares[epoch][number] for run in runs]
        return [figure.scale * getattr(run.records, figure.metric)[epoch] for run in runs]

    def has_their_settings(self) -> bool:
        """Tell whether the settings are those with which the printed figures were got."""
        settings, printed = self.settings, self.printed
        ours = (settings.epochs, settings.batch_size, settings.lr)
        return ours == (printed.epochs, printed.batch_size, printed.lr)

    def is_comparable(self) -> bool:
        """Tell whether settings and data are such as the printed figures are for."""
        return self.has_their_settings() and self.data.edition != OWN_FILES

    def may_be_predicted(self) -> bool:
        """Tell whether others' runs, which are at the book's rate, predict the printed figures."""
        return self.is_comparable() and self.settings.lr == 0.1 and "resplit" in self.editions()

    def verdicts(self) -> List[Verdict]:
        """Judge the printed figures; none if they are not comparable."""
        if not self.is_comparable():
            return []
        values = {
            edition: {figure: self.values(edition, figure) for figure in self.printed.figures}
            for edition in self.runs
        }
        return verdicts.judge(
            self.printed.figures, values, self.data.edition, awaited=self.editions()
        )

    def editions(self) -> List[str]:
        """List the editions on which runs are asked for, that at hand first."""
        return [self.data.edition] + ["resplit"] * (self.data.edition == "official")

    def failures(self) -> List[str]:
        """Name what neither reproduces nor is explained."""
        return [fact.name for fact in self.facts if fact.verdict == verdicts.FAILS] + [
            verdict.figure.name for verdict in self.verdicts() if verdict.verdict == verdicts.FAILS
        ]


def headline(found: Reproduction) -> str:
    """Answer in one sentence how much of what is printed reproduces.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    str
        The sentence; without figures, why there is no verdict.
    """
    judged = found.verdicts()
    if found.data.edition == OWN_FILES:
        return "No verdicts: these are files of your own, not an edition of the data set."
    printed = found.printed
    if not found.has_their_settings():
        return (
            f"No verdicts: {printed.name}'s figures are for {printed.epochs} epochs, batch size "
            f"{printed.batch_size} and learning rate {printed.lr}."
        )
    ended = len(found.of(found.data.edition, printed.versions[0]))
    if ended < 2:
        what = "one run settles" if ended else "no runs settle"
        return f"No verdicts: {what} nothing; --runs 10 does."
    judged = [each for each in judged if verdicts.is_judged(each.figure)]
    counts = Counter(verdict.verdict for verdict in judged)
    good = counts[verdicts.REPRODUCES] + counts[verdicts.ON_RESPLIT]
    parts = [
        f"{good} of {len(judged)} figures reproduce",
        f"{counts[verdicts.ON_RESPLIT]} of them on a re-split only",
        f"{counts[verdicts.EXPLAINED]} more {'is' if counts[verdicts.EXPLAINED] == 1 else 'are'} "
        "explained",
        f"{counts[verdicts.FAILS]} {'does' if counts[verdicts.FAILS] == 1 else 'do'} not",
    ]
    if not counts[verdicts.ON_RESPLIT]:
        del parts[1]
    if counts[verdicts.NO_VERDICT]:
        parts.append(f"{counts[verdicts.NO_VERDICT]} wait for runs that were not made")
    sentences = [", ".join(parts) + "."]
    # Each figure may choose the edition that suits it: so what does each explain by itself?
    alone = {
        edition: sum(
            verdicts.is_within(each.figure, each.intervals.get(edition)) for each in judged
        )
        for edition in found.editions()
        if any(edition in each.intervals for each in judged)
    }
    if len(alone) > 1:
        sentences.append(
            f"Alone, the {found.data.edition} edition explains {alone[found.data.edition]} of the "
            f"{len(judged)} and re-splits explain {alone['resplit']}."
        )
    if ended < FEW_RUNS:
        sentences.append(
            f"With {ended} runs the intervals are so wide that hardly anything can fail."
        )
    return " ".join(sentences)
