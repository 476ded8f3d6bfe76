"""``python -m scratch`` and ``python -m concise``: train one version."""

from pathlib import Path
from typing import List

from .options import (
    Parser,
    add_data_options,
    add_training_options,
    check_writable,
    load_data,
    nearest,
    settings_of,
    spare_collections,
)


def run(version: str, argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog=f"python -m {version}",
        description=f"Train the {version} version and print the tutorial's line an epoch.",
        epilog=f"`python -m {version} predict FILE` draws what saved parameters predict.",
    )
    add_data_options(parser)
    add_training_options(parser)
    parser.add_argument(
        "--save",
        metavar="FILE",
        help="write the trained parameters to this file (.npz); either version reads it",
    )
    parser.add_argument(
        "--start-from",
        metavar="FILE",
        help="start from saved parameters instead of random ones",
    )
    parser.add_argument(
        "--as-tutorial",
        "--as-document",
        action="store_true",
        help="repeat the tutorial's error: print the share predicted as class 1 as train acc",
    )
    if argv and not argv[0].startswith("-"):
        parser.error(f"no command is called {argv[0]!r}{nearest(argv[0], ['predict'])}")
    arguments = parser.parse_args(argv)
    if arguments.save is not None:
        check_writable(Path(arguments.save))

    from ..reproduction.versions import VERSIONS
    from ..training.loop import print_epoch, print_epoch_as_tutorial
    from ..training.parameters import load_parameters, save_parameters
    from ..training.run import train_version

    settings = settings_of(arguments)
    start = None if arguments.start_from is None else load_parameters(arguments.start_from)
    data = load_data(arguments)
    spare_collections()
    trained = train_version(
        VERSIONS[version],
        data,
        settings,
        arguments.seed,
        start=start,
        on_epoch=print_epoch_as_tutorial if arguments.as_tutorial else print_epoch,
    )
    if arguments.save is not None:
        save_parameters(arguments.save, *trained.parameters)
        print(f"parameters saved in {arguments.save}")
    return 0
