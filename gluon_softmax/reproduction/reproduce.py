"""The main job: run the whole tutorial several times, and print the results as they come."""

import dataclasses
import datetime
import itertools
import time
from typing import List

from ..console import progress
from ..data.fashion_mnist import FashionMNIST
from ..errors import GluonSoftmaxError
from ..implementations import IMPLEMENTATIONS
from ..interruption import clear_signal
from ..training.run import Run, Settings
from . import terminal
from .claims import TUTORIAL, Printed
from .exact_results import find_exact_results, time_reading
from .experiment import Experiment
from .parallel_runs import Task, train, training
from .published_runs import PUBLISHED, has_published_settings

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

    ``runs`` is the number of runs of each implementation on each edition, and ``seed`` that of the
    first; each further run adds 1. ``read`` also times a pass of the tutorial's own data loader.

    ``jobs`` is the number of processes to train in. The results do not depend on it. A script that
    asks for several calls this under ``if __name__ == "__main__":``, as each process imports it.

    The experiment is ``partial`` if Ctrl-C or an error ended the runs early.
    """
    experiment = Experiment(data, settings, seed, runs, printed=printed)
    experiment.started = f"{datetime.datetime.now().astimezone():%Y-%m-%d %H:%M %z}"
    start = time.perf_counter()
    try:
        if printed is TUTORIAL:
            experiment.exact_results = find_exact_results(data)
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


def _plan(experiment: Experiment) -> List[Task]:
    """List all runs in their order."""
    settings = experiment.settings
    theirs = dataclasses.replace(settings, batch_size=PUBLISHED.batch_size)
    again = WITH_THEIR_BATCH_SIZE if experiment.may_be_predicted() and theirs != settings else 0
    implementations = [IMPLEMENTATIONS[name] for name in experiment.printed.implementations]
    plan = []
    for edition in experiment.editions():
        for k in range(experiment.runs_asked):
            seed = (experiment.seed + k) % 2**32
            split_seed = None if edition == experiment.data.edition else seed
            plan += [Task(each, settings, seed, split_seed) for each in implementations]
            if split_seed is not None and k < again:
                plan.append(Task(implementations[-1], theirs, seed, split_seed))
    return plan


def _run_all(experiment: Experiment, jobs: int) -> None:
    plan, count = _plan(experiment), len(experiment.printed.implementations)
    # The first run on the loaded edition prints every epoch, the others a line each. It is trained
    # here, while the other processes start.
    several: List[Run] = []
    with (
        progress(total=len(plan), desc="runs", unit="run") as bar,
        training(plan[count:], experiment.data, jobs) as runs,
    ):
        here = (
            train(task, experiment.data, **terminal.at_length(experiment, task.implementation.name))
            for task in plan[:count]
        )
        for task, run in zip(plan, itertools.chain(here, runs)):
            bar.update()
            if task.settings != experiment.settings:
                experiment.with_their_batch_size.append(run)
                continue
            several.append(run)
            # All implementations or none, so that an interrupted report compares like runs.
            if len(several) == count:
                edition = experiment.data.edition if task.split_seed is None else "resplit"
                k = (task.seed - experiment.seed) % 2**32
                experiment.runs.setdefault(edition, []).extend(several)
                is_theirs = (
                    has_published_settings(experiment.settings) and experiment.may_be_predicted()
                )
                if is_theirs and edition == "resplit" and k < WITH_THEIR_BATCH_SIZE:
                    experiment.with_their_batch_size.append(run)
                terminal.print_runs(experiment, edition, k, several)
                several = []
