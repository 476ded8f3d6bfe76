"""The main job: do all that the document does, several times over, and judge its figures."""

import time
from dataclasses import asdict, dataclass, field
from typing import Dict, List, Optional

import mxnet as mx
import numpy as np

from . import claims, verdicts
from .claims import FIGURES, Figure
from .console import progress
from .data import CLASS_NAMES, FashionMNIST, get_fashion_mnist_labels, resplit
from .errors import GluonSoftmaxError
from .loader import fashion_mnist_datasets, load_data_fashion_mnist
from .machine import processor, versions
from .runs import VERSIONS, Run, Settings, train_version
from .training import Records

SCHEMA_VERSION = 1
READING_BATCH_SIZE = 1000
_SERIES = ("loss", "train_acc", "share_predicted_1", "test_acc", "seconds")


@dataclass
class Fact:
    """Something that must be the same to the letter, or else has a known reason."""

    name: str
    section: str
    document: object
    here: object
    verdict: str
    note: str = ""


@dataclass
class Reproduction:
    """All that one call of ``reproduce`` found.

    Parameters
    ----------
    data : FashionMNIST
        The edition at hand.
    settings : Settings
        Of all runs.
    seed, runs_asked : int
        The first run's seed and the number of runs asked for.
    facts : list of Fact
        Of the parts of the document that involve no training.
    reading_seconds : float or None
        One pass of the document's own loader over the training set.
    runs : dict of str to list of Run
        By edition, in the order in which they ended; both versions.
    partial : bool
        Whether it ended before all runs were done.
    stopped : str
        Why, if an error ended it.
    """

    data: FashionMNIST
    settings: Settings
    seed: int
    runs_asked: int
    facts: List[Fact] = field(default_factory=list)
    reading_seconds: Optional[float] = None
    runs: Dict[str, List[Run]] = field(default_factory=dict)
    partial: bool = False
    stopped: str = ""

    def of(self, edition: str, version: str) -> List[Run]:
        """List an edition's runs of one version."""
        return [run for run in self.runs.get(edition, []) if run.version == version]

    def values(self, edition: str, figure: Figure) -> List[float]:
        """List what the runs on an edition gave for one of the document's figures."""
        runs = self.of(edition, figure.version)
        if figure.metric == "accuracy_before":
            return [run.accuracy_before for run in runs]
        return [getattr(run.records, figure.metric)[figure.epoch - 1] for run in runs]

    def has_document_settings(self) -> bool:
        """Tell whether the settings are those with which the document got its figures."""
        settings = self.settings
        ours = (settings.epochs, settings.batch_size, settings.lr)
        return ours == (claims.EPOCHS, claims.BATCH_SIZE, claims.LR)

    def verdicts(self) -> List[verdicts.Verdict]:
        """Judge the document's figures; none if the settings or the data are not its own."""
        if not self.has_document_settings() or self.data.edition == "own files":
            return []
        values = {
            edition: {figure: self.values(edition, figure) for figure in FIGURES}
            for edition in self.runs
        }
        return verdicts.judge(FIGURES, values, self.data.edition)

    def failures(self) -> List[str]:
        """Name what neither reproduces nor is explained."""
        return [fact.name for fact in self.facts if fact.verdict == verdicts.FAILS] + [
            verdict.figure.name for verdict in self.verdicts() if verdict.verdict == verdicts.FAILS
        ]


def find_facts(data: FashionMNIST) -> List[Fact]:
    """Do what the document does without training, and compare.

    Parameters
    ----------
    data : FashionMNIST
        The edition at hand.

    Returns
    -------
    list of Fact
        In the document's order.
    """
    mnist_train, _ = fashion_mnist_datasets(data)
    feature, label = mnist_train[0:10]
    probabilities = mx.nd.array([[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
    picked = mx.nd.pick(probabilities, mx.nd.array([0, 2], dtype="int32"))
    here = {
        "number of training examples": len(mnist_train),
        "shape of mnist_train[0:10]": list(feature.shape),
        "dtype of the images": np.dtype(feature.dtype).name,
        claims.LABELS: label.tolist(),
        "class names": get_fashion_mnist_labels(range(len(CLASS_NAMES))),
        "get_fashion_mnist_labels([3, 1])": get_fashion_mnist_labels([3, 1]),
        "nd.pick example": [round(float(p), 6) for p in picked.asnumpy()],
    }
    facts = []
    for name, (section, document) in claims.FACTS.items():
        fact = Fact(name, section, document, here[name], verdicts.SAME)
        if here[name] != document:
            fact.verdict = verdicts.FAILS
            if name == claims.LABELS and data.edition in ("official", "resplit"):
                fact.verdict = verdicts.EXPLAINED
                fact.note = (
                    "the document has the withdrawn mxnet edition, whose labels begin so; "
                    f"this is the {data.edition} edition"
                )
        facts.append(fact)
    return facts


def time_reading(data: FashionMNIST, num_workers: Optional[int]) -> float:
    """Time one pass of the document's own loader over the training set.

    Parameters
    ----------
    data : FashionMNIST
        The data set.
    num_workers : int or None
        Worker processes; None for the document's number.

    Returns
    -------
    float
        Wall-clock time, seconds.
    """
    train_iter, _ = load_data_fashion_mnist(
        READING_BATCH_SIZE, data, loader="per-sample", num_workers=num_workers
    )
    start = time.perf_counter()
    for _ in progress(train_iter, desc="the document's loader"):
        pass
    mx.nd.waitall()
    return time.perf_counter() - start


def reproduce(
    data: FashionMNIST, settings: Settings, seed: int, runs: int, read: bool = True
) -> Reproduction:
    """Do all that the document does; print it as it comes.

    Parameters
    ----------
    data : FashionMNIST
        The edition at hand.
    settings : Settings
        Of all runs.
    seed : int
        Of the first run; each further one takes the next.
    runs : int
        How often to train each version on each edition.
    read : bool
        Whether to time a pass of the document's own loader.

    Returns
    -------
    Reproduction
        All that was found; marked as partial if Ctrl-C or an error ended it.
    """
    found = Reproduction(data, settings, seed, runs)
    try:
        found.facts = find_facts(data)
        _print_part_1(found)
        if read:
            found.reading_seconds = time_reading(data, settings.num_workers)
            print(
                f"one pass of the document's loader: {found.reading_seconds:.2f} s "
                f"(document: {claims.READING_SECONDS:.2f} s)"
            )
        _run_all(found)
    except KeyboardInterrupt:
        found.partial = True
    except GluonSoftmaxError as error:
        # What has ended is worth a report; the caller tells the error.
        found.partial, found.stopped = True, str(error)
    return found


def _run_all(found: Reproduction) -> None:
    pool = found.data
    editions = [pool.edition]
    if pool.edition == "official":
        editions.append("resplit")
    seeds = [(found.seed + k) % 2**32 for k in range(found.runs_asked)]
    total = len(seeds) * len(editions) * len(VERSIONS)
    with progress(total=total, desc="runs", unit="run") as bar:
        for edition in editions:
            # The first run on the edition at hand is told at length, the others in a line each.
            at_length = 1 if edition == pool.edition else 0
            for k, seed in enumerate(seeds):
                is_drawn = edition == "resplit" and pool.edition == "official"
                data = resplit(pool, seed) if is_drawn else pool
                shown = k < at_length
                pair = []
                for version in VERSIONS:
                    pair.append(_run(version, data, found.settings, seed, shown))
                    # Both versions or neither, so that an interrupted report compares like runs.
                    if len(pair) == len(VERSIONS):
                        found.runs.setdefault(edition, []).extend(pair)
                    bar.update()
                if not shown:
                    if k == at_length:
                        print(f"\n{edition:22} last loss, test acc: scratch        concise")
                    _print_run(k, found.runs_asked, pair)


def _run(version: str, data: FashionMNIST, settings: Settings, seed: int, shown: bool) -> Run:
    if not shown:
        return train_version(version, data, settings, seed, on_epoch=lambda records: None)
    print(f"\n{claims.SECTIONS[version]:56} document")
    return train_version(
        version,
        data,
        settings,
        seed,
        on_start=lambda accuracy: print(f"test acc before training {accuracy:.4f}"),
        on_epoch=lambda records: print(_epoch_beside_document(version, records), flush=True),
    )


def _epoch_beside_document(version: str, records: Records) -> str:
    epoch = len(records.loss)
    line = (
        f"epoch {epoch}, loss {records.loss[-1]:.4f}, train acc {records.train_acc[-1]:.3f}, "
        f"test acc {records.test_acc[-1]:.3f}"
    )
    if epoch > claims.EPOCHS:
        return line
    loss, train_acc, test_acc = claims.TABLES[version][epoch - 1]
    return f"{line:56} {loss:.4f} {train_acc:.3f} {test_acc:.3f}"


def _print_part_1(found: Reproduction) -> None:
    print(f"{claims.PART_1} ({found.data.edition} edition, from {found.data.origin})")
    for fact in found.facts:
        differs = "" if fact.here == fact.document else f"  (document: {_plain(fact.document)})"
        print(f"  {fact.name}: {_plain(fact.here)}{differs}")


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _print_run(k: int, runs: int, pair: List[Run]) -> None:
    figures = "   ".join(f"{r.records.loss[-1]:.4f} {r.records.test_acc[-1]:.4f}" for r in pair)
    print(f"run {k + 1:>3} of {runs:<3} {'':24}     {figures}", flush=True)


def results(found: Reproduction) -> dict:
    """Put all that was found into the form of ``results.json``.

    Parameters
    ----------
    found : Reproduction
        What :func:`reproduce` gave.

    Returns
    -------
    dict
        Of plain types; ``results.schema.json`` beside this module describes it.
    """
    data, settings = found.data, found.settings
    first = {run.version: run for run in reversed(found.runs.get(data.edition, []))}
    return {
        "schema_version": SCHEMA_VERSION,
        "partial": found.partial,
        "stopped": found.stopped or None,
        "edition": data.edition,
        "origin": data.origin,
        "checksums": data.checksums,
        "versions": versions(),
        "processor": processor(),
        "settings": {
            "epochs": settings.epochs,
            "batch_size": settings.batch_size,
            "lr": settings.lr,
            "ctx": str(settings.ctx),
            "loader": settings.loader,
            "num_workers": settings.num_workers,
            "seed": found.seed,
            "runs": found.runs_asked,
        },
        "reading_seconds": found.reading_seconds,
        **{version: _lists(first[version].records) for version in VERSIONS if version in first},
        "editions": {
            edition: {
                version: _statistics(found.of(edition, version))
                for version in VERSIONS
                if found.of(edition, version)
            }
            for edition in found.runs
        },
        "claims": _claims(found),
    }


def _lists(records: Records) -> Dict[str, List[float]]:
    return {name: [float(x) for x in values] for name, values in asdict(records).items()}


def _statistics(runs: List[Run]) -> dict:
    series = {
        name: np.array([getattr(run.records, name) for run in runs], np.float64) for name in _SERIES
    }
    series["accuracy_before"] = np.array([[run.accuracy_before] for run in runs])
    return {
        "seeds": [run.seed for run in runs],
        **{
            name: {
                "mean": values.mean(axis=0).tolist(),
                "sd": values.std(axis=0, ddof=1).tolist() if len(runs) > 1 else None,
                "values": values.tolist(),
            }
            for name, values in series.items()
        },
    }


def _claims(found: Reproduction) -> List[dict]:
    rows = [
        {
            "name": fact.name,
            "section": fact.section,
            "document": fact.document,
            "here": fact.here,
            "interval": None,
            "verdict": fact.verdict,
        }
        for fact in found.facts
    ]
    for verdict in found.verdicts():
        figure = verdict.figure
        rows.append(
            {
                "name": figure.name,
                "section": figure.section,
                "document": figure.document,
                "here": {
                    edition: float(np.mean(found.values(edition, figure))) for edition in found.runs
                },
                "interval": {e: list(interval) for e, interval in verdict.intervals.items()},
                "verdict": verdict.verdict,
            }
        )
    if found.reading_seconds is not None:
        rows.append(
            {
                "name": "seconds to read the training set once",
                "section": claims.PART_1,
                "document": claims.READING_SECONDS,
                "here": found.reading_seconds,
                "interval": None,
                "verdict": f"ratio {found.reading_seconds / claims.READING_SECONDS:.2f}",
            }
        )
    return rows
