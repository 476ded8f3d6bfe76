"""The same training in other ways, timed; each way is a program in ``contenders``."""

import json
from datetime import date
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from ..data.load import load
from ..errors import GluonSoftmaxError
from ..training.machine import processor, versions
from ..writing import write_text
from .growth import BATCH_SIZES, EXAMPLES, measure_growth, print_growth, save_growth
from .rounds import Contender, Result, installed, run_once, run_rounds

TUTORIAL, NUMPY = "the tutorial's code", "NumPy by hand"
# How far a contender's last loss may be from that of NumPy by hand. Other initial weights and
# orders move it by 0.0005; half the learning rate by 0.03.
LOSS_TOLERANCE = 0.005
# One pass of the tutorial's loader is timed at this batch size, as in its part 1.
PASS_BATCH_SIZE = 1000

CONTENDERS = (
    Contender(TUTORIAL, "tutorial"),
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


def ratios(results: Sequence[float], to: Sequence[float]) -> Tuple[float, float, float]:
    """Compare times round by round: median, smallest and largest of ``results[k] / to[k]``."""
    quotients = np.divide(results, to)
    return float(np.median(quotients)), float(quotients.min()), float(quotients.max())


def _counts(results: Dict[str, List[Result]], name: str) -> bool:
    """Tell whether a contender reached the loss that NumPy by hand reaches."""
    losses = [result.loss for result in results[name]]
    goal = float(np.median([result.loss for result in results[NUMPY]]))
    return all(abs(loss - goal) <= LOSS_TOLERANCE for loss in losses)


def table(results: Dict[str, List[Result]]) -> List[str]:
    """Put results into lines, the fastest first; those of another loss come last, and say so."""
    lines = [
        f"{'':28}  {'seconds an epoch':^21}  {'times as long':^17} {'times as fast':^17}  start to",
        f"{'':28}  {'median':>7}{'min':>7}{'max':>7}  {'as NumPy by hand':^17} "
        f"{'as the tutorial':^17}   trained    loss  accuracy",
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
            + ("" if _counts(results, name) else "  another loss: does not count")
        )
    return lines


def _cell(ratio: Tuple[float, float, float]) -> str:
    middle, low, high = (f"{number:#.3g}" for number in ratio)
    return f"{middle} [{low}, {high}]"


def _median(results: Sequence[Result], what: str) -> float:
    return float(np.median([getattr(result, what) for result in results]))


def passes(rounds: int) -> Dict[str, List[Result]]:
    """Time passes over the training set, by feed; also ``mxnet alone``, for its memory."""
    found = run_rounds(FEEDS, rounds, epochs=3, batch_size=PASS_BATCH_SIZE)
    found["mxnet alone"] = [run_once(Contender("mxnet alone", "footprint"))]
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
    if NUMPY not in results or TUTORIAL not in results:
        raise GluonSoftmaxError("without NumPy by hand and the tutorial's code there is no ratio")
    print(f"\nTraining, {rounds} rounds of {settings['epochs']} epochs")
    print("\n".join(table(results)), flush=True)
    found["training"] = _plain(results)

    by_feed = passes(rounds)
    found["passes"] = _plain(by_feed)
    _print_passes(by_feed)
    if with_growth:
        grown = measure_growth(
            [contender for contender in contenders if contender.name in _GROWING]
        )
        found["growth"] = {
            "examples": {"sizes": EXAMPLES, **_plain(grown["examples"])},
            "batch_size": {"sizes": BATCH_SIZES, **_plain(grown["batch_size"])},
        }
        print_growth("Examples", EXAMPLES, grown["examples"])
        print_growth("Batch size", BATCH_SIZES, grown["batch_size"])
        save_growth(out, grown)
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
