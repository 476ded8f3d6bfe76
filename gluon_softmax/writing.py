"""Atomic writing of files: each is written beside its target and then renamed."""

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
# Temporary folders older than this were left by killed processes; younger ones may be in use.
_STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def whole_file(path: Path, error: Type[GluonSoftmaxError] = GluonSoftmaxError) -> Iterator[Path]:
    """Yield a temporary path, which replaces the file if the block succeeds.

    It has the file's name, in a temporary folder beside it. A link is followed. Raises the given
    type of error if the file cannot be written, or is a device or a pipe.
    """
    try:
        path = followed(path)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=path.parent) as staging:
            staged = Path(staging, path.name)
            yield staged
            # Keep the permissions of an existing file.
            with contextlib.suppress(FileNotFoundError):
                shutil.copymode(path, staged)
            os.replace(staged, path)
        _clear_stale(path.parent)
    except OSError as cause:
        raise error(f"{path}: cannot be written ({cause.strerror})") from cause


def is_special(path: Path) -> bool:
    """Return whether a path is a device, pipe or the like; raises OSError if it does not exist."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def followed(path: Path) -> Path:
    """Return the path of the file that writing would replace: the target of a link.

    Raises OSError for a device, a pipe, or links in a loop.
    """
    with contextlib.suppress(FileNotFoundError):
        if is_special(path):
            raise OSError(errno.EINVAL, "not a regular file")
    # After the check above: for a link to itself, realpath returns the link.
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _clear_stale(folder: Path) -> None:
    for staging in folder.glob(_STAGING + "*"):
        with contextlib.suppress(OSError):
            if time.time() - staging.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(staging, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8 atomically; raises as :func:`whole_file` does.

    Bytes of a path that are not UTF-8 are escaped.
    """
    with whole_file(path) as staged:
        staged.write_text(text, encoding="utf-8", errors="backslashreplace")
