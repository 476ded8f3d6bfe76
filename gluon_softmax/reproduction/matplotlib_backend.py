"""The import of matplotlib, which an unknown backend in ``MPLBACKEND`` would end."""

import contextlib
import os
import sys
from typing import Iterator


@contextlib.contextmanager
def without_backend() -> Iterator[None]:
    """Import matplotlib in the block; pictures that open no window need no backend.

    The backend of ``MPLBACKEND`` stays in use for pyplot if matplotlib knows it.
    """
    backend = os.environ.pop("MPLBACKEND", "")
    is_first = "matplotlib" not in sys.modules
    try:
        yield
    finally:
        if backend:
            os.environ["MPLBACKEND"] = backend
    if backend and is_first and "matplotlib" in sys.modules:
        with contextlib.suppress(ValueError):
            sys.modules["matplotlib"].rcParams["backend"] = backend
