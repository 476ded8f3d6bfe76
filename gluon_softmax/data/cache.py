"""Get an edition from the cache, or from the first source whose files pass verification.

pooch downloads the files. Its cache is not used: MXNet's class and d2lzh read the withdrawn edition
in MXNet's folder, and pooch knows neither several sources of a file nor Debian's packages.
"""

import contextlib
import gzip
import hashlib
import io
import os
import time
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from ..console import notify
from ..errors import DataError, GluonSoftmaxError
from ..writing import whole_file
from . import debian_package, url
from .editions import FILES, LARGEST_GZ, Edition, Reader
from .folder import read as read_folder
from .idx import is_file, kind_of, read_idx, read_idx_path

# How long to remember that an optional edition could not be downloaded.
REMEMBER_SECONDS = 24 * 3600
MEMORY = "out-of-reach"
_KINDS: Dict[str, Reader] = {"folder": read_folder, "url": url.read, "apt": debian_package.read}

Arrays = Dict[str, np.ndarray]


def cache_root() -> Path:
    """Return MXNet's data folder, which may not exist.

    It is ``$MXNET_HOME/datasets``, by default ``~/.mxnet/datasets``, as in ``mxnet.base.data_dir``.
    """
    home = os.environ.get("MXNET_HOME")
    if not home:
        if os.name == "nt" and os.environ.get("APPDATA"):
            home = os.path.join(os.environ["APPDATA"], "mxnet")
        else:
            home = os.path.join(os.path.expanduser("~"), ".mxnet")
    return Path(home) / "datasets"


def edition_folder(edition: Edition) -> Path:
    """Return an edition's folder in the cache."""
    return cache_root() / edition.folder


def obtain(edition: Edition, folder: Path, optional: bool = False) -> Tuple[Arrays, str]:
    """Return an edition's four verified arrays, by file name, and the name of their source.

    Downloads what the cache lacks from the first source that has it; raises DataError if none has
    all files. If the edition is optional, the caller has a substitute: a download that failed
    within the last day is skipped, and the reasons are not reported.
    """
    arrays = read_cache(edition, folder)
    origin = "the cache"
    downloads = not (optional and was_out_of_reach(folder))
    if downloads:
        for source in edition.sources:
            missing = [file for file in FILES if file not in arrays]
            if not missing:
                break
            try:
                for file, gz in _KINDS[source.kind](source, missing):
                    arrays[file] = _take_in(edition, folder, file, gz, source.name)
                origin = source.name
            except DataError as error:
                if not optional:
                    notify(f"{edition.name} edition: {source.name}: {error}")
    if len(arrays) < len(FILES):
        if optional and downloads:
            _remember_out_of_reach(folder)
        raise DataError(
            f"the {edition.name} edition could not be downloaded from any source; check the "
            f"network and run `gluon-softmax data --edition {edition.name} fetch`, or use IDX "
            "files of your own with --data-dir FOLDER"
        )
    return arrays, origin


def in_cache(edition: Edition) -> List[Path]:
    """Return the paths of an edition's cached files; raises OSError as :func:`is_file` does."""
    paths = [edition_folder(edition) / (file + edition.suffix) for file in FILES]
    return [path for path in paths if is_file(path)]


def read_cache(edition: Edition, folder: Path) -> Arrays:
    """Return an edition's verified cached files; rename those that fail verification."""
    arrays = {}
    for file in FILES:
        path = folder / (file + edition.suffix)
        try:
            if is_file(path):
                arrays[file] = verify_cached(edition, path)
        except OSError as error:
            # The file may be intact.
            notify(f"{path}: cannot be read ({error.strerror})")
        except DataError as error:
            aside = path.with_name(path.name + ".rejected")
            try:
                os.replace(path, aside)
                notify(f"{error}; renamed to {aside.name}")
            except OSError as cannot:
                notify(f"{error}; it cannot be renamed ({cannot.strerror})")
    return arrays


def verify_cached(edition: Edition, path: Path) -> np.ndarray:
    """Read one cached file of an edition, verify it, and return its array.

    Raises DataError if it is damaged, or OSError if it cannot be read.
    """
    file = path.name[: len(path.name) - len(edition.suffix)]
    if edition.suffix:
        size = path.stat().st_size
        if size > LARGEST_GZ:
            raise DataError(f"{path}: {size} bytes, more than the limit of {LARGEST_GZ}")
        return _decode(edition, file, path.read_bytes(), str(path))[0]
    header, array = read_idx_path(path, kind_of(file))
    check_sum(edition.checksums[file], (header, array), str(path))
    return array


def _decode(edition: Edition, file: str, gz: bytes, name: str) -> Tuple[np.ndarray, list]:
    """Verify a .gz file; return its array and the pieces that the cache stores."""
    if edition.suffix:
        # Before decompression.
        check_sum(edition.checksums[file], (gz,), name)
    with gzip.open(io.BytesIO(gz)) as stream:
        header, array = read_idx(stream, kind_of(file), name)
    if edition.suffix:
        return array, [gz]
    check_sum(edition.checksums[file], (header, array), name)
    return array, [header, array]


def check_sum(expected: str, pieces: Sequence, name: str) -> None:
    """Raise a DataError unless the pieces match the checksum, ``algorithm:hexadecimal``."""
    algorithm, _, digest = expected.partition(":")
    found = hashlib.new(algorithm)
    for piece in pieces:
        found.update(piece)
    if found.hexdigest() != digest:
        raise DataError(f"{name}: {algorithm} is {found.hexdigest()}, expected {digest}")


def _take_in(edition: Edition, folder: Path, file: str, gz: bytes, source: str) -> np.ndarray:
    """Verify a downloaded file, and store it in the cache if that is writable."""
    array, pieces = _decode(edition, file, gz, f"{source}: {file}.gz")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / (file + edition.suffix)) as staged, open(staged, "wb") as out:
            out.writelines(pieces)
    except (OSError, GluonSoftmaxError) as error:
        reason = getattr(error.__cause__ or error, "strerror", error)
        notify(f"{file}: used without caching, since {folder} is not writable ({reason})")
    return array


def was_out_of_reach(folder: Path) -> bool:
    """Return whether an optional download to this folder failed within the last day."""
    try:
        return 0 <= time.time() - (folder / MEMORY).stat().st_mtime < REMEMBER_SECONDS
    except OSError:
        return False


def _remember_out_of_reach(folder: Path) -> None:
    # Without the marker the next run only loses time.
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MEMORY).touch()
