"""What ``python -m gluon_softmax data`` does: fetch, verify and tell where the data lie."""

from typing import Callable, Dict, List, Optional

import numpy as np

from . import fetch
from .data import FashionMNIST, edition_folder, load
from .editions import EDITIONS, FILES, MXNET, OFFICIAL, Edition
from .errors import DataError


def describe(data: FashionMNIST) -> List[str]:
    """Tell what a data set is, in lines for people.

    Parameters
    ----------
    data : FashionMNIST
        The data set.

    Returns
    -------
    list of str
        Edition and origin, counts, first ten labels, checksums.
    """
    lines = [f"edition {data.edition}, from {data.origin}"]
    for part, images, labels in (
        ("training", data.train_images, data.train_labels),
        ("test", data.test_images, data.test_labels),
    ):
        per_class = np.bincount(labels, minlength=10)
        spread = str(per_class[0]) if len(set(per_class)) == 1 else str(per_class.tolist())
        lines.append(
            f"  {part}: {len(images)} images {images.shape[1:3]}, {spread} a class, "
            f"first ten labels {' '.join(map(str, labels[:10]))}"
        )
    lines += [f"  {file}  {checksum}" for file, checksum in data.checksums.items()]
    return lines


def _fetch(edition: str, data_dir: Optional[str], split_seed: int) -> int:
    if data_dir is None and edition == "auto":
        # Who asks to fetch wants the sources asked again that were out of reach before.
        (edition_folder(MXNET) / fetch.MEMORY).unlink(missing_ok=True)
    print("\n".join(describe(load(edition, data_dir, split_seed))))
    return 0


def _verify(edition: str, data_dir: Optional[str], split_seed: int) -> int:
    if data_dir is not None:
        return _fetch(edition, data_dir, split_seed)
    found = 0
    for candidate in _candidates(edition):
        arrays = fetch.read_cache(candidate, edition_folder(candidate))
        found += len(arrays) == len(FILES)
        print(f"{candidate.name}: {len(arrays)} of {len(FILES)} files verified")
    if not found:
        raise DataError("the cache has no whole edition; `python -m gluon_softmax data` fetches it")
    return 0


def _where(edition: str, data_dir: Optional[str], split_seed: int) -> int:
    if data_dir is not None:
        return _fetch(edition, data_dir, split_seed)
    for candidate in _candidates(edition):
        folder = edition_folder(candidate)
        arrays = fetch.read_cache(candidate, folder)
        print(f"{candidate.name}: {folder}, {len(arrays)} of {len(FILES)} files there")
    return 0


def _candidates(edition: str) -> List[Edition]:
    if edition == "resplit":
        return [OFFICIAL]
    return [EDITIONS[edition]] if edition in EDITIONS else list(EDITIONS.values())


ACTIONS: Dict[str, Callable[[str, Optional[str], int], int]] = {
    "fetch": _fetch,
    "verify": _verify,
    "where": _where,
}
