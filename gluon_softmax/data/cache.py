"""Get an edition: from the cache, or from the first source whose files verify."""

import contextlib
import gzip
import hashlib
import io
import os
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..console import say
from ..errors import DataError, GluonSoftmaxError
from ..writing import whole_file
from . import apt, folder, url
from .editions import FILES, LARGEST_GZ, NUM_CLASSES, Edition, Reader, Source
from .idx import is_file, kind_of, read_idx, read_idx_path

# How long an edition that was out of reach is not searched for by who can do without it.
REMEMBER_SECONDS = 24 * 3600
MEMORY = "out-of-reach"
_KINDS: Dict[str, Reader] = {"folder": folder.read, "url": url.read, "apt": apt.read}

Arrays = Dict[str, np.ndarray]


def cache_root() -> Path:
    """Tell MXNet's folder of data sets: ``$MXNET_HOME/datasets``, by default under ``~/.mxnet``.

    Returns
    -------
    pathlib.Path
        The folder, which may not exist.

    Notes
    -----
    The same rule as ``mxnet.base.data_dir``, without importing MXNet.
    """
    home = os.environ.get("MXNET_HOME")
    if not home:
        if os.name == "nt" and os.environ.get("APPDATA"):
            home = os.path.join(os.environ["APPDATA"], "mxnet")
        else:
            home = os.path.join(os.path.expanduser("~"), ".mxnet")
    return Path(home) / "datasets"


def edition_folder(edition: Edition) -> Path:
    """Tell an edition's folder in the cache."""
    return cache_root() / edition.folder


def obtain(
    edition: Edition,
    folder: Path,
    sources: Optional[Sequence[Source]] = None,
    optional: bool = False,
) -> Tuple[Arrays, str]:
    """Read an edition's four files, verified, fetching what the cache lacks.

    Parameters
    ----------
    edition : Edition
        Which edition.
    folder : pathlib.Path
        Its folder in the cache.
    sources : sequence of Source, optional
        Where to look after the cache; by default the edition's own.
    optional : bool
        Whether the caller can do without it: then there is no search if one was in vain within the
        last day.

    Returns
    -------
    arrays : dict of str to numpy.ndarray of uint8
        By file name; images (count, 28, 28), labels (count,).
    origin : str
        Where they came from, for people.

    Raises
    ------
    DataError
        If no source has all files.
    """
    arrays = read_cache(edition, folder)
    origin = "the cache"
    searches = not (optional and _was_out_of_reach(folder))
    if searches:
        for source in edition.sources if sources is None else sources:
            missing = [file for file in FILES if file not in arrays]
            if not missing:
                break
            try:
                for file, gz in _KINDS[source.kind](source, missing):
                    arrays[file] = _take_in(edition, folder, file, gz, source.name)
                origin = source.name
            except DataError as error:
                say(f"{edition.name} edition: {source.name}: {error}")
    if len(arrays) < len(FILES):
        if optional and searches:
            _remember_out_of_reach(folder)
        raise DataError(
            f"the {edition.name} edition could not be had from any source; with a network, "
            f"`python -m gluon_softmax data --edition {edition.name} fetch` tries again, and "
            "--data-dir FOLDER reads IDX files of your own"
        )
    return arrays, origin


def in_cache(edition: Edition) -> List[Path]:
    """List those of an edition's files that the cache has; errors are those of :func:`is_file`."""
    paths = [edition_folder(edition) / (file + edition.suffix) for file in FILES]
    return [path for path in paths if is_file(path)]


def read_cache(edition: Edition, folder: Path) -> Arrays:
    """Read those of an edition's files that the cache has; set aside those that fail their check.

    Parameters
    ----------
    edition : Edition
        Which edition.
    folder : pathlib.Path
        Its folder in the cache, which may not exist.

    Returns
    -------
    dict of str to numpy.ndarray of uint8
        By file name; only what is there and verified.
    """
    arrays = {}
    for file in FILES:
        path = folder / (file + edition.suffix)
        try:
            if is_file(path):
                arrays[file] = verify_cached(edition, path)
        except DataError as error:
            if isinstance(error.__cause__, PermissionError):
                # It may be whole.
                say(str(error))
                continue
            aside = path.with_name(path.name + ".rejected")
            try:
                os.replace(path, aside)
                say(f"{error}; set aside as {aside.name}")
            except OSError as cannot:
                say(f"{error}; it cannot be set aside ({cannot.strerror})")
        except OSError as error:
            say(f"{path}: cannot be read ({error.strerror})")
    return arrays


def verify_cached(edition: Edition, path: Path) -> np.ndarray:
    """Read a file of an edition, and check it.

    Parameters
    ----------
    edition : Edition
        Which edition.
    path : pathlib.Path
        One of its files, by its name in the cache.

    Returns
    -------
    numpy.ndarray of uint8
        What it holds.

    Raises
    ------
    DataError
        If it is not what it should be, or cannot be read.
    OSError
        If it cannot be read.
    """
    file = path.name[: len(path.name) - len(edition.suffix)]
    if edition.suffix:
        if path.stat().st_size > LARGEST_GZ:
            raise DataError(f"{path}: {path.stat().st_size} bytes, too large")
        return _decode(edition, file, path.read_bytes(), str(path))[0]
    header, array = read_idx_path(path, kind_of(file))
    _check(edition, file, (header, array), array, str(path))
    return array


def _decode(edition: Edition, file: str, gz: bytes, name: str) -> Tuple[np.ndarray, list]:
    """Check a .gz; return its array and the pieces of what the cache keeps."""
    if edition.suffix:
        # Before it is unpacked.
        check_sum(edition.checksums[file], (gz,), name)
    with gzip.open(io.BytesIO(gz)) as stream:
        header, array = read_idx(stream, kind_of(file), name)
    kept = [gz] if edition.suffix else [header, array]
    _check(edition, file, kept, array, name)
    return array, kept


def _check(edition: Edition, file: str, kept: Sequence, array: np.ndarray, name: str) -> None:
    check_sum(edition.checksums[file], kept, name)
    _check_counts(edition, file, array, name)


def _check_counts(edition: Edition, file: str, array: np.ndarray, name: str) -> None:
    expected = edition.per_class[file.split("-")[0]]
    if len(array) != expected * NUM_CLASSES:
        raise DataError(f"{name}: {len(array)} examples, not {expected * NUM_CLASSES}")
    if kind_of(file) == "labels":
        per_class = np.bincount(array, minlength=NUM_CLASSES)
        if (per_class != expected).any():
            raise DataError(f"{name}: {per_class.tolist()} examples a class, not equally many")


def check_sum(expected: str, pieces: Sequence, name: str) -> None:
    """Raise a DataError unless the pieces have the checksum, ``algorithm:hexadecimal``."""
    algorithm, _, digest = expected.partition(":")
    found = hashlib.new(algorithm)
    for piece in pieces:
        found.update(piece)
    if found.hexdigest() != digest:
        raise DataError(f"{name}: its {algorithm} is {found.hexdigest()}, not {digest}")


def _take_in(edition: Edition, folder: Path, file: str, gz: bytes, source: str) -> np.ndarray:
    """Check a file that a source gave and keep it in the cache, if that can be written."""
    array, pieces = _decode(edition, file, gz, f"{source}: {file}.gz")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / (file + edition.suffix)) as staged, open(staged, "wb") as out:
            out.writelines(pieces)
    except (OSError, GluonSoftmaxError) as error:
        reason = getattr(error.__cause__ or error, "strerror", error)
        say(f"{file}: cannot be kept in the cache {folder} ({reason}); used all the same")
    return array


def _was_out_of_reach(folder: Path) -> bool:
    try:
        return 0 <= time.time() - (folder / MEMORY).stat().st_mtime < REMEMBER_SECONDS
    except OSError:
        return False


def _remember_out_of_reach(folder: Path) -> None:
    # A memory that cannot be written costs only time.
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MEMORY).touch()
