"""What can go wrong, said to people: every error that the project raises on purpose."""

import traceback
from typing import Any, Optional

# What to do where its wheel is not whole.
MXNET_AGAIN = "install mxnet again, such as by pip install --force-reinstall --no-deps mxnet"


class GluonSoftmaxError(Exception):
    """A failed job: one line that says what is wrong and what to do."""

    exit_status = 1
    is_told = False


class UsageError(GluonSoftmaxError):
    """A setting that cannot work, found before any work starts."""

    exit_status = 2


class DataError(GluonSoftmaxError):
    """Data that are missing, out of reach, or not what they claim to be."""


class ParametersError(GluonSoftmaxError):
    """A file of saved parameters that does not hold this model's parameters."""


class WorkerError(GluonSoftmaxError):
    """A worker process of the per-sample feed that gives no batch any more."""


class ClusterError(GluonSoftmaxError):
    """Another process of a cluster that is gone, or that was started with other settings."""


class UnsupportedMachine(GluonSoftmaxError, ImportError):
    """A machine or an interpreter on which MXNet cannot run."""


class MissingLibrary(GluonSoftmaxError, ImportError):
    """A library that MXNet needs, and that neither the system nor a wheel has."""


class Diverged(GluonSoftmaxError):
    """The loss or a parameter is no longer a finite number.

    Attributes
    ----------
    records : gluon_softmax.training.loop.Records
        What the epochs that ended before gave.
    """

    def __init__(self, message: str, records: Any) -> None:
        super().__init__(message)
        self.records = records


def package_at_fault(error: ImportError) -> Optional[str]:
    """Say in one line which package is missing or broken, and what to do; None if it is this one.

    Parameters
    ----------
    error : ImportError
        As it was raised.

    Returns
    -------
    str or None
        With the command to type.
    """
    within = [frame.f_globals["__name__"] for frame, _ in traceback.walk_tb(error.__traceback__)]
    missing = isinstance(error, ModuleNotFoundError) and "." not in (error.name or ".")
    package = error.name if missing else (error.name or within[-1]).partition(".")[0]
    if package == __name__.partition(".")[0]:
        return None
    if missing:
        # Of the two that ask for versions that they do not need.
        both = package in ("mxnet", "d2lzh")
        what = "--no-deps mxnet==1.9.1 d2lzh==1.0.0" if both else package
        return f"{package} is not installed; type: pip install {what}"
    text = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return (
        f"{package} is installed, but cannot be imported ({text}): install it again, such as by "
        f"pip install --force-reinstall --no-deps {package}"
    )
