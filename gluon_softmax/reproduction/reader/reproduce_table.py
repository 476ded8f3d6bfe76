"""Judge a reader's tables; where they fit no data, search for the reason."""

import dataclasses

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
from .settings_search import Guess, guess, moved


def reproduce_table(
    data: FashionMNIST, settings: Settings, seed: int, runs: int, taken: Printed, jobs: int = 1
) -> Judgement:
    """Reproduce a reader's tables as :func:`reproduce` does the tutorial's, and judge them.

    The runs have the reader's settings, or other usual ones if no table fits the former and all
    tables fit the latter. The sentences also say how the tables were understood, which of them a
    known deviation from the tutorial's program explains, and which remain unexplained.
    """
    experiment = _understood(reproduce(data, settings, seed, runs, printed=taken, jobs=jobs))
    if not experiment.partial:
        if runs < FEWEST:
            experiment.readings.append(
                Message(
                    "with fewer than {n} runs no table is judged as a whole, and no other settings "
                    "are tried",
                    n=FEWEST,
                )
            )
        judgement = judge(experiment)
        if not judgement.misfits:
            return judgement
        try:
            experiment = _explain(judgement, taken, jobs)
        except KeyboardInterrupt:
            experiment.partial = True
            clear_signal()
    return judge(experiment)


def _explain(judgement: Judgement, taken: Printed, jobs: int) -> Experiment:
    """Search for the reason why tables fit no data; return the runs that show it."""
    experiment = judgement.experiment
    settings, runs = experiment.settings, experiment.runs_asked
    if [table_fit.table for table_fit in judgement.misfits] == taken.tables:
        write_line("\n" + translate("No table fits either edition: trying the usual settings."))
        guessed = guess(experiment, taken)
        printed = moved(taken, guessed)
        settings_of_guess = dataclasses.replace(guessed.settings, epochs=printed.epochs)
        other = _understood(
            reproduce(
                experiment.data,
                settings_of_guess,
                experiment.seed,
                runs,
                printed=printed,
                jobs=jobs,
            )
        )
        if other.partial:
            experiment.partial, experiment.stopped = True, other.stopped
            return experiment
        if not judge(other).misfits:
            other.readings.append(
                Message(
                    "with {given}, no table fits either edition; {guess} is a guess that "
                    "{runs} runs on each edition confirm",
                    given=Guess(settings, 0).in_words(),
                    guess=guessed.in_words(),
                    runs=runs,
                )
            )
            return other
        experiment.readings.append(
            Message(
                "of the usual settings, {guess} came nearest, but does not fit either",
                guess=guessed.in_words(),
            )
        )
    write_line("\n" + translate("Trying the usual deviations from the tutorial's program."))
    try_deviations(judgement)
    return experiment


def _understood(experiment: Experiment) -> Experiment:
    if experiment.runs:
        experiment.printed, experiment.readings = understood(experiment)
    return experiment
