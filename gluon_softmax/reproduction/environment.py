"""The environment that affects the numbers: processor and package versions."""

import contextlib
import os
import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Dict, Optional


def versions() -> Dict[str, str]:
    """Return the versions of Python and of the packages that affect the numbers."""
    packages = ("numpy", "mxnet", "d2lzh", "matplotlib")
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def _version(name: str) -> str:
    with contextlib.suppress(PackageNotFoundError):
        # None if the package's metadata are empty.
        version: Optional[str] = package_version(name)
        if version:
            return version
    # CUDA builds of MXNet are distributed under other names.
    try:
        return str(import_module(name).__version__)
    except Exception:
        return "unknown"


def processor() -> str:
    """Return the name of the processor, as far as the system reports it, and its core count."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {os.cpu_count()} cores"
    except OSError:
        pass
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
