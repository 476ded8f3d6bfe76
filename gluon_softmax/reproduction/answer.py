"""The answer in sentences: the headline and the evidence for it."""

from collections import Counter
from typing import List, NamedTuple

from ..data.fashion_mnist import OWN_FILES
from . import published, table_fit, verdicts
from .claims import TUTORIAL
from .experiment import Experiment
from .judgement import Judgement
from .language import listed, translate

# With fewer runs, Student's t gives intervals so wide that almost any number would match.
FEW_RUNS = 5


class Count(NamedTuple):
    """How many of the judged numbers have a verdict."""

    verdict: str
    n: int


def counts(judgement: Judgement) -> List[Count]:
    """Count the verdicts on the printed numbers.

    Parameters
    ----------
    judgement : Judgement
        What an experiment shows.

    Returns
    -------
    list of Count
        Only verdicts that occur, the best first; empty if nothing is judged.
    """
    if _why_no_verdicts(judgement.experiment):
        return []
    judged = Counter(each.verdict for each in judgement.verdicts if verdicts.is_judged(each.claim))
    return [Count(verdict, judged[verdict]) for verdict in verdicts.NUMBERS if judged[verdict]]


def headline(judgement: Judgement) -> str:
    """Answer whether the printed numbers can be reproduced.

    Parameters
    ----------
    judgement : Judgement
        What an experiment shows.

    Returns
    -------
    str
        The whole answer in plain sentences; without verdicts, the reason why.
    """
    return _why_no_verdicts(judgement.experiment) or translate(" ").join(_answer(judgement))


def _why_no_verdicts(experiment: Experiment) -> str:
    printed = experiment.printed
    if experiment.data.edition == OWN_FILES:
        return translate(
            "No verdicts: these are files of your own, not an edition of the data set."
        )
    if not experiment.has_their_settings():
        return translate(
            "No verdicts: the numbers in {name} are for {epochs} epochs, batch size {batch_size} "
            "and learning rate {lr}.",
            name=translate(printed.name),
            epochs=printed.epochs,
            batch_size=printed.batch_size,
            lr=printed.lr,
        )
    completed = _completed(experiment)
    if completed == 0:
        return translate("No verdicts: no run was completed. Use --runs 10.")
    if completed == 1:
        return translate("No verdicts: one run is not enough. Use --runs 10.")
    return ""


def _completed(experiment: Experiment) -> int:
    return len(experiment.of(experiment.data.edition, experiment.printed.implementations[0]))


def _answer(judgement: Judgement) -> List[str]:
    experiment = judgement.experiment
    of = {count.verdict: count.n for count in counts(judgement)}
    total, failing, completed = sum(of.values()), of.get(verdicts.FAILS, 0), _completed(experiment)
    facts = [translate(name) for name in judgement.different()]
    few = completed < FEW_RUNS
    misfits = [each.table for each in judgement.tables if each.edition == table_fit.NEITHER]
    if failing and not judgement.unexplained():
        first = translate(
            "Only with a change to the program: {n} of {count} numbers does not match without it."
            if failing == 1
            else "Only with a change to the program: {n} of {count} numbers do not match without "
            "it.",
            n=failing,
            count=total,
        )
    elif failing:
        first = translate(
            "No: {n} of {count} numbers is not reproduced or explained."
            if failing == 1
            else "No: {n} of {count} numbers are not reproduced or explained.",
            n=failing,
            count=total,
        )
    elif verdicts.NO_VERDICT in of:
        first = translate("No answer yet.")
    elif facts:
        first = translate("Not quite: all {count} numbers are accounted for.", count=total)
    elif misfits:
        first = translate(
            "Not quite: each of the {count} numbers is accounted for, but together those of "
            "{tables} fit no data.",
            count=total,
            tables=listed(misfits),
        )
    elif few:
        first = translate(
            "Yes, as far as {n} runs can show: all {count} numbers are accounted for.",
            n=completed,
            count=total,
        )
    else:
        first = translate("Yes: all {count} numbers are accounted for.", count=total)
    sentences = [first]
    parts = [
        _part(experiment, verdict, n) for verdict, n in of.items() if verdict != verdicts.FAILS
    ]
    if parts:
        sentences.append(translate("{parts}.", parts=translate("; ").join(parts)))
    if facts:
        sentences.append(
            translate(
                "Different from {name}: {facts}.",
                name=translate(experiment.printed.name),
                facts=listed(facts),
            )
        )
    if few:
        sentences.append(
            translate(
                "With {n} runs the intervals are so wide that almost any number matches. "
                "Use --runs 10.",
                n=completed,
            )
        )
    return sentences


def _part(experiment: Experiment, verdict: str, n: int) -> str:
    """Write one verdict's part of the answer."""
    is_tutorial = experiment.printed.name == TUTORIAL.name
    if verdict == verdicts.REPRODUCES:
        data = data_in_words(experiment.data.edition)
        return translate(
            "{n} matches on {data}" if n == 1 else "{n} match on {data}", n=n, data=data
        )
    if verdict == verdicts.ON_RESPLIT:
        part = translate(
            "{n} matches only on a different train/test split"
            if n == 1
            else "{n} match only on a different train/test split",
            n=n,
        )
        return part + (
            translate(", because the tutorial used an edition of the data that was withdrawn later")
            if is_tutorial
            else translate(", which points to the edition of the data that was withdrawn later")
        )
    if verdict == verdicts.EXPLAINED and is_tutorial:
        return translate(
            "{n} comes from a bug in its accuracy line"
            if n == 1
            else "{n} come from a bug in its accuracy line",
            n=n,
        )
    if verdict == verdicts.EXPLAINED:
        return translate(
            "{n} comes from a bug in the accuracy line"
            if n == 1
            else "{n} come from a bug in the accuracy line",
            n=n,
        )
    return translate(
        "{n} waits for runs that were not made"
        if n == 1
        else "{n} wait for runs that were not made",
        n=n,
    )


def data_in_words(edition: str) -> str:
    """Name an edition of the data as it stands in a sentence."""
    return {
        "official": translate("the official data"),
        "mxnet": translate("the withdrawn edition of the data"),
        "resplit": translate("re-split data"),
        OWN_FILES: translate("your own files"),
    }[edition]


def short(edition: str) -> str:
    """Name an edition in a word, for the head of a column."""
    return {
        "official": translate("official"),
        "mxnet": translate("withdrawn"),
        "resplit": translate("re-split"),
        OWN_FILES: translate("own files"),
    }[edition]


def each_alone(judgement: Judgement) -> str:
    """Return how many numbers each edition accounts for by itself; empty if there is only one.

    A number may match on either edition, so that the answer's count is one over two hypotheses.
    """
    judged = [each for each in judgement.verdicts if verdicts.is_judged(each.claim)]
    alone = [
        sum(verdicts.is_within(each.claim, each.intervals.get(edition)) for each in judged)
        for edition in judgement.experiment.editions()
        if any(edition in each.intervals for each in judged)
    ]
    if len(alone) < 2:
        return ""
    return translate(
        "The official data alone account for {ours} of the {count} numbers, re-split data alone "
        "for {theirs}.",
        ours=alone[0],
        count=len(judged),
        theirs=alone[1],
    )


def sentences(judgement: Judgement) -> List[str]:
    """List the evidence beyond the headline.

    Parameters
    ----------
    judgement : Judgement
        What an experiment shows.

    Returns
    -------
    list of str
        What each edition accounts for, what the tables as a whole say, what others' runs predict,
        and how a reader's tables were understood; each if there is something to say.
    """
    evidence = [
        each_alone(judgement),
        table_fit.in_a_sentence(judgement.tables),
        published.in_a_sentence(judgement.experiment, judgement.predictions),
    ]
    for reading in map(str, judgement.experiment.readings):
        evidence.append(translate("{parts}.", parts=reading[0].upper() + reading[1:]))
    return [sentence for sentence in evidence if sentence]
