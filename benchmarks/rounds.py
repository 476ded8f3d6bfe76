"""Runner of the contenders: each in a separate process, round-robin."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from gluon_softmax.console import notify, progress
from gluon_softmax.errors import GluonSoftmaxError

CONTENDERS = f"{__package__}.contenders"


class Contender(NamedTuple):
    """A program that trains the model: a module in ``contenders``."""

    name: str
    script: str
    # Value of its option --variant, if it has several variants.
    variant: str = ""
    # Package that it needs in addition to the project's own dependencies.
    package: str = ""


class Result(NamedTuple):
    """Measurements of one process of a contender."""

    # Median time of an epoch of training after the first, in seconds.
    epoch: float
    # Time from the start of the process to the trained model, in seconds.
    whole: float
    # Mean loss of the last epoch, nats, and test accuracy after it, 0 to 1.
    loss: float
    accuracy: float
    # Peak memory of the process.
    peak_bytes: int


def run_once(contender: Contender, **settings: float) -> Result:
    """Run a contender in a separate process; ``settings`` are options of its module.

    Raises GluonSoftmaxError if the process fails.
    """
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in {"variant": contender.variant, **settings}.items()
    ]
    start = time.perf_counter()
    # A file, not a pipe: an unread pipe would block a process that prints many warnings.
    with (
        tempfile.TemporaryFile() as messages,
        subprocess.Popen(
            [sys.executable, "-m", f"{CONTENDERS}.{contender.script}", *options],
            stdout=subprocess.PIPE,
            stderr=messages,
            # A separate process group, which includes its worker processes.
            start_new_session=True,
        ) as process,
    ):
        try:
            # Not the end of the process: its clean-up is not training.
            line = process.stdout.readline()  # type: ignore[union-attr]
            whole = time.perf_counter() - start
            process.communicate()
        except BaseException:
            # With its children.
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            raise
        messages.seek(0)
        errors = messages.read()
    if process.returncode:
        reason = errors.decode(errors="replace").strip().splitlines() or ["no message"]
        raise GluonSoftmaxError(
            f"{contender.name}: its process ended with status {process.returncode}: {reason[-1]}"
        )
    found = json.loads(line)
    # The first epoch is for warming up: libraries compile, and memory is allocated.
    seconds = found["seconds"][1:] or found["seconds"]
    return Result(
        float(np.median(seconds)),
        whole,
        found["losses"][-1],
        found["accuracies"][-1],
        found["peak_bytes"],
    )


def installed(contenders: Sequence[Contender]) -> Tuple[List[Contender], Dict[str, str]]:
    """Return the contenders whose package is installed, and the versions of these packages."""
    here, found = [], {}
    for contender in contenders:
        if contender.package:
            try:
                found[contender.package] = package_version(contender.package)
            except PackageNotFoundError:
                continue
        here.append(contender)
    return here, found


def run_rounds(
    contenders: Sequence[Contender], rounds: int, **settings: float
) -> Dict[str, List[Result]]:
    """Run contenders round-robin, so that changes in the machine's speed affect all equally.

    Returns the results of all rounds by name, without contenders that failed, which are reported.
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
                        notify(str(error))
                        del results[contender.name]
                bar.update()
    return results
