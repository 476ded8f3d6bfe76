"""``python -m scratch`` and ``python -m concise``: train one version."""

import argparse
import contextlib
from pathlib import Path
from typing import Any, Callable, Dict, List

from ..cluster.roles import given_role, refuse_role, serves
from ..console import be_quiet
from ..data.fashion_mnist import FashionMNIST
from ..errors import Diverged
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
    add_training_options(parser, several=True)
    parser.add_argument(
        "--kvstore",
        metavar="dist_sync",
        help="train on several machines, by MXNet's parameter server: this process is what "
        "DMLC_ROLE says (`python -m gluon_softmax cluster --help`)",
    )
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
    role = None
    if arguments.kvstore is not None:
        role = given_role(arguments.kvstore, arguments.batch_size)
        if serves(role):
            return 0
    else:
        refuse_role()
        if arguments.save is not None:
            check_writable(Path(arguments.save))

    from ..cluster.team import joined
    from ..training.parameters import save_parameters

    settings = settings_of(arguments, several=True)
    with contextlib.nullcontext() if role is None else joined(role) as team:
        if team is not None and team.rank:
            be_quiet()
        elif team is not None and arguments.save is not None:
            check_writable(Path(arguments.save))
        trained = _train(version, arguments, settings, team)
    if arguments.save is not None and (team is None or not team.rank):
        save_parameters(arguments.save, *trained.parameters)
        print(f"parameters saved in {arguments.save}")
    return 0


def _train(version: str, arguments: argparse.Namespace, settings: Any, team: Any) -> Any:
    from ..reproduction.versions import VERSIONS
    from ..training.loop import Records, print_epoch, print_epoch_as_tutorial
    from ..training.parameters import load_parameters
    from ..training.run import train_version

    start = None if arguments.start_from is None else load_parameters(arguments.start_from)
    data = load_data(arguments)
    if team is not None:
        team.agree(_of_all_workers(version, arguments, data, start))
    spare_collections()
    show: Callable[[Records], Any] = (
        print_epoch_as_tutorial if arguments.as_tutorial else print_epoch
    )
    if team is not None and team.rank:
        show = bool
    try:
        return train_version(
            VERSIONS[version],
            data,
            settings,
            arguments.seed,
            start=start,
            on_epoch=show,
            team=team,
        )
    except Diverged:
        if team is not None:
            team.leave_it_to_the_first()
        raise


def _of_all_workers(
    version: str, arguments: argparse.Namespace, data: FashionMNIST, start: Any
) -> Dict[str, Any]:
    return {
        "the version": version,
        "--epochs": arguments.epochs,
        "--batch-size": arguments.batch_size,
        "--lr": arguments.lr,
        "--seed": arguments.seed,
        "the parameters of --start-from": start,
        "the training images": data.train_images,
        "the training labels": data.train_labels,
        "the test images": data.test_images,
        "the test labels": data.test_labels,
    }
