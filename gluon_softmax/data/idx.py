"""Reader for the IDX format of MNIST: a big-endian header, then unsigned bytes."""

import errno
import gzip
import io
import math
import stat
import zlib
from pathlib import Path
from typing import Tuple

import numpy as np

from ..errors import DataError
from .editions import NUM_CLASSES

IMAGE_SHAPE = (28, 28)
# A header can claim four billion images. Counts above this are refused before reading, so that a
# small gzip bomb cannot use up the memory (a million images are 784 MB).
MAX_EXAMPLES = 1_000_000
_MAGIC = {"images": 0x00000803, "labels": 0x00000801}


def kind_of(file: str) -> str:
    """Return ``images`` or ``labels``, from a file's name."""
    return "images" if "images" in file else "labels"


def read_idx(stream: io.BufferedIOBase, kind: str, name: str) -> Tuple[bytes, np.ndarray]:
    """Read an uncompressed IDX stream of images or labels to its end, and validate it.

    Returns the 16 or 8 bytes of its header, and the array of uint8: (count, 28, 28) for images,
    (count,) for labels. Raises DataError, with the given name, if the magic number, count, image
    size or length is wrong, a label is not in 0..9, or the compressed data are damaged.
    http://yann.lecun.com/exdb/mnist/ describes the format at its end.
    """
    shape = IMAGE_SHAPE if kind == "images" else ()
    header_size = 8 + 4 * len(shape)
    try:
        header = stream.read(header_size)
        if len(header) < header_size:
            raise DataError(f"{name}: {len(header)} bytes, too short for an IDX header")
        magic, count, *sides = (int(field) for field in np.frombuffer(header, ">u4"))
        if magic != _MAGIC[kind]:
            raise DataError(
                f"{name}: magic number {magic}, expected {_MAGIC[kind]} for a file of {kind}"
            )
        if tuple(sides) != shape:
            raise DataError(f"{name}: images of {sides[0]}x{sides[1]} pixels, expected 28x28")
        if not 1 <= count <= MAX_EXAMPLES:
            raise DataError(f"{name}: claims {count} examples, expected 1 to {MAX_EXAMPLES}")
        size = count * math.prod(shape)
        content = stream.read(size + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{name}: cannot be read ({error})") from error
    announced = header_size + size
    if len(content) < size:
        raise DataError(
            f"{name}: ends after {header_size + len(content)} bytes; its header announces "
            f"{announced}"
        )
    if len(content) > size:
        raise DataError(f"{name}: longer than the {announced} bytes that its header announces")
    array = np.frombuffer(content, np.uint8).reshape(count, *shape)
    if kind == "labels" and array.max() >= NUM_CLASSES:
        index = int(np.argmax(array >= NUM_CLASSES))
        raise DataError(f"{name}: label {array[index]} at index {index}, expected 0 to 9")
    return header, array


def is_file(path: Path) -> bool:
    """Check whether a regular file exists, or a link to one.

    Raises OSError if that cannot be seen, as in an unreadable folder; ``Path.is_file`` returns
    False there since Python 3.14.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise


def read_idx_path(path: Path, kind: str) -> Tuple[bytes, np.ndarray]:
    """Read and validate an IDX file, gzipped if its name ends with .gz.

    Results and errors are those of :func:`read_idx`; raises OSError if it cannot be opened.
    """
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
        return read_idx(stream, kind, str(path))
