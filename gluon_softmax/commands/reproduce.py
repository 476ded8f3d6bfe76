"""``python -m gluon_softmax reproduce``: the main job."""

import argparse
import shlex
import signal
from typing import Any, List

from ..console import report_error
from ..errors import UsageError
from ..reproduction.language import LANGUAGES, of_this_user
from .options import (
    Parser,
    add_data_options,
    add_out_option,
    add_training_options,
    load_data,
    output_folder,
    settings_of,
    spare_collections,
    whole_number,
)


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax reproduce",
        description="Do all that the tutorial does, and compare its numbers with ours.",
    )
    add_out_option(parser)
    parser.add_argument(
        "--runs",
        type=whole_number(1, 1000),
        default=10,
        metavar="N",
        help="how often to train each version, each time with the next seed",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with status 1 if a figure neither reproduces nor is explained",
    )
    parser.add_argument(
        "--no-reading",
        action="store_true",
        help="leave out the timed pass of the tutorial's own loader, which takes seconds",
    )
    parser.add_argument(
        "--format",
        choices=("text", "markdown", "csv"),
        default="text",
        help="how to print the table of figures",
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help="the language of the page (default: that of your locale, if it is one of these)",
    )
    group = parser.add_argument_group("a table of your own")
    group.add_argument(
        "--table",
        metavar="FILE",
        help="judge the tables in this text (- for standard input) instead of the tutorial's: "
        "lines such as `epoch 1, loss 0.7517, train acc 0.757, test acc 0.790`, among others. "
        "--batch-size and --lr say how they were got (the book has 256 and 0.1); the epochs are "
        "counted, where otherwise there are 5",
    )
    group.add_argument(
        "--version",
        choices=("scratch", "concise"),
        help="which version to hold them against (default: concise, which is faster)",
    )
    add_data_options(parser)
    add_training_options(parser)
    parser.set_defaults(epochs=None)
    arguments = parser.parse_args(argv)
    taken = _reader_tables(arguments)
    arguments.epochs = taken.epochs if taken else arguments.epochs or 5
    settings = settings_of(arguments)
    out = output_folder(arguments.out)
    data = load_data(arguments)

    from ..reproduction.report import write_report
    from ..reproduction.reproduce import reproduce, reproduce_table
    from ..reproduction.summary import summary

    spare_collections()
    seed, runs = arguments.seed, arguments.runs
    if taken:
        found = reproduce_table(data, settings, seed, runs, taken)
    else:
        found = reproduce(data, settings, seed, runs, not arguments.no_reading)
    # First what nothing can take away any more.
    print("\n" + summary(found, arguments.format), flush=True)
    command = shlex.join(["python", "-m", "gluon_softmax", "reproduce", *argv])
    write_report(found, out, command, arguments.lang or of_this_user())
    print(f"\nreport: {out / 'index.html'}, numbers: {out / 'results.json'}")
    if found.stopped:
        report_error(found.stopped)
        return 1
    if found.partial:
        return 128 + signal.SIGINT
    if arguments.check and found.failures():
        report_error(f"neither reproduced nor explained: {'; '.join(found.failures())}")
        return 1
    return 0


def _reader_tables(arguments: argparse.Namespace) -> Any:
    """Read what ``--table`` names, and see that the other options go with it; None without it."""
    if arguments.table is None:
        if arguments.version is not None:
            raise UsageError(f"--version {arguments.version} goes with --table")
        return None
    for option, value in (("--data-dir", arguments.data_dir), ("--edition", arguments.edition)):
        if value not in (None, "official"):
            raise UsageError(
                f"{option} {value}: --table asks whether a table is of the official edition or the "
                "withdrawn one, and takes the official one itself"
            )
    arguments.edition = "official"

    from ..reproduction.columns import printed_by
    from ..reproduction.tables import name_of, read

    source, version = arguments.table, arguments.version or "concise"
    tables = read(source)
    taken = printed_by(name_of(source), tables, version, arguments.batch_size, arguments.lr)
    if arguments.epochs not in (None, taken.epochs):
        raise UsageError(
            f"--epochs {arguments.epochs}: the longest table of {taken.name} has {taken.epochs}"
        )
    return taken
