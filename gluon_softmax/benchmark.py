"""What ``python -m gluon_softmax benchmark`` does: the same training in other ways, timed.

Each contender is a small program of its own in ``tests/benchmarks``, run in a process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .console import progress, say
from .data import load
from .errors import GluonSoftmaxError
from .machine import processor, versions
from .writing import write_text

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "tests" / "benchmarks"
DOCUMENT, NUMPY = "the document's code", "NumPy by hand"
# How far a contender's last loss may be from that of NumPy by hand. Other initial weights and
# orders move it by 0.0005; half the learning rate by 0.03.
LOSS_TOLERANCE = 0.005
# One pass of the document's loader is timed at this batch size, as in its part 1.
PASS_BATCH_SIZE = 1000
EXAMPLES = (6_000, 20_000, 60_000, 200_000, 600_000)
BATCH_SIZES = (20, 60, 200, 2_000, 20_000)


class Contender(NamedTuple):
    """A program that trains the model.

    Parameters
    ----------
    name : str
        What to call it.
    script : str
        Its file in ``tests/benchmarks``, without the ending.
    variant : str
        What to ask of it, if it has several ways.
    package : str
        What must be installed for it, beside what the project itself needs.
    """

    name: str
    script: str
    variant: str = ""
    package: str = ""


CONTENDERS = (
    Contender(DOCUMENT, "document"),
    Contender("scratch, per-sample feed", "ours", "scratch/per-sample"),
    Contender("concise, per-sample feed", "ours", "concise/per-sample"),
    Contender("scratch, resident feed", "ours", "scratch/resident"),
    Contender("concise, resident feed", "ours", "concise/resident"),
    Contender(NUMPY, "numpy_by_hand"),
    Contender("PyTorch, DataLoader", "pytorch", "dataloader", "torch"),
    Contender("PyTorch, tensors in memory", "pytorch", "memory", "torch"),
    Contender("JAX, one jitted scan", "jax_scan", "", "jax"),
    Contender("scikit-learn, MLPClassifier", "scikit_learn", "", "scikit-learn"),
)
FEEDS = (
    Contender("per-sample", "passes", "per-sample"),
    Contender("resident", "passes", "resident"),
)
_GROWING = (
    "scratch, resident feed",
    "concise, resident feed",
    NUMPY,
    "PyTorch, tensors in memory",
)


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
            [sys.executable, str(SCRIPTS / f"{contender.script}.py"), *options],
            stdout=subprocess.PIPE,
            stderr=messages,
            env=environment,
        ) as process,
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


def installed(contenders: Sequence[Contender]) -> Tuple[List[Contender], Dict[str, str]]:
    """Tell which contenders can run here.

    Parameters
    ----------
    contenders : sequence of Contender
        Those wanted.

    Returns
    -------
    here : list of Contender
        Those whose package is installed; the others are named to the user.
    versions : dict of str to str
        Of the packages.
    """
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

    Parameters
    ----------
    contenders : sequence of Contender
        Who runs.
    rounds : int
        How often each runs.
    **settings
        As of :func:`run_once`.

    Returns
    -------
    dict of str to list of Result
        By name, a result a round; without those whose process failed, which are named.
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


def ratios(results: Sequence[float], to: Sequence[float]) -> Tuple[float, float, float]:
    """Compare times round by round.

    Parameters
    ----------
    results, to : sequence of float
        One a round.

    Returns
    -------
    tuple of float
        Median, smallest and largest of ``results[k] / to[k]``.
    """
    quotients = np.divide(results, to)
    return float(np.median(quotients)), float(quotients.min()), float(quotients.max())


def _counts(results: Dict[str, List[Result]], name: str) -> bool:
    """Tell whether a contender reached the loss that NumPy by hand reaches."""
    losses = [result.loss for result in results[name]]
    goal = float(np.median([result.loss for result in results[NUMPY]]))
    return all(abs(loss - goal) <= LOSS_TOLERANCE for loss in losses)


def table(results: Dict[str, List[Result]]) -> List[str]:
    """Put the contenders' results into a table.

    Parameters
    ----------
    results : dict of str to list of Result
        Of :func:`run_rounds`; those of NumPy by hand and the document's code among them.

    Returns
    -------
    list of str
        Lines, the fastest first; those that reach another loss come last and do not count.
    """
    lines = [
        f"{'':28}  {'seconds an epoch':^21}  {'times as long':^17} {'times as fast':^17}  start to",
        f"{'':28}  {'median':>7}{'min':>7}{'max':>7}  {'as NumPy by hand':^17} "
        f"{'as the document':^17}   trained    loss  accuracy",
    ]
    by_time = sorted(
        results, key=lambda name: (not _counts(results, name), _median(results[name], "epoch"))
    )
    for name in by_time:
        epochs = [result.epoch for result in results[name]]
        longer = _cell(ratios(epochs, [result.epoch for result in results[NUMPY]]))
        faster = _cell(ratios([result.epoch for result in results[DOCUMENT]], epochs))
        lines.append(
            f"{name:28}  {np.median(epochs):7.3f}{min(epochs):7.3f}{max(epochs):7.3f}  "
            f"{longer:>17} {faster:>17}  {_median(results[name], 'whole'):6.2f} s  "
            f"{_median(results[name], 'loss'):.4f}  {_median(results[name], 'accuracy'):.3f}"
            + ("" if _counts(results, name) else "  another loss: does not count")
        )
    return lines


def _cell(ratio: Tuple[float, float, float]) -> str:
    middle, low, high = (f"{number:#.3g}" for number in ratio)
    return f"{middle} [{low}, {high}]"


def _median(results: Sequence[Result], what: str) -> float:
    return float(np.median([getattr(result, what) for result in results]))


def passes(rounds: int) -> Dict[str, List[Result]]:
    """Time passes over the training set without training, for each feed.

    Parameters
    ----------
    rounds : int
        How often to run each.

    Returns
    -------
    dict of str to list of Result
        By feed; also ``mxnet alone``, for its memory.
    """
    found = run_rounds(FEEDS, rounds, epochs=3, batch_size=PASS_BATCH_SIZE)
    found["mxnet alone"] = [run_once(Contender("mxnet alone", "footprint"))]
    return found


def growth(contenders: Sequence[Contender]) -> Dict[str, Dict[str, List[Optional[Result]]]]:
    """Measure how time and memory grow with the number of examples and with the batch size.

    Parameters
    ----------
    contenders : sequence of Contender
        Who runs.

    Returns
    -------
    dict of str to dict of str to list of Result
        By what grows, ``examples`` or ``batch_size``, and by name: a result for each of
        ``EXAMPLES`` or ``BATCH_SIZES``, None where a process failed.
    """
    found: Dict[str, Dict[str, List[Optional[Result]]]] = {}
    values = {"examples": EXAMPLES, "batch_size": BATCH_SIZES}
    total = len(contenders) * (len(EXAMPLES) + len(BATCH_SIZES))
    with progress(total=total, unit="run") as bar:
        for what, sizes in values.items():
            found[what] = {contender.name: [] for contender in contenders}
            for size in sizes:
                for contender in contenders:
                    bar.set_description(f"{what} {size}: {contender.name}")
                    try:
                        result = run_once(contender, epochs=3, **{what: size})
                    except GluonSoftmaxError as error:
                        say(str(error))
                        result = None
                    found[what][contender.name].append(result)
                    bar.update()
    return found


def benchmark(out: Path, rounds: int, with_growth: bool, **settings: float) -> bool:
    """Run all, print tables, and write ``benchmark.json`` and the pictures.

    Parameters
    ----------
    out : pathlib.Path
        The folder for what is written.
    rounds : int
        How often each contender runs.
    with_growth : bool
        Whether to measure growth with examples and batch size too, which takes minutes.
    **settings
        ``epochs``, ``batch_size`` and ``lr`` of all contenders.

    Returns
    -------
    bool
        Whether all contenders ran, and reached the same loss.
    """
    # Once beforehand, so that no contender is the one who fetches.
    load("official")
    contenders, theirs = installed(CONTENDERS)
    found: dict = {
        "date": str(date.today()),
        "processor": processor(),
        "versions": {**versions(), **theirs},
        "settings": {"rounds": rounds, **settings},
    }
    print(f"{found['date']}, {found['processor']}")
    print(", ".join(" ".join(pair) for pair in found["versions"].items()), flush=True)
    results = run_rounds(contenders, rounds, **settings)
    if NUMPY not in results or DOCUMENT not in results:
        raise GluonSoftmaxError("without NumPy by hand and the document's code there is no ratio")
    print(f"\nTraining, {rounds} rounds of {settings['epochs']} epochs")
    print("\n".join(table(results)), flush=True)
    found["training"] = _plain(results)

    by_feed = passes(rounds)
    found["passes"] = _plain(by_feed)
    _print_passes(by_feed)
    if with_growth:
        grown = growth([contender for contender in contenders if contender.name in _GROWING])
        found["growth"] = {
            "examples": {"sizes": EXAMPLES, **_plain(grown["examples"])},
            "batch_size": {"sizes": BATCH_SIZES, **_plain(grown["batch_size"])},
        }
        _print_growth("Examples", EXAMPLES, grown["examples"])
        _print_growth("Batch size", BATCH_SIZES, grown["batch_size"])
        _draw_growth(out, grown)
    write_text(out / "benchmark.json", json.dumps(found, indent=1) + "\n")
    print(f"\nall numbers: {out / 'benchmark.json'}")
    return len(results) == len(contenders) and all(_counts(results, name) for name in results)


def _plain(results: Dict[str, List]) -> dict:
    return {
        name: [result and result._asdict() for result in of_name]
        for name, of_name in results.items()
    }


def _print_passes(found: Dict[str, List[Result]]) -> None:
    print(f"\nPasses over the training set, batch size {PASS_BATCH_SIZE}, no training")
    footprint = found["mxnet alone"][0].peak_bytes
    seconds = {
        feed.name: [result.epoch for result in found[feed.name]]
        for feed in FEEDS
        if feed.name in found
    }
    for feed, of_feed in seconds.items():
        above = _median(found[feed], "peak_bytes") - footprint
        print(
            f"  {feed:12} {1 / np.median(of_feed):7.2f} passes a second, "
            f"{above / 1e6:4.0f} MB above MXNet's own {footprint / 1e6:.0f} MB"
        )
    if len(seconds) == len(FEEDS):
        slow, fast = seconds.values()
        middle, low, high = ratios(slow, fast)
        print(f"  resident is {middle:.0f} times as fast [{low:.0f}, {high:.0f}]", flush=True)


def _print_growth(
    what: str, sizes: Sequence[int], found: Dict[str, List[Optional[Result]]]
) -> None:
    print(f"\n{what + ': seconds an epoch, peak memory in MB':44}")
    print(f"{'':28}" + "".join(f"{size:>14,}" for size in sizes))
    for name, results in found.items():
        cells = (
            f"{r.epoch:8.3f} {r.peak_bytes / 1e6:5.0f}" if r else f"{'failed':>14}" for r in results
        )
        print(f"{name:28}" + "".join(cells), flush=True)


def _draw_growth(out: Path, grown: Dict[str, Dict[str, List[Optional[Result]]]]) -> None:
    from .figures import draw_growth, save_figure

    for what, sizes, label in (
        ("examples", EXAMPLES, "training examples"),
        ("batch_size", BATCH_SIZES, "batch size"),
    ):
        series = {
            name: (
                [r.epoch if r else np.nan for r in results],
                [r.peak_bytes / 1e6 if r else np.nan for r in results],
            )
            for name, results in grown[what].items()
        }
        path = out / f"growth-{what.replace('_', '-')}.png"
        save_figure(draw_growth(label, sizes, series), path)
        print(f"picture: {path}")
