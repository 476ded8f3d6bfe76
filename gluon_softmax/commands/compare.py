"""``gluon-softmax compare``: train both implementations side by side."""

import argparse

from ..cluster.roles import refuse_role
from .options import (
    Parser,
    add_data_options,
    add_training_options,
    load_data,
    settings_of,
    use_one_thread,
)

SUMMARY = "train both side by side and show where they differ"


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Train both implementations from the same weights on the same batches. Report how far "
        "apart they are, how fast each is, and where the tutorial's formula underflows. Exit "
        "status 1 if they differ by more than rounding explains."
    )
    add_data_options(parser)
    add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    refuse_role()
    use_one_thread()
    settings = settings_of(arguments)

    from ..comparison.compare import compare

    return 0 if compare(load_data(arguments), settings, arguments.seed) else 1
