"""The main job: run the whole tutorial several times, and print the results as they come."""

import dataclasses
import datetime
import time
from typing import List

from ..console import padded, progress, write_line
from ..data.fashion_mnist import FashionMNIST
from ..data.resplit import resplit
from ..errors import GluonSoftmaxError
from ..interruption import forget
from ..training.loop import Records, epoch_line
from ..training.run import Run, Settings, train_version
from . import claims
from .claims import TUTORIAL, Printed
from .columns import understood
from .deviations import try_deviations
from .facts import find_facts, in_words, time_reading
from .findings import Reproduction
from .guess import Guess, guess, moved, unexplained
from .joint import FEWEST
from .language import Saying, say
from .published import THEIRS
from .versions import VERSIONS

# Number of runs used to estimate the effect of the batch size.
WITH_THEIR_BATCH_SIZE = 5


def reproduce(
    data: FashionMNIST,
    settings: Settings,
    seed: int,
    runs: int,
    read: bool = True,
    printed: Printed = TUTORIAL,
) -> Reproduction:
    """Run the whole tutorial several times; print the results as they come.

    Parameters
    ----------
    data : FashionMNIST
        The loaded edition.
    settings : Settings
        Settings of all runs.
    seed : int
        Seed of the first run; each further run adds 1.
    runs : int
        Number of runs of each implementation on each edition.
    read : bool
        Whether to time a pass of the tutorial's own data loader.
    printed : Printed
        The numbers to compare with.

    Returns
    -------
    Reproduction
        The results; ``partial`` if Ctrl-C or an error ended the runs early.
    """
    found = Reproduction(data, settings, seed, runs, printed=printed)
    found.started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    start = time.perf_counter()
    try:
        if printed is TUTORIAL:
            found.facts = find_facts(data)
            _print_part_1(found)
            if read:
                found.reading_seconds = time_reading(data, settings.num_workers)
                write_line(
                    say(
                        "  one pass of the tutorial's data loader: {here:.2f} s "
                        "(tutorial: {there:.2f} s)",
                        here=found.reading_seconds,
                        there=claims.READING_SECONDS,
                    )
                )
        _run_all(found)
    except KeyboardInterrupt:
        found.partial = True
        # The report still has to be written.
        forget()
    except GluonSoftmaxError as error:
        # The finished runs are worth a report; the caller prints the error.
        found.partial, found.stopped = True, str(error)
    found.seconds = time.perf_counter() - start
    return found


def reproduce_table(
    data: FashionMNIST, settings: Settings, seed: int, runs: int, taken: Printed
) -> Reproduction:
    """Do for a reader's tables what :func:`reproduce` does for the tutorial's.

    Parameters
    ----------
    data, settings, seed, runs
        As of :func:`reproduce`; the settings are those that the reader gives.
    taken : Printed
        The tables, taken at their word.

    Returns
    -------
    Reproduction
        Of runs with the reader's settings; if no table fits them, and all fit runs with other usual
        ones, of these. ``readings`` say how the tables were understood, which of them a program
        gives that deviates from the tutorial's, and which of them no runs explain.
    """
    found = _understood(reproduce(data, settings, seed, runs, printed=taken))
    if found.partial:
        return found
    if runs < FEWEST:
        found.readings.append(
            Saying(
                "with fewer than {n} runs no table is judged as a whole, and no other settings are "
                "tried",
                {"n": FEWEST},
            )
        )
    misfits = unexplained(found)
    if not misfits:
        return found
    try:
        if [joint.table for joint in misfits] == taken.tables:
            write_line("\n" + say("No table fits either edition: trying the usual settings."))
            guessed = guess(found, taken)
            printed = moved(taken, guessed)
            settings_of_guess = dataclasses.replace(guessed.settings, epochs=printed.epochs)
            other = _understood(reproduce(data, settings_of_guess, seed, runs, printed=printed))
            if other.partial:
                found.partial, found.stopped = True, other.stopped
                return found
            if not unexplained(other):
                other.readings.append(
                    Saying(
                        "with {given}, no table fits either edition; {guess} is a guess that "
                        "{runs} runs on each edition confirm",
                        {
                            "given": Guess(settings, 0).in_words(),
                            "guess": guessed.in_words(),
                            "runs": runs,
                        },
                    )
                )
                return other
            found.readings.append(
                Saying(
                    "of the usual settings, {guess} came nearest, but does not fit either",
                    {"guess": guessed.in_words()},
                )
            )
        write_line("\n" + say("Trying the usual deviations from the tutorial's program."))
        try_deviations(found, misfits)
    except KeyboardInterrupt:
        found.partial = True
        forget()
    return found


def _understood(found: Reproduction) -> Reproduction:
    if found.runs:
        found.printed, found.readings = understood(found)
    return found


def _run_all(found: Reproduction) -> None:
    pool, versions = found.data, found.printed.versions
    editions = found.editions()
    theirs = dataclasses.replace(found.settings, batch_size=THEIRS.batch_size)
    again = WITH_THEIR_BATCH_SIZE if found.may_be_predicted() else 0
    total = found.runs_asked * len(editions) * len(versions)
    if theirs != found.settings:
        total += min(again, found.runs_asked)
    with progress(total=total, desc="runs", unit="run") as bar:
        for edition in editions:
            # The first run on the edition at hand prints every epoch, the others a line each.
            at_length = 1 if edition == pool.edition else 0
            for k in range(found.runs_asked):
                seed = (found.seed + k) % 2**32
                data = pool if edition == pool.edition else resplit(pool, seed)
                several = []
                for version in versions:
                    several.append(_run(found, version, data, seed, k < at_length))
                    # All versions or none, so that an interrupted report compares like runs.
                    if len(several) == len(versions):
                        found.runs.setdefault(edition, []).extend(several)
                    bar.update()
                if k == at_length:
                    _print_heading(edition, found.settings.epochs, versions)
                if k >= at_length:
                    _print_run(k, found.runs_asked, several)
                if edition == "resplit" and k < again:
                    run = several[-1]
                    if theirs != found.settings:
                        run = train_version(
                            VERSIONS[run.version], data, theirs, seed, on_epoch=_silent
                        )
                        bar.update()
                    found.with_their_batch_size.append(run)


def _silent(records: Records) -> None:
    pass


def _run(found: Reproduction, version: str, data: FashionMNIST, seed: int, at_length: bool) -> Run:
    settings = found.settings
    if not at_length:
        return train_version(VERSIONS[version], data, settings, seed, on_epoch=_silent)
    # Of several tables of one version, the first.
    figures = [figure for figure in found.printed.figures if figure.version == version]
    section, table = figures[0].section, figures[0].table
    write_line(f"\n{padded(say(section), 56)} {say(found.printed.column)}")

    def beside(records: Records) -> None:
        epoch = len(records.loss)
        theirs = [figure.text for figure in found.printed.of(table) if figure.epoch == epoch]
        write_line(f"{epoch_line(records):56} {' '.join(theirs)}".rstrip())

    return train_version(
        VERSIONS[version],
        data,
        settings,
        seed,
        on_start=lambda accuracy: write_line(
            say("test acc before training {accuracy:.4f}", accuracy=accuracy)
        ),
        on_epoch=beside,
    )


def _print_part_1(found: Reproduction) -> None:
    data = found.data
    write_line(
        say(
            "{part} ({edition} edition, from {origin})",
            part=say(claims.PART_1),
            edition=data.edition,
            origin=data.origin,
        )
    )
    for fact in found.facts:
        line = f"  {say(fact.name)}: {in_words(fact.here)}"
        if fact.here != fact.printed:
            line += "  " + say("(tutorial: {printed})", printed=in_words(fact.printed))
        write_line(line)


def _print_heading(edition: str, epochs: int, versions: List[str]) -> None:
    heading = say(
        "A new re-split for each run: loss and test accuracy after epoch {epochs}"
        if edition == "resplit"
        else "The {edition} edition again: loss and test accuracy after epoch {epochs}",
        edition=edition,
        epochs=epochs,
    )
    write_line(f"\n{heading}")
    write_line(f"{'':17}" + "".join(f"{version:17}" for version in versions).rstrip())


def _print_run(k: int, runs: int, several: List[Run]) -> None:
    figures = "".join(
        f"{run.records.loss[-1]:.4f}  {run.records.test_acc[-1]:.4f}   " for run in several
    )
    name = say("run {number:>3} of {runs}", number=k + 1, runs=runs)
    write_line(f"{padded(name, 17)}{figures}".rstrip())
