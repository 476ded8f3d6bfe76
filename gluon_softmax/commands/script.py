"""``gluon-softmax run``: run a reader's own script, unchanged, with the compatibility patches."""

import builtins
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, List, Optional

from ..compat.dataloader import patch_spawned_scripts
from ..compat.python import restore_clock
from ..console import report_error
from ..data.idx import is_file
from ..errors import GluonSoftmaxError, UsageError, package_at_fault
from ..reproduction.environment import versions
from .doctor import NEEDED, missing_library
from .options import Parser

SUMMARY = "run a script of your own, made from the tutorial or the book"


def add_arguments(parser: Parser) -> None:
    parser.usage = "%(prog)s [-h] [--fast] [--time] SCRIPT.py [ARGUMENT ...]"
    parser.description = (
        "Run a script made from the tutorial or the book, unchanged. The exit status is the "
        "script's."
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="replace d2lzh's load_data_fashion_mnist by ours: the same batches, from memory",
    )
    parser.add_argument("--time", action="store_true", help="print the duration at the end")
    parser.add_argument("script", metavar="SCRIPT.py", type=Path)


def run_script(argv: List[str], prog: str) -> int:
    """Run a script with the words after it; return 0, 1 if it raises, or 2 for bad usage.

    Its own ``SystemExit`` is left alone. ``prog`` is the command's name, as the user typed it.
    """
    parser = Parser(prog=prog)
    add_arguments(parser)
    own = next((k for k, word in enumerate(argv) if not word.startswith("-")), len(argv) - 1) + 1
    try:
        arguments = parser.parse_args(argv[:own])
        code = _read(arguments.script, argv[own - 1])
    except GluonSoftmaxError as error:
        report_error(error)
        return error.exit_status
    if arguments.fast:
        from ..training.speed_up import speed_up

        speed_up()
    patch_spawned_scripts()
    restore_clock()
    script = argv[own - 1]
    sys.argv = [script, *argv[own:]]
    path = str(arguments.script.resolve())
    sys.path[0] = os.path.dirname(path)
    main = ModuleType("__main__")
    main.__file__ = path
    sys.modules["__main__"] = main
    if b"get_ipython" in code:
        _provide_shell(main)
    start = time.perf_counter()
    try:
        exec(compile(code, script, "exec"), vars(main))
    except Exception as error:
        explained = None if arguments.debug else _explained(error)
        if explained:
            report_error(explained)
            return 1
        # Without the line above, which does not belong to the script.
        trace = error.__traceback__
        error.__traceback__ = trace.tb_next if trace else None
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    finally:
        if arguments.time:
            print(f"{script}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return 0


def _provide_shell(main: ModuleType) -> None:
    """Provide ``get_ipython`` with its magics, as ``ipython FILE`` does.

    Cell magics such as ``%%time`` run their code in the script's module. A script that was exported
    from a notebook calls ``get_ipython``.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: Any = None) -> None:
            """Ignore the event loop that ``%matplotlib`` asks for: a script has no prompt."""

        def magic(self, line: str) -> Any:
            """Run a line magic, as exported by notebooks before 2014; IPython 9 removed it."""
            name, _, words = line.lstrip("%").partition(" ")
            return self.run_line_magic(name, words)

    without_history = Config({"HistoryManager": {"enabled": False}})
    shell = Shell.instance(user_module=main, config=without_history)
    # These are meant for a prompt: IPython's exit would not end a script.
    for name in ("exit", "quit", "open"):
        vars(main).pop(name, None)
    vars(builtins)["get_ipython"] = shell.get_ipython


def _explained(error: Exception) -> Optional[str]:
    """Return a one-line explanation of an error that is not the script's own, or None."""
    if isinstance(error, GluonSoftmaxError):
        return str(error)
    if isinstance(error, ImportError):
        package = (error.name or "").partition(".")[0]
        return package_at_fault(error) if package in {*versions(), *NEEDED} else None
    return missing_library(error) if isinstance(error, OSError) else None


def _read(script: Path, word: str) -> bytes:
    """Return the script's content; raise UsageError, with the word typed, if it is unreadable."""
    try:
        if is_file(script):
            return script.read_bytes()
        what = "a folder, not a script" if word and script.is_dir() else "no such file"
    except OSError as error:
        raise UsageError(f"{word!r}: cannot be read ({error.strerror})") from error
    raise UsageError(f"{word!r}: {what}")
