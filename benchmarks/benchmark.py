"""Benchmark of the same training in several frameworks; each is a program in ``contenders``."""

import json
import math
from datetime import date
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from gluon_softmax.data.load import load
from gluon_softmax.errors import GluonSoftmaxError
from gluon_softmax.reproduction.environment import processor, versions
from gluon_softmax.writing import write_text

from .growth import SIZES, measure_growth, print_growth, save_growth
from .rounds import Contender, Result, installed, run_once, run_rounds

TUTORIAL, NUMPY = "the tutorial's code", "NumPy by hand"
# Tolerance of a contender's last loss against that of NumPy by hand. Other initial weights and
# orders change the loss by 0.0005, half the learning rate changes it by 0.03.
LOSS_TOLERANCE = 0.005
# The data loaders are timed at this batch size, as in the tutorial's part 1.
PASS_BATCH_SIZE = 1000

CONTENDERS = (
    Contender(TUTORIAL, "tutorial"),
    Contender("scratch, per-sample loader", "ours", "scratch/per-sample"),
    Contender("concise, per-sample loader", "ours", "concise/per-sample"),
    Contender("scratch, resident loader", "ours", "scratch/resident"),
    Contender("concise, resident loader", "ours", "concise/resident"),
    Contender(NUMPY, "numpy_by_hand"),
    Contender("PyTorch, DataLoader", "pytorch", "dataloader", "torch"),
    Contender("PyTorch, tensors in memory", "pytorch", "memory", "torch"),
    Contender("JAX, one jitted scan", "jax_scan", "", "jax"),
    Contender("scikit-learn, MLPClassifier", "scikit_learn", "", "scikit-learn"),
)
LOADERS = (
    Contender("per-sample", "passes", "per-sample"),
    Contender("resident", "passes", "resident"),
)
_GROWING = (
    "scratch, resident loader",
    "concise, resident loader",
    NUMPY,
    "PyTorch, tensors in memory",
)


def plan(
    here: Sequence[Contender],
    contenders: Sequence[Contender],
    rounds: int,
    with_growth: bool,
    epochs: float,
    batch_size: float,
) -> List[str]:
    """Format what will run, for about how long, and what is skipped because it is not installed."""
    minutes = math.ceil(estimated_seconds(here, rounds, with_growth, epochs, batch_size) / 60)
    growth = " and growth with examples and batch size" if with_growth else ""
    lines = [
        f"Running {len(here)} of {len(contenders)} contenders (rounds: {rounds}, epochs: "
        f"{epochs}), then data loading{growth}; about {minutes} min on 2 idle cores"
    ]
    missing = list(dict.fromkeys(c.package for c in contenders if c not in here))
    if missing:
        lines.append(
            f"Skipping {', '.join(missing)}: not installed. To include them: make benchmark "
            f"(installs 3 GB), or pip install {' '.join(missing)}"
        )
    return lines


def estimated_seconds(
    here: Sequence[Contender], rounds: int, with_growth: bool, epochs: float, batch_size: float
) -> float:
    """Estimate the time of a benchmark from measurements on 2 cores (docs/speed.md).

    A process starts in 1.7 s. An epoch takes 0.1 s, and more for batches below 200; the tutorial's
    data loader adds 1.4 s. A round of data loading takes 6 s, and growth 18 s a contender.
    """
    epoch = 0.1 * max(1, 200 / batch_size)
    per_sample = sum(c.name == TUTORIAL or c.variant.endswith("per-sample") for c in here)
    training = len(here) * (1.7 + epochs * epoch) + per_sample * epochs * 1.4
    growing = sum(c.name in _GROWING for c in here) * with_growth
    return rounds * (training + 6) + 18 * growing


def ratios(results: Sequence[float], to: Sequence[float]) -> Tuple[float, float, float]:
    """Return median, minimum and maximum of ``results[k] / to[k]``, round by round."""
    quotients = np.divide(results, to)
    return float(np.median(quotients)), float(quotients.min()), float(quotients.max())


def _counts(results: Dict[str, List[Result]], name: str) -> bool:
    """Return whether a contender reached the loss of NumPy by hand."""
    losses = [result.loss for result in results[name]]
    goal = float(np.median([result.loss for result in results[NUMPY]]))
    return all(abs(loss - goal) <= LOSS_TOLERANCE for loss in losses)


def table(results: Dict[str, List[Result]]) -> List[str]:
    """Format results as lines, fastest first; contenders with another loss are marked, and last."""
    lines = [
        f"{'':28}  {'seconds per epoch':^21}  {'time compared to':^17} {'speed-up over':^17}  "
        "start to",
        f"{'':28}  {'median':>7}{'min':>7}{'max':>7}  {'NumPy by hand':^17} "
        f"{'the tutorial':^17}   trained    loss  accuracy",
    ]
    by_time = sorted(
        results, key=lambda name: (not _counts(results, name), _median(results[name], "epoch"))
    )
    for name in by_time:
        epochs = [result.epoch for result in results[name]]
        longer = _cell(ratios(epochs, [result.epoch for result in results[NUMPY]]))
        faster = _cell(ratios([result.epoch for result in results[TUTORIAL]], epochs))
        lines.append(
            f"{name:28}  {np.median(epochs):7.3f}{min(epochs):7.3f}{max(epochs):7.3f}  "
            f"{longer:>17} {faster:>17}  {_median(results[name], 'whole'):6.2f} s  "
            f"{_median(results[name], 'loss'):.4f}  {_median(results[name], 'accuracy'):.3f}"
            + ("" if _counts(results, name) else "  excluded: another loss")
        )
    return lines


def _cell(ratio: Tuple[float, float, float]) -> str:
    middle, low, high = (f"{number:#.3g}" for number in ratio)
    return f"{middle} [{low}, {high}]"


def _median(results: Sequence[Result], what: str) -> float:
    return float(np.median([getattr(result, what) for result in results]))


def benchmark(out: Path, rounds: int, with_growth: bool, **settings: float) -> bool:
    """Run the benchmark, print tables, and write ``benchmark.json`` and the pictures.

    ``settings`` are ``epochs``, ``batch_size`` and ``lr`` of all contenders. Returns whether all
    contenders ran and reached the same loss.
    """
    contenders, theirs = installed(CONTENDERS)
    sizes = settings["epochs"], settings["batch_size"]
    print("\n".join(plan(contenders, CONTENDERS, rounds, with_growth, *sizes)), flush=True)
    # Before the contenders, so that the download is not part of their time.
    load("official")
    found: dict = {
        "date": str(date.today()),
        "processor": processor(),
        "versions": {**versions(), **theirs},
        "settings": {"rounds": rounds, **settings},
    }
    print(f"{found['date']}, {found['processor']}")
    print(", ".join(" ".join(pair) for pair in found["versions"].items()), flush=True)
    results = run_rounds(contenders, rounds, **settings)
    if NUMPY not in results or TUTORIAL not in results:
        raise GluonSoftmaxError(
            f"{NUMPY!r} or {TUTORIAL!r} failed (see above): no ratios without them"
        )
    print(f"\nTraining (rounds: {rounds}, epochs: {settings['epochs']})")
    print("\n".join(table(results)), flush=True)
    found["training"] = _plain(results)

    by_loader = run_rounds(LOADERS, rounds, epochs=3, batch_size=PASS_BATCH_SIZE)
    # For its memory.
    by_loader["mxnet alone"] = [run_once(Contender("mxnet alone", "footprint"))]
    found["passes"] = _plain(by_loader)
    _print_passes(by_loader)
    if with_growth:
        grown = measure_growth(
            [contender for contender in contenders if contender.name in _GROWING]
        )
        found["growth"] = {
            what: {"sizes": SIZES[what], **_plain(results)} for what, results in grown.items()
        }
        print_growth(grown)
        save_growth(out, grown)
    write_text(out / "benchmark.json", json.dumps(found, indent=1) + "\n")
    print(f"\nAll numbers are in {out / 'benchmark.json'}")
    return len(results) == len(contenders) and all(_counts(results, name) for name in results)


def _plain(results: Dict[str, List]) -> dict:
    return {
        name: [result and result._asdict() for result in of_name]
        for name, of_name in results.items()
    }


def _print_passes(found: Dict[str, List[Result]]) -> None:
    print(f"\nData loading without training, batch size {PASS_BATCH_SIZE}")
    footprint = found["mxnet alone"][0].peak_bytes
    seconds = {
        loader.name: [result.epoch for result in found[loader.name]]
        for loader in LOADERS
        if loader.name in found
    }
    for loader, of_loader in seconds.items():
        above = _median(found[loader], "peak_bytes") - footprint
        print(
            f"  {loader:12} {1 / np.median(of_loader):7.2f} passes per second, "
            f"{above / 1e6:4.0f} MB more than MXNet alone ({footprint / 1e6:.0f} MB)"
        )
    if len(seconds) == len(LOADERS):
        slow, fast = seconds.values()
        middle, low, high = ratios(slow, fast)
        print(f"  resident is {middle:.0f} times as fast [{low:.0f}, {high:.0f}]", flush=True)
