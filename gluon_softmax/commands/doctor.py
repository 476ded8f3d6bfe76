"""``python -m gluon_softmax doctor``: what a report of a fault needs to tell, and what is wrong."""

import platform
import struct
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Iterator, List, Tuple

from ..console import say
from ..data.cache import cache_root, in_cache, verify_cached
from ..data.editions import EDITIONS, FILES
from ..errors import DataError
from ..revival import applied, cuda
from ..training.machine import processor, versions
from .options import Parser, report_error

# What MXNet takes from the system or from other wheels, and what reads /proc calls it.
LIBRARIES = (
    "libmxnet",
    "libgomp",
    "libquadmath",
    "libopenblas",
    "libgfortran",
    "libarmpl",
    "libcud",
)
# What some commands import, and a doctor need not.
NEEDED = ("scipy", "pooch", "requests", "tqdm", "jinja2", "IPython", "matplotlib_inline")


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax doctor",
        description="Tell of this machine what the report of a fault needs, and what is wrong with "
        "it; exit status 1 if anything is.",
    )
    parser.parse_args(argv)
    wrong: List[str] = []
    for name, value in _findings(wrong):
        print(f"{name:12} {value}", flush=True)
    for line in wrong:
        report_error(line)
    if not wrong:
        say("nothing is wrong")
    return 1 if wrong else 0


def _findings(wrong: List[str]) -> Iterator[Tuple[str, str]]:
    bits = 8 * struct.calcsize("P")
    yield "python", f"{platform.python_implementation()} {platform.python_version()}, {bits} bits"
    yield "system", f"{platform.platform()}, {' '.join(platform.libc_ver())}"
    yield "processor", processor()
    try:
        mxnet = import_module("mxnet")
    except Exception as error:
        # Whatever it is, one line tells it, and the rest is told all the same.
        wrong.append(f"MXNet cannot be imported: {' '.join(str(error).split())}")
    else:
        features = mxnet.runtime.Features()
        enabled = sorted(name for name in features if features.is_enabled(name))
        yield "features", " ".join(enabled)
        yield "GPUs", _gpus("CUDA" in enabled)
    missing = []
    for name, version in versions().items():
        if name != "python":
            yield name, version
            if version == "unknown":
                missing.append(name)
    missing += [name for name in NEEDED if find_spec(name) is None]
    wrong += [f"{name} is not installed; see docs/installing.md" for name in missing]
    for library in _libraries():
        yield "library", library
    yield "mends", ", ".join(f"{mend.name} ({mend.broken_by})" for mend in applied()) or "none"
    yield "cache", str(cache_root())
    for edition in EDITIONS.values():
        try:
            files = in_cache(edition)
            yield "edition", f"{edition.name}: {len(files)} of {len(FILES)} files"
            # Looked at, but not set aside: a doctor changes nothing.
            for path in files:
                verify_cached(edition, path)
        except (OSError, DataError) as error:
            wrong.append(f"the cache of the {edition.name} edition: {error}")


def _gpus(has_cuda: bool) -> str:
    if not has_cuda:
        return "none: this MXNet is a CPU build"
    found = [
        f"{gpu.name} (compute capability {gpu.major}.{gpu.minor}"
        f"{'' if gpu.supported else ', for which MXNet has no code'})"
        for gpu in cuda.gpus()
    ]
    return ", ".join(found) or "none: the driver names none"


def _libraries() -> List[str]:
    """List where this process has MXNet's libraries from, as far as the system tells."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    paths = {line.split(maxsplit=5)[-1] for line in maps.splitlines() if ".so" in line}
    return sorted(path for path in paths if path.rpartition("/")[2].startswith(LIBRARIES))
