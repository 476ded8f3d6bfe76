"""Judge a reader's tables; where they fit no data, search for the reason."""

from dataclasses import replace

from ...console import write_line
from ...data.fashion_mnist import FashionMNIST
from ...interruption import clear_signal
from ...training.run import Settings
from ..answer import Judgement, judge
from ..claims import Printed
from ..experiment import Experiment
from ..language import Message, translate
from ..reproduce import reproduce
from ..table_fit import FEWEST
from .column_kinds import understood
from .deviations import try_deviations
from .settings_search import Candidate, nearest_settings, with_candidate


def reproduce_table(
    data: FashionMNIST, settings: Settings, seed: int, runs: int, labelled: Printed, jobs: int = 1
) -> Judgement:
    """Reproduce a reader's tables as :func:`reproduce` does the tutorial's, and judge them.

    The runs have the reader's settings, or other usual ones if no table fits the former and all
    tables fit the latter. The sentences also say how the tables were understood, which of them a
    known deviation from the tutorial's program explains, and which remain unexplained.
    """
    experiment = _understood(reproduce(data, settings, seed, runs, printed=labelled, jobs=jobs))
    if experiment.partial:
        return judge(experiment)
    if runs < FEWEST:
        few = Message(
            "with fewer than {n} runs the numbers of a table are not judged together, and no other "
            "settings are tried",
            n=FEWEST,
        )
        experiment = experiment.with_readings(few)
    judgement = judge(experiment)
    try:
        if [table_fit.table for table_fit in judgement.misfits] == labelled.tables:
            judgement = judge(_try_usual_settings(experiment, labelled, jobs))
        if judgement.misfits and not judgement.experiment.partial:
            write_line("\n" + translate("Trying the usual deviations from the tutorial's program."))
            judgement = judge(try_deviations(judgement))
    except KeyboardInterrupt:
        clear_signal()
        judgement = judge(replace(judgement.experiment, partial=True))
    return judgement


def _try_usual_settings(experiment: Experiment, labelled: Printed, jobs: int) -> Experiment:
    """Search other settings that all tables fit; return the runs with them, or the given ones."""
    settings, runs = experiment.settings, experiment.runs_asked
    write_line("\n" + translate("No table fits either edition: trying the usual settings."))
    candidate = nearest_settings(experiment, labelled)
    printed = with_candidate(labelled, candidate)
    other = _understood(
        reproduce(
            experiment.data,
            replace(candidate.settings, epochs=printed.epochs),
            experiment.seed,
            runs,
            printed=printed,
            jobs=jobs,
        )
    )
    if other.partial:
        return replace(experiment, partial=True, stopped=other.stopped)
    if judge(other).misfits:
        nearest = Message(
            "of the usual settings, {guess} came nearest, but does not fit either",
            guess=candidate.in_words(),
        )
        return experiment.with_readings(nearest)
    confirmed = Message(
        "with {given}, no table fits either edition; {guess} is a guess that {runs} runs on each "
        "edition confirm",
        given=Candidate(settings, 0).in_words(),
        guess=candidate.in_words(),
        runs=runs,
    )
    return other.with_readings(confirmed)


def _understood(experiment: Experiment) -> Experiment:
    if not experiment.runs:
        return experiment
    printed, readings = understood(experiment)
    return replace(experiment, printed=printed, readings=readings)
