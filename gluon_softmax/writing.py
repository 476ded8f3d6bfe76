"""Files that are written whole or not at all: beside their place, then renamed."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import Iterator, Type

from .errors import GluonSoftmaxError

_STAGING = ".save-"
# What a killed process left is cleared away after a day; a younger one may still be at work.
_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def whole_file(path: Path, error: Type[GluonSoftmaxError] = GluonSoftmaxError) -> Iterator[Path]:
    """Give a place to write to, which becomes the file when all went well.

    Parameters
    ----------
    path : pathlib.Path
        The file; an older one is replaced, and a link is followed.
    error : type
        What to raise.

    Yields
    ------
    pathlib.Path
        Of the same name, in a folder beside the file.

    Raises
    ------
    GluonSoftmaxError
        Of the given type, if the file cannot be written, or is a device or pipe.
    """
    try:
        path = followed(path)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=path.parent) as staging:
            staged = Path(staging, path.name)
            yield staged
            # Who may read an older one may read this one, and nobody else.
            with contextlib.suppress(FileNotFoundError):
                shutil.copymode(path, staged)
            os.replace(staged, path)
        _clear_stale(path.parent)
    except OSError as cause:
        raise error(f"{path}: cannot be written ({cause.strerror})") from cause


def is_special(path: Path) -> bool:
    """Tell whether it is a device, a pipe or the like; an OSError if nothing is there."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def followed(path: Path) -> Path:
    """Give the place that is written to: where a link leads.

    Parameters
    ----------
    path : pathlib.Path
        The file, a link to it, or a place where there is none yet.

    Returns
    -------
    pathlib.Path
        The file itself.

    Raises
    ------
    OSError
        If a device or pipe lies there, or the link leads nowhere.
    """
    with contextlib.suppress(FileNotFoundError):
        if is_special(path):
            raise OSError(errno.EINVAL, "not a regular file")
    # Only then: of a link that leads to itself, this gives the link.
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _clear_stale(folder: Path) -> None:
    for staging in folder.glob(_STAGING + "*"):
        with contextlib.suppress(OSError):
            if time.time() - staging.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file, as UTF-8; errors are those of :func:`whole_file`."""
    with whole_file(path) as staged:
        staged.write_text(text, encoding="utf-8")
