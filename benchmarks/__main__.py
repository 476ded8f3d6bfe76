"""``make benchmark`` and ``python -m benchmarks``: time the same training in other frameworks."""

import json
import sys
from typing import List

from gluon_softmax.interruption import exit_on_interrupt


def run(words: List[str]) -> int:
    """Run a benchmark with these options; return its exit status."""
    from gluon_softmax.commands import options
    from gluon_softmax.writing import write_text

    parser = options.Parser(
        prog="python -m benchmarks",
        description="Time the same training in other frameworks, each in its own process, round-"
        "robin, on the official edition. `make benchmark` installs the frameworks first.",
    )
    options.add_out_option(parser)
    parser.add_argument(
        "--rounds",
        type=options.whole_number(1, 100),
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
    options.add_size_options(parser)
    arguments = parser.parse_args(words)
    out = options.output_folder(arguments.out)

    if arguments.machines:
        from .clusters import compare_clusters

        write_text(out / "machines.json", json.dumps(compare_clusters(), indent=1) + "\n")
        return 0

    from .benchmark import benchmark

    settings = {name: getattr(arguments, name) for name in ("epochs", "batch_size", "lr")}
    return 0 if benchmark(out, arguments.rounds, not arguments.no_growth, **settings) else 1


if __name__ == "__main__":
    with exit_on_interrupt():
        from gluon_softmax.commands.main import guarded

        sys.exit(guarded(run, None))
