"""``python -m gluon_softmax data``: fetch the data set, check it again, tell where it lies."""

import contextlib
from typing import List

import numpy as np

from ..data.cache import MEMORY, edition_folder, in_cache, read_cache
from ..data.editions import EDITIONS, FILES, Edition
from ..data.fashion_mnist import FashionMNIST
from ..errors import DataError, UsageError
from .options import Parser, add_data_options, load_data


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax data",
        description="fetch gets the edition, from the cache or the first source that verifies; "
        "verify checks what the cache has; where tells where that is.",
    )
    parser.add_argument("action", nargs="?", choices=("fetch", "verify", "where"), default="fetch")
    add_data_options(parser)
    arguments = parser.parse_args(argv)
    edition, action = arguments.edition or "auto", arguments.action
    if action == "fetch" or arguments.data_dir is not None:
        if edition == "auto":
            # Who asks to fetch wants what was out of reach before to be searched for again.
            with contextlib.suppress(PermissionError):
                (edition_folder(EDITIONS["mxnet"]) / MEMORY).unlink(missing_ok=True)
        print("\n".join(describe(load_data(arguments))))
        return 0
    if arguments.split_seed is not None:
        raise UsageError(f"--split-seed {arguments.split_seed} has no effect on `data {action}`")
    found, damaged, shut = 0, [], []
    for candidate in _candidates(edition):
        folder = edition_folder(candidate)
        try:
            there = in_cache(candidate)
        except OSError as error:
            print(f"{candidate.name}: {folder} cannot be read ({error.strerror})")
            shut.append(f"{folder}: cannot be read ({error.strerror})")
            continue
        if action == "where":
            print(f"{candidate.name}: {folder}, {len(there)} of {len(FILES)} files there")
            continue
        count = len(read_cache(candidate, folder))
        print(f"{candidate.name}: {count} of {len(FILES)} files verified")
        found += count == len(FILES)
        damaged += [candidate.name] * (count < len(there))
    if damaged:
        names = " and ".join(damaged)
        raise DataError(
            f"files in the cache that are damaged or cannot be read: {names}; `python -m "
            f"gluon_softmax data --edition {damaged[0]}` fetches them anew"
        )
    if action == "verify" and shut:
        raise DataError(shut[0])
    if action == "verify" and not found:
        raise DataError("the cache has no whole edition; `python -m gluon_softmax data` fetches it")
    return 0


def _candidates(edition: str) -> List[Edition]:
    if edition == "resplit":
        return [EDITIONS["official"]]
    return [EDITIONS[edition]] if edition in EDITIONS else list(EDITIONS.values())


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
