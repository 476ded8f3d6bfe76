"""SciPy makes MXNet start 1.5 s later.

MXNet takes it where it finds it, for sparse arrays and for statistics of its own tests, and looks
up in it a module that SciPy 2 will not have.
"""

import contextlib
import sys
from importlib.util import find_spec
from typing import Any, Iterator

from .mend import note


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Hide SciPy, where it is not imported already, while MXNet loads in the block."""
    names = {"scipy", "scipy.sparse", "scipy.stats"} - set(sys.modules)
    installed = find_spec("scipy") is not None
    hide: Any = dict.fromkeys(names)
    sys.modules.update(hide)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
    if installed and "scipy.sparse" in names:
        note("mxnet without scipy.sparse", "SciPy 1.8")
