"""The results of one call of ``reproduce``, and the answer that they give."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Optional, Set

from ..data.fashion_mnist import OWN_FILES, FashionMNIST
from ..training.run import Run, Settings
from . import verdicts
from .claims import TUTORIAL, Claim, Printed
from .exact_results import ExactResult
from .language import Message, listed, say
from .verdicts import Verdict

# With fewer runs, Student's t gives intervals so wide that almost any number would match.
FEW_RUNS = 5


@dataclass
class Experiment:
    """The results of one call of ``reproduce``.

    Parameters
    ----------
    data : FashionMNIST
        The loaded edition.
    settings : Settings
        Of all runs.
    seed, runs_asked : int
        Seed of the first run, and how many runs were requested.
    facts : list of ExactResult
        Results of the parts of the tutorial that train nothing.
    reading_seconds : float or None
        Duration of one pass of the tutorial's own data loader over the training set.
    runs : dict of str to list of Run
        Completed runs by edition, in their order; of each implementation with printed numbers.
    with_their_batch_size : list of Run
        The first runs on re-splits repeated with the batch size of the published runs.
    readings : list of Message
        How a reader's tables were understood, a sentence each.
    deviations : set of str
        Tables that a known deviation from the tutorial explains; ``readings`` name it.
    printed : Printed
        The numbers to reproduce.
    partial : bool
        True if it ended before all runs were completed.
    stopped : str
        The error that ended it, if one did.
    started : str
        When it started, as an ISO 8601 date and time; empty if unknown.
    seconds : float or None
        How long it took.
    """

    data: FashionMNIST
    settings: Settings
    seed: int
    runs_asked: int
    facts: List[ExactResult] = field(default_factory=list)
    reading_seconds: Optional[float] = None
    runs: Dict[str, List[Run]] = field(default_factory=dict)
    with_their_batch_size: List[Run] = field(default_factory=list)
    readings: List[Message] = field(default_factory=list)
    deviations: Set[str] = field(default_factory=set)
    printed: Printed = TUTORIAL
    partial: bool = False
    stopped: str = ""
    started: str = ""
    seconds: Optional[float] = None

    def of(self, edition: str, implementation: str) -> List[Run]:
        """List the runs of one implementation on an edition."""
        return [run for run in self.runs.get(edition, []) if run.implementation == implementation]

    def values(self, edition: str, claim: Claim) -> List[float]:
        """List the values that the runs on an edition gave for one of the printed numbers."""
        runs = self.of(edition, claim.implementation)
        if claim.metric == "accuracy_before":
            return [run.accuracy_before for run in runs]
        epoch = claim.epoch - 1
        number = claim.mistaken_class
        if number is not None:
            return [claim.scale * run.records.shares[epoch][number] for run in runs]
        return [claim.scale * getattr(run.records, claim.metric)[epoch] for run in runs]

    def has_their_settings(self) -> bool:
        """Check whether the runs have the settings of the printed numbers."""
        settings, printed = self.settings, self.printed
        ours = (settings.epochs, settings.batch_size, settings.lr)
        return ours == (printed.epochs, printed.batch_size, printed.lr)

    def is_comparable(self) -> bool:
        """Check whether settings and data allow a comparison with the printed numbers."""
        return self.has_their_settings() and self.data.edition != OWN_FILES

    def may_be_predicted(self) -> bool:
        """Check whether the published runs, at the book's learning rate, predict the numbers."""
        return self.is_comparable() and self.settings.lr == 0.1 and "resplit" in self.editions()

    def verdicts(self) -> List[Verdict]:
        """Judge the printed numbers; an empty list if they are not comparable."""
        if not self.is_comparable():
            return []
        values = {
            edition: {claim: self.values(edition, claim) for claim in self.printed.claims}
            for edition in self.runs
        }
        return verdicts.judge(
            self.printed.claims, values, self.data.edition, awaited=self.editions()
        )

    def editions(self) -> List[str]:
        """List the editions to train on, the loaded one first."""
        return [self.data.edition] + ["resplit"] * (self.data.edition == "official")

    def failures(self) -> List[str]:
        """Name the facts and numbers that are neither reproduced nor explained."""
        facts = [fact.name for fact in self.facts if fact.verdict == verdicts.FAILS]
        return facts + [claim.name for claim in self.unexplained()]

    def unexplained(self) -> List[Claim]:
        """List the numbers that are neither reproduced nor explained."""
        return [
            each.claim
            for each in self.verdicts()
            if each.verdict == verdicts.FAILS and each.claim.table not in self.deviations
        ]


class Count(NamedTuple):
    """How many of the judged numbers have a verdict."""

    verdict: str
    n: int


def counts(found: Experiment) -> List[Count]:
    """Count the verdicts on the printed numbers.

    Parameters
    ----------
    found : Experiment
        The results.

    Returns
    -------
    list of Count
        Only verdicts that occur, the best first; empty if nothing is judged.
    """
    if _why_no_verdicts(found):
        return []
    judged = Counter(each.verdict for each in found.verdicts() if verdicts.is_judged(each.claim))
    return [Count(verdict, judged[verdict]) for verdict in verdicts.NUMBERS if judged[verdict]]


def headline(found: Experiment) -> str:
    """Answer whether the printed numbers can be reproduced.

    Parameters
    ----------
    found : Experiment
        The results.

    Returns
    -------
    str
        The whole answer in plain sentences; without verdicts, the reason why.
    """
    return _why_no_verdicts(found) or say(" ").join(_answer(found))


def _why_no_verdicts(found: Experiment) -> str:
    printed = found.printed
    if found.data.edition == OWN_FILES:
        return say("No verdicts: these are files of your own, not an edition of the data set.")
    if not found.has_their_settings():
        return say(
            "No verdicts: the numbers in {name} are for {epochs} epochs, batch size {batch_size} "
            "and learning rate {lr}.",
            name=say(printed.name),
            epochs=printed.epochs,
            batch_size=printed.batch_size,
            lr=printed.lr,
        )
    completed = _completed(found)
    if completed == 0:
        return say("No verdicts: no run was completed. Use --runs 10.")
    if completed == 1:
        return say("No verdicts: one run is not enough. Use --runs 10.")
    return ""


def _completed(found: Experiment) -> int:
    return len(found.of(found.data.edition, found.printed.implementations[0]))


def _answer(found: Experiment) -> List[str]:
    of = {count.verdict: count.n for count in counts(found)}
    total, failing, completed = sum(of.values()), of.get(verdicts.FAILS, 0), _completed(found)
    facts = [say(fact.name) for fact in found.facts if fact.verdict == verdicts.FAILS]
    few = completed < FEW_RUNS
    misfits = _tables_that_fit_no_data(found)
    if failing and not found.unexplained():
        first = say(
            "Only with a change to the program: {n} of {count} numbers does not match without it."
            if failing == 1
            else "Only with a change to the program: {n} of {count} numbers do not match without "
            "it.",
            n=failing,
            count=total,
        )
    elif failing:
        first = say(
            "No: {n} of {count} numbers is not reproduced or explained."
            if failing == 1
            else "No: {n} of {count} numbers are not reproduced or explained.",
            n=failing,
            count=total,
        )
    elif verdicts.NO_VERDICT in of:
        first = say("No answer yet.")
    elif facts:
        first = say("Not quite: all {count} numbers are accounted for.", count=total)
    elif misfits:
        first = say(
            "Not quite: each of the {count} numbers is accounted for, but together those of "
            "{tables} fit no data.",
            count=total,
            tables=listed(misfits),
        )
    elif few:
        first = say(
            "Yes, as far as {n} runs can show: all {count} numbers are accounted for.",
            n=completed,
            count=total,
        )
    else:
        first = say("Yes: all {count} numbers are accounted for.", count=total)
    sentences = [first]
    parts = [_part(found, verdict, n) for verdict, n in of.items() if verdict != verdicts.FAILS]
    if parts:
        sentences.append(say("{parts}.", parts=say("; ").join(parts)))
    if facts:
        sentences.append(
            say(
                "Different from {name}: {facts}.", name=say(found.printed.name), facts=listed(facts)
            )
        )
    if few:
        sentences.append(
            say(
                "With {n} runs the intervals are so wide that almost any number matches. "
                "Use --runs 10.",
                n=completed,
            )
        )
    return sentences


def _tables_that_fit_no_data(found: Experiment) -> List[str]:
    # It imports this module itself.
    from .table_fit import NEITHER, judge_tables

    return [table_fit.table for table_fit in judge_tables(found) if table_fit.edition == NEITHER]


def _part(found: Experiment, verdict: str, n: int) -> str:
    """Write one verdict's part of the answer."""
    is_tutorial = found.printed.name == TUTORIAL.name
    if verdict == verdicts.REPRODUCES:
        data = data_in_words(found.data.edition)
        return say("{n} matches on {data}" if n == 1 else "{n} match on {data}", n=n, data=data)
    if verdict == verdicts.ON_RESPLIT:
        part = say(
            "{n} matches only on a different train/test split"
            if n == 1
            else "{n} match only on a different train/test split",
            n=n,
        )
        return part + (
            say(", because the tutorial used an edition of the data that was withdrawn later")
            if is_tutorial
            else say(", which points to the edition of the data that was withdrawn later")
        )
    if verdict == verdicts.EXPLAINED and is_tutorial:
        return say(
            "{n} comes from a bug in its accuracy line"
            if n == 1
            else "{n} come from a bug in its accuracy line",
            n=n,
        )
    if verdict == verdicts.EXPLAINED:
        return say(
            "{n} comes from a bug in the accuracy line"
            if n == 1
            else "{n} come from a bug in the accuracy line",
            n=n,
        )
    return say(
        "{n} waits for runs that were not made"
        if n == 1
        else "{n} wait for runs that were not made",
        n=n,
    )


def data_in_words(edition: str) -> str:
    """Name an edition of the data as it stands in a sentence."""
    return {
        "official": say("the official data"),
        "mxnet": say("the withdrawn edition of the data"),
        "resplit": say("re-split data"),
        OWN_FILES: say("your own files"),
    }[edition]


def short(edition: str) -> str:
    """Name an edition in a word, for the head of a column."""
    return {
        "official": say("official"),
        "mxnet": say("withdrawn"),
        "resplit": say("re-split"),
        OWN_FILES: say("own files"),
    }[edition]


def each_alone(found: Experiment) -> str:
    """Say how many numbers each edition accounts for by itself; empty if there is only one.

    A number may match on either edition, so that the answer's count is one over two hypotheses.
    """
    judged = [each for each in found.verdicts() if verdicts.is_judged(each.claim)]
    alone = [
        sum(verdicts.is_within(each.claim, each.intervals.get(edition)) for each in judged)
        for edition in found.editions()
        if any(edition in each.intervals for each in judged)
    ]
    if len(alone) < 2:
        return ""
    return say(
        "The official data alone account for {ours} of the {count} numbers, re-split data alone "
        "for {theirs}.",
        ours=alone[0],
        count=len(judged),
        theirs=alone[1],
    )
