"""Platform check: the interpreters, systems and environments with which MXNet can run."""

import os
import platform
import re
import sys
import sysconfig

from ..errors import UnsupportedMachine

OLDEST_PYTHON, NEWEST_PYTHON = (3, 9), (3, 15)
# The wheels are manylinux2014.
OLDEST_GLIBC = (2, 17)
_ENGINES = ("ThreadedEnginePerDevice", "ThreadedEngine", "NaiveEngine")


def check_platform() -> None:
    """Raise UnsupportedMachine with the reason and the remedy if MXNet cannot run here."""
    series = "{}.{}".format(*sys.version_info[:2])
    supported = "use CPython {}.{} to {}.{}".format(*OLDEST_PYTHON, *NEWEST_PYTHON)
    if sys.implementation.name != "cpython":
        name = platform.python_implementation()
        raise UnsupportedMachine(f"MXNet cannot run on {name}: {supported}")
    if not OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        raise UnsupportedMachine(f"Python {series} is not supported: {supported}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise UnsupportedMachine(
            "MXNet cannot run on a free-threaded build of Python: use the standard build of "
            f"Python {series}"
        )
    if sys.flags.optimize > 1:
        raise UnsupportedMachine(
            "python -OO removes the docstrings that MXNet needs: use -O or no option "
            "(PYTHONOPTIMIZE=1 or 0)"
        )
    if sys.maxsize < 2**32:
        raise UnsupportedMachine("MXNet cannot run on a 32-bit Python: use a 64-bit one")
    if sys.platform == "linux":
        name, version = platform.libc_ver()
        if name != "glibc":
            raise UnsupportedMachine(
                "MXNet needs glibc, and this system has another C library (Alpine has musl): use a "
                "system with glibc, such as Debian"
            )
        if platform.machine() == "aarch64" and sys.version_info < (3, 10):
            raise UnsupportedMachine(
                f"on ARM, MXNet needs Python 3.10 or newer, and this is Python {series}: use a "
                "newer Python"
            )
        if tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
            raise UnsupportedMachine(
                f"MXNet needs glibc {'.'.join(map(str, OLDEST_GLIBC))} or newer, and this system "
                f"has {version}: use a newer system"
            )
    _check_environment()


def _check_environment() -> None:
    """Reject variables that MXNet cannot parse: it ends the process or silently ignores them."""
    for name, value in os.environ.items():
        is_number = re.fullmatch(r"\s*([+-]?\d+)?\s*", value)
        if re.fullmatch(r"OMP_NUM_THREADS|MXNET_\w+_NTHREADS", name) and not is_number:
            raise UnsupportedMachine(
                f"{name} is {value!r} in the environment, but MXNet needs a whole number; run: "
                f"export {name}={os.cpu_count()}"
            )
    engine = os.environ.get("MXNET_ENGINE_TYPE", _ENGINES[0])
    if engine not in _ENGINES:
        raise UnsupportedMachine(
            f"MXNET_ENGINE_TYPE is {engine!r} in the environment: unset it, or choose "
            f"{', '.join(_ENGINES)}"
        )
