"""``gluon-softmax train``, ``python -m scratch`` and ``python -m concise``."""

import argparse
import contextlib
import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, Optional, TextIO

from ..cluster.roles import given_role, refuse_role
from ..cluster.server import run_server
from ..console import be_quiet, notify, write_line
from ..data.fashion_mnist import FashionMNIST
from ..errors import Diverged, UsageError
from ..training.defaults import BATCH_SIZE, EPOCHS, LR
from . import options

SUMMARY = "train scratch or concise, as `python -m scratch` does"


def add_arguments(parser: options.Parser, implementation: Optional[str] = None) -> None:
    """Add the command's arguments to its parser; the implementation, unless it is given."""
    parser.description = (
        f"Train the {implementation or 'scratch or concise'} implementation. Print the loss and "
        "the accuracies of each epoch, in the tutorial's format."
    )
    options.add_implementation(parser, implementation)
    if implementation is not None:
        parser.epilog = f"`{parser.prog} predict FILE` predicts with saved parameters."
    options.add_data_options(parser)
    options.add_training_options(parser, several=True)
    parser.add_argument(
        "--kvstore",
        metavar="dist_sync",
        help="train on several machines by MXNet's parameter server; DMLC_ROLE in the environment "
        "sets the role of this process (`gluon-softmax cluster` starts all of them)",
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
        help="repeat the tutorial's bug: print the proportion predicted as class 1 as train acc",
    )
    group = parser.add_argument_group("output")
    group.add_argument(
        "--save",
        metavar="FILE",
        help="save the trained parameters (.npz); scratch and concise read each other's",
    )
    group.add_argument(
        "--log", metavar="FILE.jsonl", help="write a line of JSON after each epoch to this file"
    )
    group.add_argument(
        "--plot",
        metavar="FILE.png",
        help="plot the loss and the accuracies by epoch into this file (.png or .svg)",
    )


def run(arguments: argparse.Namespace) -> int:
    options.use_one_thread()
    role = None
    if arguments.kvstore is not None:
        role = given_role(arguments.kvstore, arguments.batch_size)
        if run_server(role):
            return 0
    else:
        refuse_role()
        _check_output(arguments)

    from ..cluster.worker_group import join_group
    from ..training.parameters import save_parameters

    settings = options.settings_of(arguments, several=True)
    with contextlib.nullcontext() if role is None else join_group(role) as group:
        if group is not None and group.rank:
            be_quiet()
            arguments.save = arguments.log = arguments.plot = None
        elif group is not None:
            _check_output(arguments)
        trained = _train(arguments, settings, group)
    if arguments.save is not None:
        save_parameters(arguments.save, trained.parameters)
        write_line(f"parameters saved in {arguments.save}")
    if arguments.plot is not None:
        from ..reproduction.epoch_plots import draw_training
        from ..reproduction.plot_style import plain, save_figure

        with plain():
            figure = draw_training(trained.records, arguments.implementation)
        save_figure(figure, Path(arguments.plot))
        write_line(f"plot written to {arguments.plot}")
    return 0


def _check_output(arguments: argparse.Namespace) -> None:
    options.check_distinct(save=arguments.save, log=arguments.log, plot=arguments.plot)
    options.check_distinct(log=arguments.log, start_from=arguments.start_from)
    if arguments.plot:
        options.check_picture("--plot", arguments.plot)
    for option in ("save", "log", "plot"):
        path = getattr(arguments, option)
        if path == "":
            raise UsageError(f"--{option} '': name a file")
        if path is not None:
            options.check_writable(Path(path))


def _train(arguments: argparse.Namespace, settings: Any, group: Any) -> Any:
    from ..implementations import IMPLEMENTATIONS, has_tutorials_model
    from ..training.loop import Records, print_epoch, print_epoch_as_tutorial
    from ..training.parameters import load_parameters
    from ..training.run import train_run
    from ..training.samplers import last_batch_size

    implementation = IMPLEMENTATIONS[arguments.implementation]
    start = None
    if arguments.start_from is not None:
        start = load_parameters(arguments.start_from, implementation.shapes)
    data = options.load_data(arguments)
    if group is not None:
        group.agree(_of_all_workers(arguments, data, start))
        if group.num_workers > last_batch_size(len(data.train_labels), settings.batch_size):
            # An error on every rank: the first one reports it.
            group.exit_unless_first()
    options.spare_collections()
    show: Optional[Callable[[Records], Any]] = (
        print_epoch_as_tutorial if arguments.as_tutorial else print_epoch
    )
    if group is not None and group.rank:
        show = None
    try:
        with open(arguments.log or os.devnull, "w", encoding="utf-8") as log:

            def on_epoch(records: Records) -> None:
                if show is not None:
                    show(records)
                _log(log, arguments, records)

            trained = train_run(
                implementation,
                data,
                settings,
                arguments.seed,
                start=start,
                on_epoch=on_epoch,
                group=group,
            )
    except Diverged:
        if group is not None:
            group.exit_unless_first()
        raise
    tutorials = (settings.epochs, settings.batch_size, settings.lr) == (EPOCHS, BATCH_SIZE, LR)
    is_theirs = has_tutorials_model(arguments.implementation) and start is None
    if data.edition == "official" and tutorials and is_theirs:
        notify(
            "The tutorial prints a loss of 0.478 after 5 epochs; on the official edition, expect "
            "0.473. `gluon-softmax reproduce` explains why."
        )
    return trained


def _log(log: TextIO, arguments: argparse.Namespace, records: Any) -> None:
    """Append the last epoch of some records to a file."""
    line = {
        "implementation": arguments.implementation,
        "seed": arguments.seed,
        "epoch": len(records.loss),
    }
    for name in ("loss", "train_acc", "test_acc", "seconds"):
        line[name] = float(getattr(records, name)[-1])
    # Flushed, so that a program can follow the training.
    print(json.dumps(line), file=log, flush=True)


def _of_all_workers(
    arguments: argparse.Namespace, data: FashionMNIST, start: Any
) -> Dict[str, Any]:
    return {
        "the implementation": arguments.implementation,
        "--epochs": arguments.epochs,
        "--batch-size": arguments.batch_size,
        "--lr": arguments.lr,
        "--seed": arguments.seed,
        "the parameters of --start-from": None if start is None else tuple(start.values()),
        "the training images": data.train_images,
        "the training labels": data.train_labels,
        "the test images": data.test_images,
        "the test labels": data.test_labels,
    }
