"""Machines on which MXNet cannot run, refused in one line instead of deep inside it."""

import os
import platform
import re
import sys
import sysconfig

from ..errors import UnsupportedMachine

OLDEST, NEWEST = (3, 9), (3, 15)
# Of the wheels: manylinux2014.
OLDEST_GLIBC = (2, 17)
ENGINES = ("ThreadedEnginePerDevice", "ThreadedEngine", "NaiveEngine")


def check() -> None:
    """See that MXNet has a chance here.

    Raises
    ------
    UnsupportedMachine
        If not, with the reason and what to do.
    """
    series = "{}.{}".format(*sys.version_info[:2])
    supported = "take CPython {}.{} to {}.{}".format(*OLDEST, *NEWEST)
    if sys.implementation.name != "cpython":
        name = platform.python_implementation()
        raise UnsupportedMachine(f"MXNet needs CPython, and this is {name}: {supported}")
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise UnsupportedMachine(f"this is Python {series}, which was not tried: {supported}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise UnsupportedMachine(
            "this is a free-threaded build of Python, for which MXNet was not made: take the plain "
            f"build of {series}"
        )
    if sys.flags.optimize > 1:
        raise UnsupportedMachine(
            "python -OO takes the docstrings away, which MXNet puts together: take -O or neither "
            "(PYTHONOPTIMIZE=1 or 0)"
        )
    if sys.maxsize < 2**32:
        raise UnsupportedMachine("MXNet has 64 bits, and this Python 32: take a 64-bit Python")
    if sys.platform == "linux":
        name, version = platform.libc_ver()
        if name != "glibc":
            raise UnsupportedMachine(
                "MXNet needs glibc, and this system has another C library (Alpine has musl): take "
                "one with glibc, such as Debian"
            )
        if platform.machine() == "aarch64" and sys.version_info < (3, 10):
            raise UnsupportedMachine(
                f"on ARM, what MXNet needs is there for Python 3.10 and newer, and this is "
                f"{series}: take a newer one"
            )
        if tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
            raise UnsupportedMachine(
                f"MXNet needs glibc {'.'.join(map(str, OLDEST_GLIBC))} or newer, and this system "
                f"has {version}: take a newer system"
            )
    _check_environment()


def _check_environment() -> None:
    """MXNet ends the process, or works without saying a word of it, where it cannot read these."""
    for name, value in os.environ.items():
        is_number = re.fullmatch(r"\s*([+-]?\d+)?\s*", value)
        if re.fullmatch(r"OMP_NUM_THREADS|MXNET_\w+_NTHREADS", name) and not is_number:
            raise UnsupportedMachine(
                f"{name} is {value!r} in the environment, where MXNet takes one whole number: "
                f"type export {name}={os.cpu_count()}"
            )
    engine = os.environ.get("MXNET_ENGINE_TYPE", ENGINES[0])
    if engine not in ENGINES:
        raise UnsupportedMachine(
            f"MXNET_ENGINE_TYPE is {engine!r} in the environment: take {', '.join(ENGINES)}, or "
            "unset it"
        )
