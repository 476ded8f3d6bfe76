"""``gluon-softmax data``: download the data set, verify it, or show where it is."""

import argparse
import contextlib
from typing import List

import numpy as np

from ..data.cache import MEMORY, edition_folder, in_cache, read_cache
from ..data.editions import EDITIONS, FILES, Edition
from ..data.fashion_mnist import FashionMNIST
from ..errors import DataError, UsageError
from .options import Parser, add_data_options, load_data

SUMMARY = "download the data set, verify it, or show where it is"


def add_arguments(parser: Parser) -> None:
    parser.description = (
        "fetch loads an edition from the cache, or downloads it from the first source whose files "
        "pass their checksums; verify checks the files in the cache; where shows their folder."
    )
    parser.add_argument("action", nargs="?", choices=("fetch", "verify", "where"), default="fetch")
    add_data_options(parser)


def run(arguments: argparse.Namespace) -> int:
    edition, action = arguments.edition or "auto", arguments.action
    if action == "fetch" or arguments.data_dir is not None:
        if edition == "auto":
            # An explicit fetch retries an edition that recently failed.
            with contextlib.suppress(PermissionError):
                (edition_folder(EDITIONS["mxnet"]) / MEMORY).unlink(missing_ok=True)
        print("\n".join(describe(load_data(arguments))))
        return 0
    if arguments.split_seed is not None:
        raise UsageError(f"--split-seed {arguments.split_seed} has no effect on `data {action}`")
    found, damaged, unreadable = 0, [], []
    for candidate in _candidates(edition):
        folder = edition_folder(candidate)
        try:
            there = in_cache(candidate)
        except OSError as error:
            print(f"{candidate.name}: {folder} cannot be read ({error.strerror})")
            unreadable.append(f"{folder}: cannot be read ({error.strerror})")
            continue
        if action == "where":
            print(f"{candidate.name}: {folder}, {len(there)} of {len(FILES)} files present")
            continue
        if not there and candidate.name == "mxnet" and edition == "auto":
            print("mxnet: not downloaded (optional)")
            continue
        count = len(read_cache(candidate, folder))
        print(f"{candidate.name}: {count} of {len(FILES)} files verified")
        found += count == len(FILES)
        damaged += [candidate.name] * (count < len(there))
    if damaged:
        names = " and ".join(damaged)
        raise DataError(
            f"the cache has damaged or unreadable files of the edition {names}; "
            f"`gluon-softmax data --edition {damaged[0]}` downloads them again"
        )
    if action == "verify" and unreadable:
        raise DataError(unreadable[0])
    if action == "verify" and not found:
        option = "" if edition == "auto" else f" --edition {edition}"
        raise DataError(
            f"the cache has no complete edition; `gluon-softmax data{option}` downloads one"
        )
    return 0


def _candidates(edition: str) -> List[Edition]:
    if edition == "resplit":
        return [EDITIONS["official"]]
    return [EDITIONS[edition]] if edition in EDITIONS else list(EDITIONS.values())


def describe(data: FashionMNIST) -> List[str]:
    """Return a data set's edition, origin, counts, first ten labels and checksums, in lines."""
    lines = [f"edition {data.edition}, from {data.origin}"]
    for part, images, labels in (
        ("training", data.train_images, data.train_labels),
        ("test", data.test_images, data.test_labels),
    ):
        per_class = np.bincount(labels, minlength=10)
        spread = str(per_class[0]) if len(set(per_class)) == 1 else str(per_class.tolist())
        lines.append(
            f"  {part}: {len(images)} images {images.shape[1:3]}, {spread} per class, "
            f"first ten labels {' '.join(map(str, labels[:10]))}"
        )
    lines += [f"  {file}  {checksum}" for file, checksum in data.checksums.items()]
    return lines
