"""The answer: the verdict on each number and each table, and the sentences that report them."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Dict, List

import numpy as np

from ..data.fashion_mnist import CLASS_NAMES, OWN_FILES
from . import published_runs, table_sentences, verdicts
from .claims import TUTORIAL, Claim, table_in_words
from .edition_names import IN_A_SENTENCE
from .experiment import Experiment
from .language import Message, Text, listed, translate
from .published_runs import Prediction
from .table_fit import NEITHER, TableFit, judge_tables
from .verdicts import JudgedClaim, Verdict

# With fewer runs, Student's t gives intervals so wide that almost any number would match.
FEW_RUNS = 5


@dataclass(frozen=True)
class Judgement:
    """What an experiment shows, number by number and table by table.

    Parameters
    ----------
    experiment : Experiment
        The runs, and the numbers to compare with.
    verdicts : list of JudgedClaim
        One for each number; empty if no run was completed.
    tables : list of TableFit
        Which data each whole table fits; empty if there are too few runs.
    predictions : dict of Claim to Prediction
        What other people's runs predict.
    """

    experiment: Experiment
    verdicts: List[JudgedClaim]
    tables: List[TableFit]
    predictions: Dict[Claim, Prediction]

    @property
    def unexplained(self) -> List[Claim]:
        """The numbers that are neither reproduced nor explained."""
        return [
            each.claim
            for each in self.verdicts
            if each.verdict == verdicts.FAILS and each.claim.table not in self.experiment.deviations
        ]

    @property
    def misfits(self) -> List[TableFit]:
        """The tables that fit neither edition, for no reason that they show themselves."""
        return [each for each in self.tables if each.is_unexplained]

    @property
    def different(self) -> List[str]:
        """Names of the exact results that differ for no known reason."""
        return [
            each.name for each in self.experiment.exact_results if each.verdict == verdicts.FAILS
        ]

    @property
    def failures(self) -> List[str]:
        """Names of the exact results and numbers that are neither reproduced nor explained."""
        return self.different + [claim.name for claim in self.unexplained]

    @property
    def counts(self) -> Dict[Verdict, int]:
        """How many of the judged numbers have each verdict that occurs, the best first."""
        if self._why_no_verdicts():
            return {}
        of = Counter(each.verdict for each in self.verdicts if verdicts.is_judged(each.claim))
        return {verdict: of[verdict] for verdict in verdicts.NUMBERS if of[verdict]}

    @property
    def headline(self) -> Text:
        """The whole answer in plain sentences; without verdicts, the reason why."""
        return self._why_no_verdicts() or translate(" ").join(map(str, self._answer()))

    @property
    def notes(self) -> Dict[Claim, Message]:
        """Remarks on numbers; several may share one."""
        found = {}
        for claim in (each.claim for each in self.verdicts):
            number = claim.class_id
            if not verdicts.is_judged(claim):
                found[claim] = Message(
                    "Not judged: the accuracy of random weights varies so much that almost any "
                    "number would match."
                )
            elif number is not None:
                runs = self.experiment.of(self.experiment.data.edition, claim.implementation)
                accuracies = np.mean([run.records.train_acc for run in runs], axis=0)
                found[claim] = Message(
                    "Not an accuracy: the predictions are compared with the constant {number} "
                    "instead of with the labels, so the number is the proportion of training "
                    "images predicted as class {number}, {name}. The true training accuracy in our "
                    "runs, by epoch: {accuracies}.",
                    number=number,
                    name=CLASS_NAMES[number],
                    accuracies=listed(tuple(f"{accuracy:.3f}" for accuracy in accuracies)),
                )
        return found

    @property
    def each_alone(self) -> Text:
        """How many numbers each edition accounts for by itself; empty if there is only one.

        A number may match on either edition, so the count in the answer tests two hypotheses.
        """
        judged = [each for each in self.verdicts if verdicts.is_judged(each.claim)]
        alone = [
            sum(verdicts.is_within(each.claim, each.intervals.get(edition)) for each in judged)
            for edition in self.experiment.editions()
            if any(edition in each.intervals for each in judged)
        ]
        if len(alone) < 2:
            return ""
        return Message(
            "The official data alone account for {ours} of the {count} numbers, re-split data "
            "alone for {theirs}.",
            ours=alone[0],
            count=len(judged),
            theirs=alone[1],
        )

    @property
    def sentences(self) -> List[Text]:
        """The evidence beyond the headline: editions, tables, others' runs, readings."""
        found = [
            self.each_alone,
            table_sentences.in_a_sentence(self.tables),
            published_runs.in_a_sentence(self.experiment, self.predictions),
        ]
        for reading in map(str, self.experiment.readings):
            found.append(Message("{parts}.", parts=reading[0].upper() + reading[1:]))
        return [sentence for sentence in found if sentence]

    def _completed(self) -> int:
        experiment = self.experiment
        return len(experiment.of(experiment.data.edition, experiment.printed.implementations[0]))

    def _why_no_verdicts(self) -> Text:
        printed = self.experiment.printed
        if self.experiment.data.edition == OWN_FILES:
            return Message(
                "No verdicts: these are files of your own, not an edition of the data set."
            )
        if not self.experiment.has_their_settings():
            return Message(
                "No verdicts: the numbers in {name} are for {epochs} epochs, batch size "
                "{batch_size} and learning rate {lr}.",
                name=Message(printed.name),
                epochs=printed.epochs,
                batch_size=printed.batch_size,
                lr=printed.lr,
            )
        completed = self._completed()
        if completed == 0:
            return Message("No verdicts: no run of each implementation was completed.")
        if completed == 1:
            return Message("No verdicts: one run is not enough. Use --runs 10.")
        return ""

    def _answer(self) -> List[Text]:
        of, completed = self.counts, self._completed()
        total, failing = sum(of.values()), of.get(verdicts.FAILS, 0)
        different = [Message(name) for name in self.different]
        few = completed < FEW_RUNS
        misfits = [table_in_words(each.table) for each in self.tables if each.edition == NEITHER]
        if failing and not self.unexplained:
            first = Message(
                "Only with a change to the program: {n} of {count} numbers [does|do] not match "
                "without it.",
                n=failing,
                count=total,
            )
        elif failing:
            first = Message(
                "No: {n} of {count} numbers [is|are] neither reproduced nor explained.",
                n=failing,
                count=total,
            )
        elif verdicts.NO_VERDICT in of:
            first = Message("No answer yet.")
        elif different:
            first = Message("Not quite: all {count} numbers are accounted for.", count=total)
        elif misfits:
            first = Message(
                "Not quite: each of the {count} numbers is accounted for, but together those of "
                "{tables} fit no data.",
                count=total,
                tables=listed(misfits),
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
        parts = [self._part(verdict, n) for verdict, n in of.items() if verdict != verdicts.FAILS]
        if parts:
            sentences.append(Message("{parts}.", parts=translate("; ").join(map(str, parts))))
        if different:
            sentences.append(
                Message(
                    "Different from {name}: {different}.",
                    name=Message(self.experiment.printed.name),
                    different=listed(different),
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

    def _part(self, verdict: Verdict, n: int) -> Text:
        """Write one verdict's part of the answer."""
        is_tutorial = self.experiment.printed.name == TUTORIAL.name
        return {
            verdicts.REPRODUCES: Message(
                "{n} [matches|match] on {data}",
                n=n,
                data=IN_A_SENTENCE[self.experiment.data.edition],
            ),
            verdicts.ON_RESPLIT: Message(
                "{n} [matches|match] only on a different train/test split, because the tutorial "
                "used an edition of the data that was withdrawn later"
                if is_tutorial
                else "{n} [matches|match] only on a different train/test split, which points to "
                "the edition of the data that was withdrawn later",
                n=n,
            ),
            verdicts.EXPLAINED: Message(
                "{n} [comes|come] from a bug in its accuracy line"
                if is_tutorial
                else "{n} [comes|come] from a bug in the accuracy line",
                n=n,
            ),
            verdicts.NO_VERDICT: Message("{n} [waits|wait] for runs that were not made", n=n),
        }[verdict]


def judge(experiment: Experiment) -> Judgement:
    """Judge the numbers of an experiment, each alone and each table at once."""
    claims = [
        claim
        for claim in experiment.printed.claims
        if experiment.runs and claim.epoch <= experiment.settings.epochs
    ]
    values = {
        edition: {claim: experiment.values(edition, claim) for claim in claims}
        for edition in experiment.runs
    }
    judged = verdicts.judge_claims(
        claims, values, experiment.data.edition, awaited=experiment.editions()
    )
    if not experiment.is_comparable():
        judged = [replace(each, intervals={}, verdict=verdicts.NO_VERDICT) for each in judged]
    tables = judge_tables(experiment, judged)
    return Judgement(experiment, judged, tables, published_runs.predict(experiment))
