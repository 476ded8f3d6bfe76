"""Files that are written whole or not at all: beside their place, then renamed."""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Iterator, Type

from .errors import GluonSoftmaxError


@contextlib.contextmanager
def whole_file(path: Path, error: Type[GluonSoftmaxError] = GluonSoftmaxError) -> Iterator[Path]:
    """Give a place to write to, which becomes the file when all went well.

    Parameters
    ----------
    path : pathlib.Path
        The file; an older one is replaced.
    error : type
        What to raise.

    Yields
    ------
    pathlib.Path
        Of the same name, in a folder beside the file.

    Raises
    ------
    GluonSoftmaxError
        Of the given type, if the file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".save-", dir=path.parent) as staging:
            staged = Path(staging, path.name)
            yield staged
            os.replace(staged, path)
    except OSError as cause:
        raise error(f"{path}: cannot be written ({cause.strerror})") from cause


def write_text(path: Path, text: str) -> None:
    """Write a text file, as UTF-8; errors are those of :func:`whole_file`."""
    with whole_file(path) as staged:
        staged.write_text(text, encoding="utf-8")
