"""Load the data set: an edition, a re-split, or files of the user's own."""

import functools
import os
from pathlib import Path
from typing import Optional

import numpy as np

from ..console import notify
from ..errors import DataError, UsageError
from .cache import Arrays, check_sum, edition_folder, obtain, was_out_of_reach
from .editions import EDITIONS, FILES, PARTS, Edition
from .fashion_mnist import OWN_FILES, FashionMNIST
from .idx import is_file, kind_of, read_idx_path
from .resplit import resplit

EDITION_CHOICES = ("auto", "official", "mxnet", "resplit")
EDITION_VARIABLE = "GLUON_SOFTMAX_EDITION"


def load(
    edition: str = "auto", data_dir: Optional[str] = None, split_seed: int = 0
) -> FashionMNIST:
    """Load and verify the data set; download it if it is not in the cache.

    Parameters
    ----------
    edition : {"auto", "official", "mxnet", "resplit"}
        ``mxnet`` is the withdrawn edition, which the tutorial used. ``auto`` is ``mxnet`` if it
        can be downloaded, else ``official``. ``resplit`` is a new random train/test split of the
        official 70,000 images.
    data_dir : str, optional
        Folder with the four IDX files, gzipped or not, to read instead of an edition.
    split_seed : int
        Seed of ``resplit``.

    Returns
    -------
    FashionMNIST
        Arrays with their edition, origin and checksums.

    Raises
    ------
    DataError
        If the edition cannot be downloaded, or a file fails verification.
    UsageError
        If the edition is unknown, or ``data_dir`` is not a folder.
    """
    if data_dir == "":
        raise UsageError("--data-dir '': name a folder")
    if data_dir is not None:
        return _from_own_files(Path(data_dir))
    if edition == "auto":
        return _load_auto()
    if edition == "resplit":
        return resplit(load("official"), split_seed)
    if edition not in EDITIONS:
        raise UsageError(f"unknown edition {edition!r}: choose from {', '.join(EDITION_CHOICES)}")
    return _load_edition(EDITIONS[edition])


def load_chosen(root: Optional[str] = None) -> FashionMNIST:
    """Load the default data set, cached, for callers that do not choose an edition.

    These are the files in ``root`` if it contains those that MXNet accepts, else the edition that
    ``GLUON_SOFTMAX_EDITION`` names, by default ``auto``. Raises the errors of :func:`load`.
    """
    folder = None if root is None else Path(root).expanduser()
    if folder is not None and _would_be_accepted(folder):
        return _once("auto", str(folder))
    edition = os.environ.get(EDITION_VARIABLE) or "auto"
    try:
        return _once(edition, None)
    except (DataError, UsageError) as error:
        raise type(error)(
            f"{error}; {EDITION_VARIABLE} is {edition!r}, possible values are "
            f"{', '.join(EDITION_CHOICES)}"
        ) from None


@functools.lru_cache(maxsize=None)
def _once(edition: str, data_dir: Optional[str]) -> FashionMNIST:
    return load(edition, data_dir)


def _would_be_accepted(root: Path) -> bool:
    edition = EDITIONS["mxnet"]
    paths = {file: root / (file + edition.suffix) for file in FILES}
    if not all(path.is_file() for path in paths.values()):
        return False
    try:
        for file, path in paths.items():
            check_sum(edition.checksums[file], (path.read_bytes(),), str(path))
    except DataError:
        return False
    return True


def _load_auto() -> FashionMNIST:
    withdrawn = EDITIONS["mxnet"]
    # Reported once, when the download fails; later runs skip it for a day.
    note = not was_out_of_reach(edition_folder(withdrawn))
    try:
        return _load_edition(withdrawn, optional=True)
    except DataError:
        if note:
            notify(
                "The withdrawn edition of Fashion-MNIST that the tutorial used cannot be "
                "downloaded; using the official edition."
            )
        return _load_edition(EDITIONS["official"])


def _load_edition(edition: Edition, optional: bool = False) -> FashionMNIST:
    arrays, origin = obtain(edition, edition_folder(edition), optional=optional)
    return _assemble(edition.name, origin, dict(edition.checksums), arrays)


def _assemble(edition: str, origin: str, checksums: dict, arrays: Arrays) -> FashionMNIST:
    train_images, train_labels, test_images, test_labels = (arrays[file] for file in FILES)
    return FashionMNIST(
        edition,
        origin,
        checksums,
        train_images[..., np.newaxis],
        train_labels.astype(np.int32),
        test_images[..., np.newaxis],
        test_labels.astype(np.int32),
    )


def _from_own_files(folder: Path) -> FashionMNIST:
    if not folder.is_dir():
        raise UsageError(f"--data-dir {folder}: not a folder")
    arrays = {}
    for file in FILES:
        try:
            path = next(filter(is_file, (folder / file, folder / f"{file}.gz")), None)
            if path is None:
                raise DataError(f"{folder}: has neither {file} nor {file}.gz")
            arrays[file] = read_idx_path(path, kind_of(file))[1]
        except OSError as error:
            raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error
    for part in PARTS:
        images, labels = (arrays[file] for file in FILES if file.startswith(part))
        if len(images) != len(labels):
            raise DataError(f"{folder}: {len(images)} {part} images but {len(labels)} labels")
    return _assemble(OWN_FILES, str(folder), {}, arrays)
