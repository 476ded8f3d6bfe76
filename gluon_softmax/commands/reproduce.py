"""``gluon-softmax reproduce``: the main job."""

import argparse
import os
import shlex
import shutil
import signal
import sys
from typing import Any

from ..cluster.roles import refuse_role
from ..console import printable, write_line
from ..errors import IMPLEMENTATION_NAMES, GluonSoftmaxError, UsageError
from ..reproduction.language import LANGUAGES, of_this_user, speaking, translate, translated_error
from ..training.defaults import EPOCHS
from . import options

SUMMARY = "check each number that the tutorial prints; the main job"


def add_arguments(parser: options.Parser) -> None:
    parser.description = (
        "Run the whole tutorial, train both implementations several times, and report for each "
        "number that the tutorial prints whether it can be reproduced and, if not, why."
    )
    options.add_out_option(parser)
    parser.add_argument(
        "--runs",
        type=options.whole_number(1, 1000),
        default=10,
        metavar="N",
        help="number of training runs of each implementation on each edition, with seeds that "
        "increase by 1",
    )
    parser.add_argument(
        "--jobs",
        type=options.whole_number(1, 256),
        metavar="N",
        help="number of processes to train in; the numbers do not depend on it (default: as many "
        "as cores, if there is enough work and memory)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with status 1 if a number is neither reproduced nor explained",
    )
    parser.add_argument(
        "--no-reading",
        action="store_true",
        help="skip the timed pass of the tutorial's own data loader",
    )
    parser.add_argument(
        "--format",
        choices=("text", "markdown", "csv"),
        default="text",
        help="format of the printed table",
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help="language of the terminal output and the page (default: by your locale)",
    )
    group = parser.add_argument_group("a table of your own")
    group.add_argument(
        "--table",
        metavar="FILE",
        help="judge the tables in this text file (- for standard input) instead of the "
        "tutorial's. A table has lines such as `epoch 1, loss 0.7517, train acc 0.757, test acc "
        "0.790`. Give its settings with --batch-size and --lr (the book uses 256 and 0.1)",
    )
    group.add_argument(
        "--implementation",
        choices=IMPLEMENTATION_NAMES,
        help="implementation to compare the tables with (default: concise, which is faster)",
    )
    options.add_data_options(parser)
    options.add_training_options(parser)
    parser.set_defaults(epochs=None)


def run(arguments: argparse.Namespace) -> int:
    refuse_role()
    options.use_one_thread()
    language = arguments.lang or of_this_user()
    with speaking(language):
        try:
            return _run(arguments, language)
        except GluonSoftmaxError as error:
            error.translate(translated_error)
            raise


def _run(arguments: argparse.Namespace, language: str) -> int:
    labelled = _reader_tables(arguments)
    arguments.epochs = labelled.epochs if labelled else arguments.epochs or EPOCHS
    settings = options.settings_of(arguments, workers_needed=not arguments.no_reading)
    is_new = not os.path.exists(arguments.out)
    out = options.output_folder(arguments.out)
    try:
        data = options.load_data(arguments)
    except GluonSoftmaxError:
        if is_new:
            out.rmdir()
        raise

    from ..reproduction.answer import judge
    from ..reproduction.parallel_runs import usual_jobs
    from ..reproduction.report import write_report
    from ..reproduction.reproduce import reproduce
    from ..reproduction.summary import summary

    options.spare_collections()
    seed, runs = arguments.seed, arguments.runs
    examples = runs * settings.epochs * len(data.train_labels)
    jobs = arguments.jobs or usual_jobs(settings, examples * (2 if labelled else 4))
    if labelled:
        from ..reproduction.reader.reproduce_table import reproduce_table

        judgement = reproduce_table(data, settings, seed, runs, labelled, jobs)
    else:
        judgement = judge(
            reproduce(data, settings, seed, runs, not arguments.no_reading, jobs=jobs)
        )
    experiment = judgement.experiment
    # Before the report is written, which may fail.
    width = min(100, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 80
    write_line("\n" + summary(judgement, arguments.format, width))
    write_report(judgement, out, shlex.join(["gluon-softmax", *arguments.words]), language)
    page = (out / "index.html").resolve()
    # A link where the reader can click on it.
    link = page.as_uri() if sys.stdout.isatty() else str(out / "index.html")
    write_line("\n" + translate("Report: {link}", link=link))
    if experiment.stopped:
        raise GluonSoftmaxError(experiment.stopped)
    if experiment.partial:
        return 128 + signal.SIGINT
    failures = judgement.failures if arguments.check else []
    if failures:
        names = "; ".join(failures)
        raise GluonSoftmaxError(f"neither reproduced nor explained: {names}")
    return 0


def _reader_tables(arguments: argparse.Namespace) -> Any:
    """Read the file of ``--table``, and check the other options; None without it."""
    if arguments.table is None:
        if arguments.implementation is not None:
            raise UsageError(f"--implementation {arguments.implementation} needs --table")
        return None
    for option, value in (("--data-dir", arguments.data_dir), ("--edition", arguments.edition)):
        if value not in (None, "official"):
            raise UsageError(
                f"{option} {value} cannot be used with --table, which compares with the official "
                "edition and its re-splits"
            )
    arguments.edition = "official"

    from ..reproduction.reader.column_kinds import printed_by
    from ..reproduction.table_parser import name_of, read

    source, implementation = arguments.table, arguments.implementation or "concise"
    tables = read(source)
    labelled = printed_by(
        printable(name_of(source)), tables, implementation, arguments.batch_size, arguments.lr
    )
    if arguments.epochs not in (None, labelled.epochs):
        raise UsageError(
            f"--epochs {arguments.epochs}: the longest table in {labelled.name} has "
            f"{labelled.epochs} epochs; drop the option"
        )
    return labelled
