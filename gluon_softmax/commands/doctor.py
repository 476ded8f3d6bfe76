"""``gluon-softmax doctor``: print what a bug report needs, and the problems found here."""

import argparse
import platform
import re
import shutil
import struct
from importlib import import_module
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

from ..compat import applied, cuda
from ..console import notify, report_error, wrapped
from ..data.cache import cache_root, in_cache, verify_cached
from ..data.editions import EDITIONS, FILES
from ..errors import MXNET_AGAIN, DataError, GluonSoftmaxError, package_at_fault
from ..reproduction.environment import processor, versions
from ..reproduction.matplotlib_backend import without_backend
from .options import Parser

# Names of MXNet's libraries and of those that it needs, as /proc/self/maps has them.
LIBRARIES = (
    "libmxnet",
    "libgomp",
    "libquadmath",
    "libopenblas",
    "libgfortran",
    "libarmpl",
    "libcud",
)
# Packages that only some commands import.
NEEDED = (
    "scipy",
    "pooch",
    "psutil",
    "requests",
    "tqdm",
    "jinja2",
    "shtab",
    "PIL",
    "IPython",
    "matplotlib_inline",
)


SUMMARY = "print system information and the problems found"


def add_arguments(parser: Parser) -> None:
    parser.description = (
        "Print what a bug report needs and list the problems found on this machine. Exit status 1 "
        "if there is a problem."
    )


def run(arguments: argparse.Namespace) -> int:
    problems: List[str] = []
    for name, value in _properties(problems):
        # At once, since the next one may hang or end the process.
        print(_lines(name, value), flush=True)
    for line in problems:
        report_error(line)
    if not problems:
        notify("no problems found")
    return 1 if problems else 0


def _lines(name: str, value: str) -> str:
    """Format a property; a list is wrapped to the terminal's width, a path never."""
    line = f"{name:12} {value}"
    if name not in ("features", "patches"):
        return line
    width = shutil.get_terminal_size().columns
    return "\n".join(wrapped(line, width, 13 * " "))


def _properties(problems: List[str]) -> Iterator[Tuple[str, str]]:
    """Yield each property of this machine with its name, and add each problem to ``problems``."""
    bits = 8 * struct.calcsize("P")
    yield "python", f"{platform.python_implementation()} {platform.python_version()}, {bits} bits"
    yield "system", f"{platform.platform()}, {' '.join(platform.libc_ver())}"
    yield "processor", processor()
    try:
        mxnet = import_module("mxnet")
    except Exception as error:
        # Whatever it is, report it in one line and go on.
        problems.append(f"MXNet cannot be imported: {_in_a_line(error)}")
    else:
        features = mxnet.runtime.Features()
        enabled = sorted(name for name in features if features.is_enabled(name))
        yield "features", " ".join(enabled)
        yield "GPUs", _gpus("CUDA" in enabled)
        for index, reason in (cuda.unsupported() if "CUDA" in enabled else {}).items():
            problems.append(f"{reason}: --ctx gpu:{index} does not work, --ctx cpu does")
    packages = versions()
    for name, version in packages.items():
        if name != "python":
            yield name, version
    for name in (*packages, *NEEDED):
        if name not in ("python", "mxnet"):
            try:
                with without_backend():
                    import_module(name)
            except ImportError as error:
                reason = _in_a_line(error)
                # Once, if several packages import it.
                if not any(reason in line for line in problems):
                    problems.append(reason)
            except Exception as error:
                problems.append(f"{name} cannot be imported: {_in_a_line(error)}")
    for library in _libraries():
        yield "library", library
    patches: Dict[str, List[str]] = {}
    for patch in applied():
        patches.setdefault(patch.broken_by, []).append(patch.name)
    for broken_by, names in patches.items():
        yield "patches", f"{broken_by}: {', '.join(names)}"
    yield "cache", str(cache_root())
    for edition in EDITIONS.values():
        try:
            files = in_cache(edition)
            yield "edition", f"{edition.name}: {len(files)} of {len(FILES)} files"
            # Checked, but not moved away: this command changes nothing.
            for path in files:
                verify_cached(edition, path)
        except OSError as error:
            # An error names its file, except while the file is being read.
            reason = f"{error.filename or path}: cannot be read ({error.strerror})"
            problems.append(f"the cache of the {edition.name} edition: {reason}")
        except DataError as error:
            problems.append(f"the cache of the {edition.name} edition: {error}")


def _in_a_line(error: Exception) -> str:
    reason = None
    if isinstance(error, ImportError) and not isinstance(error, GluonSoftmaxError):
        reason = package_at_fault(error)
    elif isinstance(error, OSError):
        reason = missing_library(error)
    return reason or " ".join(str(error).split())


def missing_library(error: OSError) -> Optional[str]:
    """Return one line on a library that MXNet lacks and what to do; None for another error."""
    found = re.match(r"(lib\S+): cannot open shared object file", str(error))
    if found is None:
        return None
    name = found.group(1)
    if name.startswith(("libopenblas", "libgfortran")):
        return f"MXNet's own {name} is missing: {MXNET_AGAIN}"
    return (
        f"MXNet needs the system's {name} (on Debian and Ubuntu: apt-get install libquadmath0 "
        "libgomp1; for a CUDA build, see docs/installing.md)"
    )


def _gpus(has_cuda: bool) -> str:
    if not has_cuda:
        return "none: this MXNet is a CPU build"
    found = [
        f"{gpu.name} (compute capability {gpu.major}.{gpu.minor}"
        f"{'' if gpu.supported else ', for which MXNet has no code'})"
        for gpu in cuda.gpus()
    ]
    return ", ".join(found) or "none: NVIDIA's driver reports none"


def _libraries() -> List[str]:
    """Return the paths of MXNet's libraries in this process; empty where there is no /proc."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    paths = {line.split(maxsplit=5)[-1] for line in maps.splitlines() if ".so" in line}
    return sorted(path for path in paths if path.rpartition("/")[2].startswith(LIBRARIES))
