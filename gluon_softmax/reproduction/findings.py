"""All that one call of ``reproduce`` found, and what it amounts to."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Set

from ..data.fashion_mnist import OWN_FILES, FashionMNIST
from ..training.run import Run, Settings
from . import verdicts
from .claims import TUTORIAL, Figure, Printed
from .facts import Fact
from .language import Saying, say
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
    readings : list of Saying
        Sentences that tell as what a reader's tables are read.
    deviations : set of str
        The tables that a program gives which deviates from the tutorial's; ``readings`` say how.
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
    readings: List[Saying] = field(default_factory=list)
    deviations: Set[str] = field(default_factory=set)
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
        return say("No verdicts: these are files of your own, not an edition of the data set.")
    printed = found.printed
    if not found.has_their_settings():
        return say(
            "No verdicts: {name}'s figures are for {epochs} epochs, batch size {batch_size} and "
            "learning rate {lr}.",
            name=say(printed.name),
            epochs=printed.epochs,
            batch_size=printed.batch_size,
            lr=printed.lr,
        )
    ended = len(found.of(found.data.edition, printed.versions[0]))
    if ended < 2:
        if ended:
            return say("No verdicts: one run settles nothing; --runs 10 does.")
        return say("No verdicts: no run ended; --runs 10 settles it.")
    judged = [each for each in judged if verdicts.is_judged(each.figure)]
    counts = Counter(verdict.verdict for verdict in judged)
    on_resplit, explained = counts[verdicts.ON_RESPLIT], counts[verdicts.EXPLAINED]
    good, failing = counts[verdicts.REPRODUCES] + on_resplit, counts[verdicts.FAILS]
    parts = [
        say("{n} of {count} figures reproduce", n=good, count=len(judged)),
        say("{n} of them on a re-split only", n=on_resplit),
        say("{n} more is explained" if explained == 1 else "{n} more are explained", n=explained),
        say("{n} does not" if failing == 1 else "{n} do not", n=failing),
    ]
    if not on_resplit:
        del parts[1]
    if counts[verdicts.NO_VERDICT]:
        parts.append(say("{n} wait for runs that were not made", n=counts[verdicts.NO_VERDICT]))
    told = [say("{parts}.", parts=say(", ").join(parts))]
    # Each figure may choose the edition that suits it: so what does each explain by itself?
    alone = {
        edition: sum(
            verdicts.is_within(each.figure, each.intervals.get(edition)) for each in judged
        )
        for edition in found.editions()
        if any(edition in each.intervals for each in judged)
    }
    if len(alone) > 1:
        told.append(
            say(
                "Alone, the {edition} edition explains {ours} of the {count} and re-splits explain "
                "{theirs}.",
                edition=found.data.edition,
                ours=alone[found.data.edition],
                count=len(judged),
                theirs=alone["resplit"],
            )
        )
    if ended < FEW_RUNS:
        told.append(
            say(
                "With {ended} runs the intervals are so wide that hardly anything can fail.",
                ended=ended,
            )
        )
    return say(" ").join(told)
