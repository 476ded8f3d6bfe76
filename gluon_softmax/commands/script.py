"""``python -m gluon_softmax run``: a reader's own script, unchanged, with all that it needs."""

import runpy
import sys
import time
from pathlib import Path
from typing import List

from ..errors import GluonSoftmaxError, UsageError
from .options import Parser, report_error


def run(argv: List[str]) -> int:
    """Run the command with its arguments.

    Parameters
    ----------
    argv : list of str
        Options, the script, and what is the script's own.

    Returns
    -------
    int
        Exit status: 0, or 2 for bad usage. Where the script raises, which may be ``SystemExit``,
        this does.
    """
    parser = Parser(
        prog="python -m gluon_softmax run",
        usage="%(prog)s [-h] [--fast] [--time] SCRIPT.py [ARGUMENT ...]",
        description="Run a script made from the tutorial, or from the book, as it is. Its exit "
        "status is the script's.",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="give it our load_data_fashion_mnist for d2lzh's: the same batches from memory",
    )
    parser.add_argument("--time", action="store_true", help="tell at the end how long it took")
    parser.add_argument("script", metavar="SCRIPT.py", type=Path)
    own = next((k for k, word in enumerate(argv) if not word.startswith("-")), len(argv) - 1) + 1
    try:
        arguments = parser.parse_args(argv[:own])
        if not arguments.script.is_file():
            raise UsageError(f"{arguments.script}: no such file")
    except GluonSoftmaxError as error:
        report_error(error)
        return error.exit_status
    if arguments.fast:
        from ..training.fast import speed_up

        speed_up()
    script = str(arguments.script)
    sys.argv = [script, *argv[own:]]
    sys.path[0] = str(arguments.script.resolve().parent)
    start = time.perf_counter()
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        if arguments.time:
            print(f"{script}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    return 0
