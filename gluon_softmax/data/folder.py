"""A folder with an edition's files, gzipped, as a source."""

from pathlib import Path
from typing import Iterator, Sequence, Tuple

from ..errors import DataError
from .editions import LARGEST_GZ, Source


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Read files from the folder ``source.location``; as :data:`editions.Reader` says."""
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
