"""What the programs begin with, and the one place where errors turn into words and statuses."""

import argparse
import contextlib
import errno
import io
import os
import sys
from typing import Callable, Iterator, List, Optional, Sequence

from .. import __version__
from ..console import report_error
from ..errors import GluonSoftmaxError, package_at_fault
from ..interruption import listening, tell
from ..revival import SWITCH, is_off
from . import benchmark, cluster, compare, data, doctor, predict, reproduce, revival, script, train
from .options import Parser, nearest

COMMANDS = {
    "data": data.run,
    "reproduce": reproduce.run,
    "compare": compare.run,
    "benchmark": benchmark.run,
    "cluster": cluster.run,
    "doctor": doctor.run,
    "revival": revival.run,
    "run": script.run,
}
_HELP = """\
commands:
  data       fetch the data set, check it again, or tell what there is
  reproduce  do all that the tutorial does, and compare its numbers with ours
  compare    train scratch and concise side by side, and show where they part
  benchmark  time both versions beside the tutorial's code, NumPy, PyTorch, JAX and
             scikit-learn
  cluster    train on several machines, by MXNet's own launcher and parameter server
  doctor     tell what there is on this machine, and what is wrong with it
  revival    list what is mended of MXNet and d2lzh, and why
  run        run a script of your own, made from the tutorial or the book

`python -m scratch` and `python -m concise` train one version.
Every command takes --debug, to show a traceback with an error."""


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run ``python -m gluon_softmax``.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a failed job, 2 bad usage, 130 or 143 interrupted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["run"]:
        # Errors and signals are the script's, and so are the words after it.
        return script.run(words[1:])
    return guarded(_main, words)


def main_version(version: str, argv: Optional[Sequence[str]] = None) -> int:
    """Run ``python -m scratch`` or ``python -m concise``.

    Parameters
    ----------
    version : {"scratch", "concise"}
        Which one.
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        Exit status, as of :func:`main`.
    """

    def work(argv: List[str]) -> int:
        if argv and argv[0] == "predict":
            return predict.run(version, argv[1:])
        return train.run(version, argv)

    return guarded(work, argv)


def guarded(work: Callable[[List[str]], int], argv: Optional[Sequence[str]]) -> int:
    """Turn every error into its exit status and, unless ``--debug`` is given, into one line."""
    words = sys.argv[1:] if argv is None else list(argv)
    # What follows -- is another program's.
    own = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in own
    try:
        with listening(), _any_character():
            return work([word for word in own if word != "--debug"] + words[len(own) :])
    except GluonSoftmaxError as error:
        if debug:
            raise
        if not error.is_told:
            report_error(error)
        return error.exit_status
    except (AttributeError, ImportError, MemoryError, RuntimeError) as error:
        said = _explained(error)
        if debug or said is None:
            raise
        report_error(said)
        return 1
    except OSError as error:
        if debug:
            raise
        _report_system(error)
        return 1
    except KeyboardInterrupt:
        return tell()


def _explained(error: Exception) -> Optional[str]:
    """Say in one line what MXNet, packages or memory lack; None if it may be an error of ours."""
    if isinstance(error, (AttributeError, ImportError)) and is_off():
        line = str(error).splitlines()[0]
        return f"{SWITCH}=0 leaves MXNet as it is, and that cannot run here ({line}): unset it"
    if isinstance(error, ImportError):
        return package_at_fault(error)
    if isinstance(error, MemoryError):
        return f"not enough memory ({error})" if str(error) else "not enough memory"
    # MXNet's own, which cannot be named without importing it.
    if type(error).__name__ == "MXNetError":
        return f"MXNet: {str(error).splitlines()[-1].replace('MXNetError: ', '')}"
    return None


def _report_system(error: OSError) -> None:
    missing = doctor.missing_library(error)
    if missing:
        report_error(missing)
        return
    # A reader that has had enough, as `head` has, needs no word; Windows calls it an argument.
    on_windows = os.name == "nt" and error.errno == errno.EINVAL and error.filename is None
    if not isinstance(error, BrokenPipeError) and not on_windows:
        report_error(error)
    try:
        sys.stdout.flush()
    except OSError:
        # Keep Python from trying to write the rest once more.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextlib.contextmanager
def _any_character() -> Iterator[None]:
    """Let standard output escape what its encoding lacks, as standard error does."""
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper) or stream.errors != "strict":
        yield
        return
    stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except BaseException:
        # This writes what is pending, which may be what failed.
        with contextlib.suppress(OSError):
            stream.reconfigure(errors="strict")
        raise
    stream.reconfigure(errors="strict")


def _main(argv: List[str]) -> int:
    parser = Parser(
        prog="python -m gluon_softmax",
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description="Softmax regression on Fashion-MNIST in MXNet, as the tutorial has it.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    if argv and argv[0] in COMMANDS:
        return COMMANDS[argv[0]](argv[1:])
    if argv and not argv[0].startswith("-"):
        parser.error(f"no command is called {argv[0]!r}{nearest(argv[0], list(COMMANDS))}")
    parser.parse_args(argv)
    parser.print_help()
    return 2
