"""The answer in sentences: the headline and the evidence for it."""

from collections import Counter
from typing import List

from ..data.fashion_mnist import OWN_FILES
from . import published_runs, table_fit, table_sentences, verdicts
from .claims import TUTORIAL, table_in_words
from .edition_names import IN_A_SENTENCE
from .experiment import Experiment
from .judgement import Count, Evidence
from .language import Capitalized, Joined, Listed, Message, Text

# With fewer runs, Student's t gives intervals so wide that almost any number would match.
FEW_RUNS = 5


def counts(evidence: Evidence) -> List[Count]:
    """Count the verdicts that occur on the printed numbers, the best first."""
    if _why_no_verdicts(evidence.experiment):
        return []
    judged = Counter(each.verdict for each in evidence.verdicts if verdicts.is_judged(each.claim))
    return [
        Count(verdict, judged[verdict], verdicts.in_words(verdict, evidence.experiment.printed))
        for verdict in verdicts.NUMBERS
        if judged[verdict]
    ]


def headline(evidence: Evidence, counted: List[Count]) -> Text:
    """Return the whole answer in plain sentences; without verdicts, the reason why."""
    return _why_no_verdicts(evidence.experiment) or Joined(" ", _answer(evidence, counted))


def _why_no_verdicts(experiment: Experiment) -> Text:
    printed = experiment.printed
    if experiment.data.edition == OWN_FILES:
        return Message("No verdicts: these are files of your own, not an edition of the data set.")
    if not experiment.has_their_settings():
        return Message(
            "No verdicts: the numbers in {name} are for {epochs} epochs, batch size {batch_size} "
            "and learning rate {lr}.",
            name=Message(printed.name),
            epochs=printed.epochs,
            batch_size=printed.batch_size,
            lr=printed.lr,
        )
    completed = _completed(experiment)
    if completed == 0:
        return Message("No verdicts: no run of each implementation was completed.")
    if completed == 1:
        return Message("No verdicts: one run is not enough. Use --runs 10.")
    return ""


def _completed(experiment: Experiment) -> int:
    return len(experiment.of(experiment.data.edition, experiment.printed.implementations[0]))


def _answer(evidence: Evidence, counted: List[Count]) -> List[Text]:
    experiment = evidence.experiment
    of = {count.verdict: count.n for count in counted}
    total, failing, completed = sum(of.values()), of.get(verdicts.FAILS, 0), _completed(experiment)
    facts = [Message(name) for name in evidence.different()]
    few = completed < FEW_RUNS
    misfits = [
        table_in_words(each.table) for each in evidence.tables if each.edition == table_fit.NEITHER
    ]
    if failing and not evidence.unexplained():
        first = Message(
            "Only with a change to the program: {n} of {count} numbers does not match without it."
            if failing == 1
            else "Only with a change to the program: {n} of {count} numbers do not match without "
            "it.",
            n=failing,
            count=total,
        )
    elif failing:
        first = Message(
            "No: {n} of {count} numbers is neither reproduced nor explained."
            if failing == 1
            else "No: {n} of {count} numbers are neither reproduced nor explained.",
            n=failing,
            count=total,
        )
    elif verdicts.NO_VERDICT in of:
        first = Message("No answer yet.")
    elif facts:
        first = Message("Not quite: all {count} numbers are accounted for.", count=total)
    elif misfits:
        first = Message(
            "Not quite: each of the {count} numbers is accounted for, but together those of "
            "{tables} fit no data.",
            count=total,
            tables=Listed(misfits),
        )
    elif few:
        first = Message(
            "Yes, as far as {n} runs can show: all {count} numbers are accounted for.",
            n=completed,
            count=total,
        )
    else:
        first = Message("Yes: all {count} numbers are accounted for.", count=total)
    sentences: List[Text] = [first]
    parts = [
        _part(experiment, verdict, n) for verdict, n in of.items() if verdict != verdicts.FAILS
    ]
    if parts:
        sentences.append(Message("{parts}.", parts=Joined("; ", parts)))
    if facts:
        sentences.append(
            Message(
                "Different from {name}: {facts}.",
                name=Message(experiment.printed.name),
                facts=Listed(facts),
            )
        )
    if few:
        sentences.append(
            Message(
                "With {n} runs the intervals are so wide that almost any number matches. "
                "Use --runs 10.",
                n=completed,
            )
        )
    return sentences


def _part(experiment: Experiment, verdict: verdicts.Verdict, n: int) -> Text:
    """Write one verdict's part of the answer."""
    is_tutorial = experiment.printed.name == TUTORIAL.name
    if verdict == verdicts.REPRODUCES:
        data = IN_A_SENTENCE[experiment.data.edition]
        return Message("{n} matches on {data}" if n == 1 else "{n} match on {data}", n=n, data=data)
    if verdict == verdicts.ON_RESPLIT and is_tutorial:
        return Message(
            "{n} matches only on a different train/test split, because the tutorial used an "
            "edition of the data that was withdrawn later"
            if n == 1
            else "{n} match only on a different train/test split, because the tutorial used an "
            "edition of the data that was withdrawn later",
            n=n,
        )
    if verdict == verdicts.ON_RESPLIT:
        return Message(
            "{n} matches only on a different train/test split, which points to the edition of the "
            "data that was withdrawn later"
            if n == 1
            else "{n} match only on a different train/test split, which points to the edition of "
            "the data that was withdrawn later",
            n=n,
        )
    if verdict == verdicts.EXPLAINED and is_tutorial:
        return Message(
            "{n} comes from a bug in its accuracy line"
            if n == 1
            else "{n} come from a bug in its accuracy line",
            n=n,
        )
    if verdict == verdicts.EXPLAINED:
        return Message(
            "{n} comes from a bug in the accuracy line"
            if n == 1
            else "{n} come from a bug in the accuracy line",
            n=n,
        )
    return Message(
        "{n} waits for runs that were not made"
        if n == 1
        else "{n} wait for runs that were not made",
        n=n,
    )


def each_alone(evidence: Evidence) -> Text:
    """Return how many numbers each edition accounts for by itself; empty if there is only one.

    A number may match on either edition, so that the answer's count is one over two hypotheses.
    """
    judged = [each for each in evidence.verdicts if verdicts.is_judged(each.claim)]
    alone = [
        sum(verdicts.is_within(each.claim, each.intervals.get(edition)) for each in judged)
        for edition in evidence.experiment.editions()
        if any(edition in each.intervals for each in judged)
    ]
    if len(alone) < 2:
        return ""
    return Message(
        "The official data alone account for {ours} of the {count} numbers, re-split data alone "
        "for {theirs}.",
        ours=alone[0],
        count=len(judged),
        theirs=alone[1],
    )


def sentences(evidence: Evidence) -> List[Text]:
    """Return the evidence beyond the headline: editions, whole tables, others' runs, readings."""
    found = [
        each_alone(evidence),
        table_sentences.in_a_sentence(evidence.tables),
        published_runs.in_a_sentence(evidence.experiment, evidence.predictions),
    ]
    found += [
        Message("{parts}.", parts=Capitalized(reading)) for reading in evidence.experiment.readings
    ]
    return [sentence for sentence in found if sentence]
