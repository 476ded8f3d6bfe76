"""Run programs that train the model, each in processes of its own, in turn."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from ..console import progress, say
from ..errors import GluonSoftmaxError

ROOT = Path(__file__).resolve().parents[2]
CONTENDERS = "gluon_softmax.comparison.contenders"


class Contender(NamedTuple):
    """A program that trains the model.

    Parameters
    ----------
    name : str
        What to call it.
    script : str
        Its module in ``contenders``.
    variant : str
        What to ask of it, if it has several ways.
    package : str
        What must be installed for it, beside what the project itself needs.
    """

    name: str
    script: str
    variant: str = ""
    package: str = ""


class Result(NamedTuple):
    """What one process of a contender gave.

    Parameters
    ----------
    epoch : float
        Median time of an epoch of training after the first, seconds.
    whole : float
        From the start of the process to the trained model, seconds.
    loss : float
        Mean loss of the last epoch, nats.
    accuracy : float
        Test accuracy after it, 0 to 1.
    peak_bytes : int
        The most memory that the process held.
    """

    epoch: float
    whole: float
    loss: float
    accuracy: float
    peak_bytes: int


def run_once(contender: Contender, **settings: float) -> Result:
    """Run a contender in a process of its own.

    Parameters
    ----------
    contender : Contender
        Which one.
    **settings
        Options of its script: ``epochs``, ``batch_size``, ``lr``, ``seed``, ``examples``.

    Returns
    -------
    Result
        What it measured itself, and its time from start to trained model.

    Raises
    ------
    GluonSoftmaxError
        If the process fails.
    """
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in {"variant": contender.variant, **settings}.items()
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    # A file, since a pipe that nobody reads meanwhile would stop a process that warns much.
    with (
        tempfile.TemporaryFile() as messages,
        subprocess.Popen(
            [sys.executable, "-m", f"{CONTENDERS}.{contender.script}", *options],
            stdout=subprocess.PIPE,
            stderr=messages,
            env=environment,
            # A group of its own, so that its worker processes can be ended with it.
            start_new_session=True,
        ) as process,
        _ended_early(process),
    ):
        # Not the end of the process: what it takes to clear up is not training.
        line = process.stdout.readline()  # type: ignore[union-attr]
        whole = time.perf_counter() - start
        process.communicate()
        messages.seek(0)
        errors = messages.read()
    if process.returncode:
        reason = errors.decode(errors="replace").strip().splitlines() or ["no message"]
        raise GluonSoftmaxError(
            f"{contender.name}: its process ended with status {process.returncode}: {reason[-1]}"
        )
    found = json.loads(line)
    # The first epoch warms up: libraries compile, memory is met for the first time.
    seconds = found["seconds"][1:] or found["seconds"]
    return Result(
        float(np.median(seconds)),
        whole,
        found["losses"][-1],
        found["accuracies"][-1],
        found["peak_bytes"],
    )


@contextlib.contextmanager
def _ended_early(process: subprocess.Popen) -> Iterator[None]:
    """End a process and all that it started if anything is raised in the block."""
    try:
        yield
    except BaseException:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        raise


def installed(contenders: Sequence[Contender]) -> Tuple[List[Contender], Dict[str, str]]:
    """Choose those whose package is installed, and name the others; gives the versions too."""
    here, found = [], {}
    for contender in contenders:
        if contender.package:
            try:
                found[contender.package] = package_version(contender.package)
            except PackageNotFoundError:
                say(f"{contender.name}: left out, {contender.package} is not installed")
                continue
        here.append(contender)
    return here, found


def run_rounds(
    contenders: Sequence[Contender], rounds: int, **settings: float
) -> Dict[str, List[Result]]:
    """Run contenders in turn, round after round, so that a drifting machine hits all alike.

    Gives, by name, a result a round; without those whose process failed, which are named.
    """
    results: Dict[str, List[Result]] = {contender.name: [] for contender in contenders}
    with progress(total=rounds * len(contenders), unit="run") as bar:
        for number in range(rounds):
            for contender in contenders:
                bar.set_description(f"round {number + 1}: {contender.name}")
                if contender.name in results:
                    try:
                        results[contender.name].append(run_once(contender, **settings))
                    except GluonSoftmaxError as error:
                        say(str(error))
                        del results[contender.name]
                bar.update()
    return results
