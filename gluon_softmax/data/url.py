"""Source: a file server, from which pooch downloads and verifies each file."""

import tempfile
from pathlib import Path
from typing import Iterator, Sequence, Tuple

from ..console import progress
from ..errors import DataError
from .editions import Source

# Seconds to wait for a connection and for each chunk of a response.
TIMEOUT = (4, 10)
RETRIES = 1


def read(source: Source, files: Sequence[str]) -> Iterator[Tuple[str, bytes]]:
    """Download files from the URL ``source.location``; a :data:`editions.Reader`."""
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        server = pooch.create(
            folder,
            "",
            registry={file: source.checksums[file] for file in files},
            urls={file: source.location.format(file=file) for file in files},
            retry_if_failed=RETRIES,
        )
        for file in files:
            # pooch sets the total, but tests the bar's truth value before.
            with progress(total=1, unit="B", unit_scale=True, desc=f"{file}.gz") as bar:
                download = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT)
                try:
                    gz = Path(server.fetch(file, downloader=download)).read_bytes()
                except requests.exceptions.RequestException as error:
                    raise DataError(f"{file}.gz: {_reason(error)}") from error
                except ValueError as error:
                    # pooch raises ValueError for a wrong checksum.
                    raise DataError(f"{file}.gz: wrong checksum") from error
                except OSError as error:
                    raise DataError(f"{folder}: {error.strerror}") from error
            yield file, gz


def _reason(error: Exception) -> str:
    """Return in a few words why a request failed; requests' own messages have several lines."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError) and error.response is not None:
        return f"the server returned {error.response.status_code} {error.response.reason}".rstrip()
    for kind, words in (
        (exceptions.ConnectTimeout, f"no connection within {TIMEOUT[0]} s"),
        (exceptions.Timeout, f"no response within {TIMEOUT[1]} s"),
        (exceptions.SSLError, "its certificate is not trusted"),
        (exceptions.ProxyError, "the proxy refused the request"),
        (exceptions.ChunkedEncodingError, "the connection was interrupted"),
        (exceptions.ConnectionError, "no connection"),
    ):
        if isinstance(error, kind):
            return words
    return str(error).splitlines()[0] if str(error) else type(error).__name__
