"""Libraries that MXNet's wheel asks for and does not bring, taken from other wheels.

A bare Linux has neither libgomp nor libquadmath; on ARM, MXNet's wheel was linked with Arm's own
libraries, of which it uses nothing that OpenBLAS, libm and libc lack. libmxnet.so looks for all of
them in its own folder, too: so that is where links are laid, if the loader finds none elsewhere.
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
from .mend import note

# By name: where it is, under site-packages.
_OF_WHEELS = {
    "libgomp.so.1": ("pykdtree.libs/libgomp-*", "scikit_learn.libs/libgomp-*"),
}
_OF_MACHINE: Dict[str, Dict[str, Tuple[str, ...]]] = {
    "x86_64": {"libquadmath.so.0": ("scipy.libs/libquadmath-*",)},
    "aarch64": {"libarmpl_lp64_mp.so": ("cmeel.prefix/lib/libopenblas.so",)},
}
_WHEELS = {"pykdtree": "pykdtree", "scipy": "scipy", "cmeel": "cmeel-openblas"}
# What the system has under another name.
_OF_SYSTEM = {"aarch64": {"libamath.so": "libm.so.6", "libastring.so": "libc.so.6"}}


def check(folder: Path) -> None:
    """Raise a MissingLibrary if MXNet's own library is not in its folder, where it should be."""
    name = "libmxnet.dll" if sys.platform == "win32" else "libmxnet.so"
    asked = os.environ.get("MXNET_LIBRARY_PATH")
    if sys.platform in ("linux", "win32") and not asked and not (folder / name).exists():
        raise MissingLibrary(f"MXNet's own {name} is not in {folder}: {MXNET_AGAIN}")


def supply(folder: Path) -> None:
    """Lay links beside libmxnet.so to libraries that nothing else has; before MXNet is loaded.

    Parameters
    ----------
    folder : pathlib.Path
        Where libmxnet.so lies, in site-packages.

    Raises
    ------
    MissingLibrary
        If a library is missing and no link can be laid.
    """
    if sys.platform == "win32":
        _check_windows()
    if sys.platform != "linux":
        return
    machine = platform.machine()
    for name, patterns in {**_OF_WHEELS, **_OF_MACHINE.get(machine, {})}.items():
        if not _is_there(folder, name):
            found = [path for pattern in patterns for path in sorted(folder.parent.glob(pattern))]
            if not found:
                wheel = _WHEELS[patterns[0].split(".")[0]]
                raise MissingLibrary(
                    f"MXNet needs {name}, which this system lacks, and {wheel} brings: type pip "
                    f"install {wheel}"
                )
            _link(folder / name, found[0])
    for name, of_system in _OF_SYSTEM.get(machine, {}).items():
        if not _is_there(folder, name):
            _link(folder / name, _path_of(of_system))


def _check_windows() -> None:
    try:
        ctypes.CDLL("vcomp140.dll")
    except OSError:
        raise MissingLibrary(
            "MXNet needs VCOMP140.DLL, of Microsoft's Visual C++ redistributable, which this "
            "machine lacks: type winget install Microsoft.VCRedist.2015+.x64"
        ) from None


def _is_there(folder: Path, name: str) -> bool:
    for asked in (str(folder / name), name):
        try:
            ctypes.CDLL(asked)
        except OSError:
            continue
        return True
    return False


def _path_of(name: str) -> Path:
    """Tell where the loader has a library from that every process has loaded."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
        for line in maps:
            path = line.rstrip("\n").rpartition(" ")[2]
            if os.path.basename(path) == name:
                return Path(path)
    raise MissingLibrary(f"MXNet needs {name}, which this system lacks")


def _link(link: Path, target: Path) -> None:
    # A link of the moment, and renamed: another process may be doing the same.
    mine = link.with_name(f".{link.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        os.symlink(os.path.relpath(target, link.parent), mine)
        os.replace(mine, link)
    except IsADirectoryError as error:
        mine.unlink()
        raise MissingLibrary(
            f"MXNet needs {link.name}, in whose place a folder is: type rm -r "
            f"{shlex.quote(str(link))}"
        ) from error
    except OSError as error:
        raise MissingLibrary(
            f"MXNet needs {link.name}, and its folder cannot be written ({error.strerror}); type "
            f"once, as who may: ln -sf {shlex.quote(str(target))} {shlex.quote(str(link))}"
        ) from error
    note(f"{link.name} from {target.parent.name}", "Linux that is bare")
