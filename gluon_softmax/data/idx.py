"""The IDX format of the MNIST family: a big-endian header, then unsigned bytes."""

import errno
import gzip
import io
import stat
import zlib
from pathlib import Path
from typing import Optional, Tuple

import numpy as np

from ..errors import DataError
from .editions import NUM_CLASSES

IMAGE_SHAPE = (28, 28)
# A header may claim four billion images; a file that claims more than this is refused unread, so
# that a small gzip bomb cannot take all memory (a million images are 784 MB).
MAX_EXAMPLES = 1_000_000
_MAGIC = {"images": 0x00000803, "labels": 0x00000801}


def kind_of(file: str) -> str:
    """Tell whether a file's name is one of ``images`` or of ``labels``."""
    return "images" if "images" in file else "labels"


def read_idx(stream: io.BufferedIOBase, kind: str, name: str) -> Tuple[bytes, np.ndarray]:
    """Read one uncompressed IDX stream to its end, and check it.

    Parameters
    ----------
    stream : io.BufferedIOBase
        At the start of the header.
    kind : {"images", "labels"}
        What the stream must hold.
    name : str
        What to call it in errors.

    Returns
    -------
    header : bytes
        The 16 (images) or 8 (labels) bytes of the header.
    array : numpy.ndarray of uint8
        Shape (count, 28, 28) for images, (count,) for labels.

    Raises
    ------
    DataError
        If magic number, count, image size or length are not what they must be, a label is not in
        0..9, or the compressed data are damaged.

    Notes
    -----
    The format is described at the end of http://yann.lecun.com/exdb/mnist/.
    """
    shape = IMAGE_SHAPE if kind == "images" else ()
    header_size = 8 + 4 * len(shape)
    try:
        header = _read(stream, header_size)
        if len(header) < header_size:
            raise DataError(f"{name}: {len(header)} bytes, too short for an IDX header")
        magic, count, *sides = (int(field) for field in np.frombuffer(header, ">u4"))
        if magic != _MAGIC[kind]:
            raise DataError(
                f"{name}: magic number {magic}, not the {_MAGIC[kind]} of a file of {kind}"
            )
        if tuple(sides) != shape:
            raise DataError(f"{name}: images of {sides[0]}x{sides[1]} pixels, not 28x28")
        if not 1 <= count <= MAX_EXAMPLES:
            raise DataError(f"{name}: claims {count} examples, not 1 to {MAX_EXAMPLES}")
        array = np.empty((count, *shape), np.uint8)
        room = array.data.cast("B")
        size = 0
        while size < len(room):
            got = stream.readinto(room[size:])
            if not got:
                raise DataError(
                    f"{name}: ends after {header_size + size} bytes; "
                    f"its header says {header_size + len(room)}"
                )
            size += got
        if stream.read(1):
            raise DataError(f"{name}: longer than the {header_size + size} bytes of its header")
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{name}: cannot be read ({error})") from error
    if kind == "labels" and array.max() >= NUM_CLASSES:
        index = int(np.argmax(array >= NUM_CLASSES))
        raise DataError(f"{name}: label {array[index]} at index {index}, not 0 to 9")
    return header, array


def _read(stream: io.BufferedIOBase, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = stream.read(size - len(parts))
        if not part:
            break
        parts += part
    return parts


def is_file(path: Path) -> bool:
    """Tell whether a file is there.

    Parameters
    ----------
    path : pathlib.Path
        Where; a link is followed.

    Returns
    -------
    bool
        Of a regular file.

    Raises
    ------
    OSError
        If that cannot be told, as of a folder that may not be looked into: ``Path.is_file`` has
        said no to all of these since Python 3.14.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise


def find_idx(folder: Path, file: str) -> Optional[Path]:
    """Find ``file`` or ``file.gz`` in a folder; None if it has neither."""
    for path in (folder / file, folder / f"{file}.gz"):
        try:
            if is_file(path):
                return path
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return None


def read_idx_path(path: Path, kind: str) -> Tuple[bytes, np.ndarray]:
    """Read and check an IDX file, gzipped if its name ends with .gz.

    See :func:`read_idx` for parameters, results and errors.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            return read_idx(stream, kind, str(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
