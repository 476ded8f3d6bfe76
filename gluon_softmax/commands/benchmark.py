"""``python -m gluon_softmax benchmark``: the same training in other ways, timed."""

import json
from typing import List

from ..writing import write_text
from .options import Parser, add_out_option, add_size_options, output_folder, whole_number


def run(argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog="python -m gluon_softmax benchmark",
        description="Time the same training in other ways, each in processes of its own, in turn. "
        "`make benchmark` installs the libraries that it compares with. On the official edition.",
    )
    add_out_option(parser)
    parser.add_argument(
        "--rounds", type=whole_number(1, 100), default=5, metavar="N", help="how often each runs"
    )
    parser.add_argument(
        "--no-growth",
        action="store_true",
        help="leave out how time and memory grow with examples and batch size",
    )
    parser.add_argument(
        "--machines",
        action="store_true",
        help="time clusters of two and four workers on this machine instead, beside one process",
    )
    add_size_options(parser)
    arguments = parser.parse_args(argv)
    out = output_folder(arguments.out)

    if arguments.machines:
        from ..comparison.machines import compare_machines

        write_text(out / "machines.json", json.dumps(compare_machines(), indent=1) + "\n")
        return 0

    from ..comparison.benchmark import benchmark

    settings = {name: getattr(arguments, name) for name in ("epochs", "batch_size", "lr")}
    return 0 if benchmark(out, arguments.rounds, not arguments.no_growth, **settings) else 1
