"""The main job: do all that the tutorial does, several times over, and print it as it comes."""

from typing import List

from ..console import progress
from ..data.fashion_mnist import FashionMNIST
from ..data.resplit import resplit
from ..errors import GluonSoftmaxError
from ..interruption import forget
from ..training.loop import Records, epoch_line
from ..training.run import Run, Settings, train_version
from . import claims
from .facts import find_facts, in_words, time_reading
from .findings import Reproduction
from .versions import VERSIONS


def reproduce(
    data: FashionMNIST, settings: Settings, seed: int, runs: int, read: bool = True
) -> Reproduction:
    """Do all that the tutorial does; print it as it comes.

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
        Whether to time a pass of the tutorial's own loader.

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
                f"one pass of the tutorial's loader: {found.reading_seconds:.2f} s "
                f"(tutorial: {claims.READING_SECONDS:.2f} s)"
            )
        _run_all(found)
    except KeyboardInterrupt:
        found.partial = True
        # What follows, the report, is not to end.
        forget()
    except GluonSoftmaxError as error:
        # What has ended is worth a report; the caller tells the error.
        found.partial, found.stopped = True, str(error)
    return found


def _run_all(found: Reproduction) -> None:
    pool = found.data
    editions = found.editions()
    total = found.runs_asked * len(editions) * len(VERSIONS)
    with progress(total=total, desc="runs", unit="run") as bar:
        for edition in editions:
            # The first run on the edition at hand is told at length, the others in a line each.
            at_length = 1 if edition == pool.edition else 0
            for k in range(found.runs_asked):
                seed = (found.seed + k) % 2**32
                data = pool if edition == pool.edition else resplit(pool, seed)
                pair = []
                for version in VERSIONS:
                    pair.append(_run(version, data, found.settings, seed, k < at_length))
                    # Both versions or neither, so that an interrupted report compares like runs.
                    if len(pair) == len(VERSIONS):
                        found.runs.setdefault(edition, []).extend(pair)
                    bar.update()
                if k == at_length:
                    print(f"\n{edition:22} last loss, test acc: scratch        concise")
                if k >= at_length:
                    _print_run(k, found.runs_asked, pair)


def _run(version: str, data: FashionMNIST, settings: Settings, seed: int, at_length: bool) -> Run:
    if not at_length:
        return train_version(VERSIONS[version], data, settings, seed, on_epoch=lambda _: None)
    print(f"\n{claims.SECTIONS[version]:56} tutorial")
    return train_version(
        VERSIONS[version],
        data,
        settings,
        seed,
        on_start=lambda accuracy: print(f"test acc before training {accuracy:.4f}"),
        on_epoch=lambda records: print(_epoch_beside_tutorial(version, records), flush=True),
    )


def _epoch_beside_tutorial(version: str, records: Records) -> str:
    line = epoch_line(records)
    epoch = len(records.loss)
    if epoch > claims.EPOCHS:
        return line
    loss, train_acc, test_acc = claims.TABLES[version][epoch - 1]
    return f"{line:56} {loss:.4f} {train_acc:.3f} {test_acc:.3f}"


def _print_part_1(found: Reproduction) -> None:
    print(f"{claims.PART_1} ({found.data.edition} edition, from {found.data.origin})")
    for fact in found.facts:
        here, tutorial = in_words(fact.here), in_words(fact.printed)
        differs = "" if fact.here == fact.printed else f"  (tutorial: {tutorial})"
        print(f"  {fact.name}: {here}{differs}")


def _print_run(k: int, runs: int, pair: List[Run]) -> None:
    figures = "   ".join(f"{r.records.loss[-1]:.4f} {r.records.test_acc[-1]:.4f}" for r in pair)
    print(f"run {k + 1:>3} of {runs:<3} {'':24}     {figures}", flush=True)
