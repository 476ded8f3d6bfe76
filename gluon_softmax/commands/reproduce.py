"""``python -m gluon_softmax reproduce``: the main job."""

import shlex
import signal
from typing import List

from .options import (
    Parser,
    add_data_options,
    add_out_option,
    add_training_options,
    load_data,
    output_folder,
    report_error,
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
    add_data_options(parser)
    add_training_options(parser)
    arguments = parser.parse_args(argv)
    settings = settings_of(arguments)
    out = output_folder(arguments.out)
    data = load_data(arguments)

    from ..reproduction.report import write_report
    from ..reproduction.reproduce import reproduce
    from ..reproduction.summary import summary

    spare_collections()
    found = reproduce(data, settings, arguments.seed, arguments.runs, not arguments.no_reading)
    # First what nothing can take away any more.
    print("\n" + summary(found, arguments.format), flush=True)
    write_report(found, out, shlex.join(["python", "-m", "gluon_softmax", "reproduce", *argv]))
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
