"""Source: a file server."""

import tempfile
from typing import Iterator, Sequence, Tuple

from ..download import DownloadError, download
from ..errors import DataError
from .editions import Source


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Download files from the URL ``source.location``; a :data:`editions.Reader`."""
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            url = source.location.format(file=file)
            try:
                yield file, download(url, folder, source.checksums[file]).read_bytes()
            except DownloadError as error:
                raise DataError(f"{file}.gz: {error}") from error
