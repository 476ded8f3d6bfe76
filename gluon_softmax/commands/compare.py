"""``gluon-softmax compare``: train both implementations side by side."""

import argparse

from ..cluster.roles import refuse_role
from . import options

SUMMARY = "train both side by side and show where they differ"


def add_arguments(parser: options.Parser) -> None:
    parser.description = (
        "Train both implementations from the same weights on the same batches. Report how far "
        "apart they are, how fast each is, and where the tutorial's formula underflows. Exit "
        "status 1 if they differ by more than rounding explains."
    )
    options.add_data_options(parser)
    options.add_training_options(parser)


def run(arguments: argparse.Namespace) -> int:
    refuse_role()
    options.use_one_thread()
    settings = options.settings_of(arguments)

    from ..comparison.compare import compare

    return 0 if compare(options.load_data(arguments), settings, arguments.seed) else 1
