"""The main job: run the whole tutorial several times, and print the results as they come."""

import dataclasses
import datetime
import itertools
import time
from typing import List, NamedTuple

from ..console import progress
from ..data.fashion_mnist import FashionMNIST
from ..errors import GluonSoftmaxError
from ..interruption import clear_signal
from ..training.run import Run, Settings
from . import terminal
from .claims import TUTORIAL, Printed
from .exact_results import find_exact_results, time_reading
from .experiment import Experiment
from .implementations import IMPLEMENTATIONS
from .parallel_runs import Task, Trainer, training
from .published_runs import THEIRS

# Number of runs used to estimate the effect of the batch size.
WITH_THEIR_BATCH_SIZE = 5


def reproduce(
    data: FashionMNIST,
    settings: Settings,
    seed: int,
    runs: int,
    read: bool = True,
    printed: Printed = TUTORIAL,
    jobs: int = 1,
) -> Experiment:
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
    jobs : int
        Number of processes to train in; the results do not depend on it. A script that asks for
        several calls this under ``if __name__ == "__main__":``, as each process imports it.

    Returns
    -------
    Experiment
        The results; ``partial`` if Ctrl-C or an error ended the runs early.
    """
    experiment = Experiment(data, settings, seed, runs, printed=printed)
    experiment.started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    start = time.perf_counter()
    try:
        if printed is TUTORIAL:
            experiment.facts = find_exact_results(data)
            terminal.print_part_1(experiment)
            if read:
                experiment.reading_seconds = time_reading(data, settings.num_workers)
                terminal.print_reading(experiment.reading_seconds)
        _run_all(experiment, jobs)
    except KeyboardInterrupt:
        experiment.partial = True
        # The report still has to be written.
        clear_signal()
    except GluonSoftmaxError as error:
        # The finished runs are worth a report; the caller prints the error.
        experiment.partial, experiment.stopped = True, str(error)
    experiment.seconds = time.perf_counter() - start
    return experiment


class _Planned(NamedTuple):
    """A run to make: number ``k`` on an edition."""

    task: Task
    edition: str
    k: int
    is_with_their_batch_size: bool = False


def _plan(experiment: Experiment) -> List[_Planned]:
    """List all runs in their order."""
    settings, pool = experiment.settings, experiment.data.edition
    theirs = dataclasses.replace(settings, batch_size=THEIRS.batch_size)
    again = WITH_THEIR_BATCH_SIZE if experiment.may_be_predicted() and theirs != settings else 0
    implementations = [IMPLEMENTATIONS[name] for name in experiment.printed.implementations]
    plan = []
    for edition in experiment.editions():
        for k in range(experiment.runs_asked):
            seed = (experiment.seed + k) % 2**32
            split_seed = None if edition == pool else seed
            plan += [
                _Planned(Task(implementation, settings, seed, split_seed), edition, k)
                for implementation in implementations
            ]
            if split_seed is not None and k < again:
                task = Task(implementations[-1], theirs, seed, split_seed)
                plan.append(_Planned(task, edition, k, True))
    return plan


def _run_all(experiment: Experiment, jobs: int) -> None:
    plan, implementations = _plan(experiment), experiment.printed.implementations
    # The first run on the edition at hand prints every epoch, the others a line each. It is trained
    # here, while the other processes start.
    first, rest = plan[: len(implementations)], plan[len(implementations) :]
    trainer, several = Trainer(experiment.data), []
    with (
        progress(total=len(plan), desc="runs", unit="run") as bar,
        training([planned.task for planned in rest], experiment.data, jobs) as runs,
    ):
        here = (
            trainer(task, **terminal.at_length(experiment, task.implementation.name))
            for task in (planned.task for planned in first)
        )
        for planned, run in zip(plan, itertools.chain(here, runs)):
            bar.update()
            if planned.is_with_their_batch_size:
                experiment.with_their_batch_size.append(run)
                continue
            several.append(run)
            # All implementations or none, so that an interrupted report compares like runs.
            if len(several) == len(implementations):
                _store(experiment, planned, several)
                terminal.print_runs(experiment, planned.edition, planned.k, several)
                several = []


def _store(experiment: Experiment, planned: _Planned, several: List[Run]) -> None:
    """Store the runs of all implementations with one seed."""
    experiment.runs.setdefault(planned.edition, []).extend(several)
    if (
        planned.edition == "resplit"
        and planned.k < WITH_THEIR_BATCH_SIZE
        and experiment.may_be_predicted()
        and experiment.settings.batch_size == THEIRS.batch_size
    ):
        experiment.with_their_batch_size.append(several[-1])
