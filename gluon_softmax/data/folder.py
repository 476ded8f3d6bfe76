"""Source: a folder with an edition's gzipped files."""

from pathlib import Path
from typing import Iterator, Sequence, Tuple

from ..errors import DataError
from .editions import LARGEST_GZ, Source


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Yield files from the folder ``source.location``; a :data:`editions.Reader`."""
    for file in files:
        path = Path(source.location, f"{file}.gz")
        try:
            with open(path, "rb") as stream:
                gz = stream.read(LARGEST_GZ + 1)
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}") from error
        if len(gz) > LARGEST_GZ:
            raise DataError(f"{path}: more than {LARGEST_GZ} bytes")
        yield file, gz
