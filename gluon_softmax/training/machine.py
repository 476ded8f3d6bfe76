"""What the numbers depend on beside the program: the processor and the versions of packages."""

import contextlib
import os
import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Dict, Optional


def versions() -> Dict[str, str]:
    """Tell the versions of Python and of the packages that matter to the numbers."""
    packages = ("numpy", "mxnet", "d2lzh", "matplotlib")
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def _version(name: str) -> str:
    with contextlib.suppress(PackageNotFoundError):
        # None where the package's description is empty.
        version: Optional[str] = package_version(name)
        if version:
            return version
    # A CUDA build of MXNet is installed under another name.
    try:
        return str(import_module(name).__version__)
    except Exception:
        return "unknown"


def processor() -> str:
    """Name the processor, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {os.cpu_count()} cores"
    except OSError:
        pass
    return f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
