"""Exceptions of this project, each with a one-line message for the user."""

import os
import sys
import traceback
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Callable, Optional

ROOT = Path(__file__).resolve().parent.parent

# The remedy for an incomplete wheel.
MXNET_AGAIN = "install mxnet again, for example by: pip install --force-reinstall --no-deps mxnet"
# Names that a reader may well give to a file, too.
IMPLEMENTATION_NAMES = ("scratch", "concise")


class GluonSoftmaxError(Exception):
    """A failed job; the message says what is wrong and what to do."""

    exit_status = 1
    is_reported = False
    label = "error: "

    def translate(self, translation: Callable[[str], str]) -> None:
        """Replace the message and its label by their translations."""
        self.args = (translation(str(self)), *self.args[1:])
        self.label = translation(self.label)


class UsageError(GluonSoftmaxError):
    """A wrong setting, found before any work starts."""

    exit_status = 2


class DataError(GluonSoftmaxError):
    """Data that are missing, cannot be downloaded, or fail a check."""


class ParametersError(GluonSoftmaxError):
    """Parameters that cannot be saved, or a file without saved parameters of this model."""


class WorkerError(GluonSoftmaxError):
    """A loader worker or a training process that cannot start, ended or hangs."""


class ClusterError(GluonSoftmaxError):
    """A process of a cluster that does not respond or was started with other settings."""


class UnsupportedMachine(GluonSoftmaxError, ImportError):
    """A machine, an interpreter or an environment with which MXNet cannot run."""


class MissingLibrary(GluonSoftmaxError, ImportError):
    """A library that MXNet needs and that neither the system nor a wheel provides."""


class Diverged(GluonSoftmaxError):
    """The loss or a parameter is no longer finite; ``records`` has the epochs before."""

    def __init__(self, message: str, records: Any = None) -> None:
        super().__init__(message)
        self.records = records


def package_at_fault(error: ImportError) -> Optional[str]:
    """Return one line on which package is missing or broken, and the command to type.

    None if the error is within this project.
    """
    within = [frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(error.__traceback__)]
    missing = isinstance(error, ModuleNotFoundError) and "." not in (error.name or ".")
    package = str(error.name if missing else (error.name or within[-1]).partition(".")[0])
    if package == __name__.partition(".")[0]:
        return None
    line = _in_the_way(package)
    if line:
        return line
    if missing:
        return f"{package} is not installed {_remedy(package)}"
    text = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return (
        f"{package} is installed, but cannot be imported ({text}): install it again, for example "
        f"by: pip install --force-reinstall --no-deps {package}"
    )


def check_implementations() -> None:
    """Raise an error if another file hides scratch or concise, and would run instead."""
    for package in IMPLEMENTATION_NAMES:
        line = _in_the_way(package)
        if line:
            raise GluonSoftmaxError(line)


def _in_the_way(package: str) -> Optional[str]:
    """Return one line on the file that Python imports instead of a package; None without one."""
    found = PathFinder.find_spec(package, sys.path)
    meant = PathFinder.find_spec(package, [str(ROOT), *sys.path[1:]])
    paths = [spec.origin for spec in (found, meant) if spec and spec.origin]
    if len(paths) < 2 or not all(map(os.path.exists, paths)) or os.path.samefile(*paths):
        return None
    file = paths[0]
    if package in IMPLEMENTATION_NAMES:
        return (
            f"{file} hides this project's package {package}: rename it, or run from another folder"
        )
    return f"{file} hides the package {package}: rename it, or run from another folder"


def _remedy(package: str) -> str:
    """Return what to do for a missing package, with the Python that lacks it."""
    here = f"in this Python ({sys.executable})"
    folder = "Scripts" if sys.platform == "win32" else "bin"
    if (ROOT / ".venv" / folder).is_dir() and Path(sys.prefix).resolve() != ROOT / ".venv":
        activate = (
            rf".venv\{folder}\activate" if folder == "Scripts" else "source .venv/bin/activate"
        )
        return f"{here}; the project's environment is .venv: type `{activate}` in {ROOT} first"
    if (ROOT / "uv.lock").is_file():
        return f"{here}; `make setup`, or `uv sync`, installs all packages into .venv"
    # mxnet and d2lzh ask for versions of other packages that they do not need.
    both = package in ("mxnet", "d2lzh")
    what = "--no-deps mxnet==1.9.1 d2lzh==1.0.0" if both else package
    return f"{here}; type: pip install {what}"
