"""Downloads by pooch, with a progress bar."""

from pathlib import Path
from typing import Optional

from .console import progress
from .errors import DataError

# Seconds to wait for a connection and for each chunk of a response.
TIMEOUT = (4, 10)
RETRIES = 1


class DownloadError(DataError):
    """A file cannot be downloaded; the message is the reason in a few words."""


def download(url: str, folder: str, checksum: Optional[str] = None) -> Path:
    """Download a file into a folder, and return its path.

    Raises DownloadError if that fails, or if the file does not have the checksum, of the form
    ``algorithm:hexadecimal``.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("ERROR")
    name = url.rpartition("/")[2]
    server = pooch.create(
        folder, "", registry={name: checksum}, urls={name: url}, retry_if_failed=RETRIES
    )
    # pooch sets the total, but tests the bar's truth value before.
    with progress(total=1, unit="B", unit_scale=True, desc=name) as bar:
        try:
            downloader = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT)
            return Path(server.fetch(name, downloader=downloader))
        except requests.exceptions.RequestException as error:
            raise DownloadError(_reason(error)) from error
        except ValueError as error:
            # pooch raises ValueError for a wrong checksum.
            raise DownloadError("wrong checksum") from error
        except OSError as error:
            raise DataError(f"{folder}: {error.strerror}") from error


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
