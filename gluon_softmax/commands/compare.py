"""``python -m gluon_softmax compare``: both versions side by side."""

from typing import List

from .options import Parser, add_data_options, add_training_options, load_data, settings_of


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax compare",
        description="Train both versions from the same weights over the same batches, and tell "
        "how far they are apart, how fast each is, and where the tutorial's formula underflows.",
    )
    add_data_options(parser)
    add_training_options(parser)
    arguments = parser.parse_args(argv)
    settings = settings_of(arguments)

    from ..comparison.compare import compare

    return 0 if compare(load_data(arguments), settings, arguments.seed) else 1
