"""The command line: finds the command, and turns errors into messages and exit statuses."""

import errno
import io
import os
import sys
from types import ModuleType
from typing import Callable, Dict, List, Optional, Sequence

from .. import __version__
from ..compat import SWITCH, is_off
from ..console import report_error
from ..errors import GluonSoftmaxError, UsageError, package_at_fault
from ..interruption import listening, report_interruption
from . import (
    cluster,
    compare,
    compat,
    completion,
    data,
    doctor,
    predict,
    reproduce,
    script,
    train,
)
from .options import Parser, nearest

# Each has a SUMMARY, `add_arguments(parser)` and `run(arguments)`, which returns the exit status.
COMMANDS: Dict[str, ModuleType] = {
    "train": train,
    "predict": predict,
    "reproduce": reproduce,
    "compare": compare,
    "cluster": cluster,
    "data": data,
    "doctor": doctor,
    "compat": compat,
    "run": script,
    "completion": completion,
}


def main(argv: Optional[Sequence[str]] = None, prog: str = "gluon-softmax") -> int:
    """Run ``gluon-softmax``, called ``prog`` by the user; return its exit status.

    It is 0 if done, 1 for a failed job, 2 for bad usage, and 130 or 143 if interrupted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    # --debug may come first.
    if [word for word in words if word != "--debug"][:1] == ["run"]:
        # Errors, signals and the words after the script belong to the script.
        words.remove("run")
        return script.run_script(words, f"{prog} run")
    return guarded(lambda words: _run_command(words, prog), words)


def main_implementation(implementation: str, argv: Optional[Sequence[str]] = None) -> int:
    """Run ``python -m scratch`` or ``python -m concise``; return the status of :func:`main`."""

    def work(words: List[str]) -> int:
        prog = f"python -m {implementation}"
        command: ModuleType = train
        if words[:1] == ["predict"]:
            prog, command, words = f"{prog} predict", predict, words[1:]
        elif words and not words[0].startswith("-"):
            Parser(prog=prog).error(f"unknown command {words[0]!r}{nearest(words[0], ['predict'])}")
        parser = Parser(prog=prog)
        parser.add_argument("--version", action="version", version=__version__)
        command.add_arguments(parser, implementation)
        return command.run(parser.parse_args(words))

    return guarded(work, argv)


def _run_command(words: List[str], prog: str) -> int:
    parser = Parser(
        prog=prog,
        description="Softmax regression on Fashion-MNIST in MXNet, from scratch and concise.",
        epilog=f"`{prog} COMMAND --help` shows the options of a command.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, command in COMMANDS.items():
        of_command = commands.add_parser(name, help=command.SUMMARY)
        command.add_arguments(of_command)
        of_command.set_defaults(command=command)
    if not words:
        parser.print_help()
        return 2
    if words[0] == "benchmark":
        raise UsageError(
            "benchmark is not part of the installed package: run `make benchmark` in a clone of "
            "the project"
        )
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        parser.error(f"unknown command {words[0]!r}{nearest(words[0], list(COMMANDS))}")
    # The words after -- are another program's.
    own = words.index("--") if words[0] == "cluster" and "--" in words else len(words)
    arguments = parser.parse_args(words[:own])
    arguments.words, arguments.after, arguments.parser = words, words[own + 1 :], parser
    return arguments.command.run(arguments)


def guarded(work: Callable[[List[str]], int], argv: Optional[Sequence[str]]) -> int:
    """Run a command, and report each error in one line; return the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    # The words after -- are another program's.
    own = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in own
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # Escape characters that its encoding lacks, as standard error does.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with listening():
            return work([word for word in own if word != "--debug"] + words[len(own) :])
    except GluonSoftmaxError as error:
        if debug:
            raise
        if not error.is_reported:
            report_error(error)
        return error.exit_status
    except (AttributeError, ImportError, MemoryError, RuntimeError) as error:
        line = explained(error)
        if debug or line is None:
            raise
        report_error(line)
        return 1
    except OSError as error:
        if debug:
            raise
        _report_system(error)
        return 1
    except KeyboardInterrupt:
        return report_interruption()


def explained(error: Exception) -> Optional[str]:
    """Return one line on what MXNet, packages or memory lack; None for an error of this project."""
    if isinstance(error, (AttributeError, ImportError)) and is_off():
        line = str(error).splitlines()[0]
        return (
            f"MXNet cannot run here without the compatibility patches ({line}): unset {SWITCH}, "
            f"which is 0"
        )
    if isinstance(error, ImportError):
        return package_at_fault(error)
    if isinstance(error, MemoryError):
        return f"not enough memory ({error})" if str(error) else "not enough memory"
    # MXNet's own error, whose class cannot be named without importing MXNet.
    if type(error).__name__ == "MXNetError":
        return f"MXNet: {str(error).splitlines()[-1].replace('MXNetError: ', '')}"
    return None


def _report_system(error: OSError) -> None:
    missing = doctor.missing_library(error)
    if missing:
        report_error(missing)
        return
    # A closed pipe (`| head`) is no error; Windows reports it as EINVAL.
    on_windows = os.name == "nt" and error.errno == errno.EINVAL and error.filename is None
    if not isinstance(error, BrokenPipeError) and not on_windows:
        has_file = error.filename is not None and error.strerror
        report_error(f"{error.filename}: {error.strerror}" if has_file else error)
    try:
        sys.stdout.flush()
    except OSError:
        # Keep Python from writing the rest again at exit.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
