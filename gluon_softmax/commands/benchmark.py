"""``gluon-softmax benchmark``: time the same training in other frameworks."""

import argparse
import json

from ..writing import write_text
from .options import Parser, add_out_option, add_size_options, output_folder, whole_number

SUMMARY = "time both beside the tutorial's code, NumPy, PyTorch, JAX"


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments to its parser."""
    parser.description = (
        "Time the same training in other frameworks, each in its own process, round-robin, on the "
        "official edition. `make benchmark` installs the frameworks first."
    )
    add_out_option(parser)
    parser.add_argument(
        "--rounds",
        type=whole_number(1, 100),
        default=5,
        metavar="N",
        help="how often each framework runs",
    )
    parser.add_argument(
        "--no-growth",
        action="store_true",
        help="skip the growth of time and memory with examples and batch size",
    )
    parser.add_argument(
        "--machines",
        action="store_true",
        help="time clusters of two and four workers on this machine instead, beside one process",
    )
    add_size_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    out = output_folder(arguments.out)

    if arguments.machines:
        from ..comparison.clusters import compare_clusters

        write_text(out / "machines.json", json.dumps(compare_clusters(), indent=1) + "\n")
        return 0

    from ..comparison.benchmark import benchmark

    settings = {name: getattr(arguments, name) for name in ("epochs", "batch_size", "lr")}
    return 0 if benchmark(out, arguments.rounds, not arguments.no_growth, **settings) else 1
