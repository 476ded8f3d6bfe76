"""Native libraries: those that MXNet needs and its wheel lacks.

MXNet's wheel does not contain all libraries that it needs. A minimal Linux has neither libgomp nor
libquadmath; other wheels do. On ARM, MXNet's wheel is linked to Arm's own libraries. OpenBLAS, libm
and libc have all functions that MXNet uses of these. libmxnet.so also searches its own folder, so
this module creates symbolic links there, for libraries that the dynamic loader does not find.
"""

import ctypes
import os
import platform
import shlex
import sys
import threading
from pathlib import Path
from typing import Dict, Tuple

from ..errors import MXNET_AGAIN, MissingLibrary
from .registry import note

# Patterns of paths in site-packages, by the library's name.
_PATTERNS = {
    "libgomp.so.1": ("pykdtree.libs/libgomp-*", "scikit_learn.libs/libgomp-*"),
}
_PATTERNS_OF_MACHINE: Dict[str, Dict[str, Tuple[str, ...]]] = {
    "x86_64": {"libquadmath.so.0": ("scipy.libs/libquadmath-*",)},
    "aarch64": {"libarmpl_lp64_mp.so": ("cmeel.prefix/lib/libopenblas.so",)},
}
_WHEELS = {"pykdtree": "pykdtree", "scipy": "scipy", "cmeel": "cmeel-openblas"}
# System libraries that stand in for a library of another name.
_STAND_INS = {"aarch64": {"libamath.so": "libm.so.6", "libastring.so": "libc.so.6"}}


def check_library(folder: Path) -> None:
    """Raise MissingLibrary if MXNet's own library is missing from its folder."""
    name = "libmxnet.dll" if sys.platform == "win32" else "libmxnet.so"
    elsewhere = os.environ.get("MXNET_LIBRARY_PATH")
    if sys.platform in ("linux", "win32") and not elsewhere and not (folder / name).exists():
        raise MissingLibrary(f"MXNet's own {name} is missing from {folder}: {MXNET_AGAIN}")


def link_libraries(folder: Path) -> None:
    """Link missing libraries next to libmxnet.so before it is loaded, or raise MissingLibrary."""
    if sys.platform == "win32":
        _check_windows()
    if sys.platform != "linux":
        return
    machine = platform.machine()
    for name, patterns in {**_PATTERNS, **_PATTERNS_OF_MACHINE.get(machine, {})}.items():
        if not _is_there(folder, name):
            found = [path for pattern in patterns for path in sorted(folder.parent.glob(pattern))]
            if not found:
                wheel = _WHEELS[patterns[0].split(".")[0]]
                raise MissingLibrary(
                    f"MXNet needs {name}, and this system does not have it; the package {wheel} "
                    f"contains it, so run: pip install {wheel}"
                )
            _link(folder / name, found[0])
    for name, stand_in in _STAND_INS.get(machine, {}).items():
        if not _is_there(folder, name):
            _link(folder / name, _path_of(stand_in))


def _check_windows() -> None:
    try:
        ctypes.CDLL("vcomp140.dll")
    except OSError:
        raise MissingLibrary(
            "MXNet needs VCOMP140.DLL of Microsoft's Visual C++ Redistributable, and this machine "
            "does not have it; run: winget install Microsoft.VCRedist.2015+.x64"
        ) from None


def _is_there(folder: Path, name: str) -> bool:
    for library in (str(folder / name), name):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return False


def _path_of(name: str) -> Path:
    """Return the path of a library that every process has loaded."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            path = line.rstrip("\n").rpartition(" ")[2]
            if os.path.basename(path) == name:
                return Path(path)
    raise MissingLibrary(f"MXNet needs {name}, and this system does not have it")


def _link(link: Path, target: Path) -> None:
    # Create the link under a temporary name and rename it: another process may do the same.
    mine = link.with_name(f".{link.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        os.symlink(os.path.relpath(target, link.parent), mine)
        os.replace(mine, link)
    except IsADirectoryError as error:
        mine.unlink()
        raise MissingLibrary(
            f"MXNet needs {link.name}, but a folder has its name; run: rm -r "
            f"{shlex.quote(str(link))}"
        ) from error
    except OSError as error:
        raise MissingLibrary(
            f"MXNet needs {link.name}, but its folder is not writable ({error.strerror}); run once "
            f"with sufficient rights: ln -sf {shlex.quote(str(target))} {shlex.quote(str(link))}"
        ) from error
    note(f"{link.name} from {target.parent.name}", "minimal Linux")
