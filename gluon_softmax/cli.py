"""The command line: ``python -m gluon_softmax``, ``python -m scratch``, ``python -m concise``."""

import argparse
import gc
import os
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import Callable, List, Optional, Sequence

from .errors import GluonSoftmaxError, UsageError
from .interruption import listening
from .options import (
    Parser,
    add_data_options,
    add_size_options,
    add_training_options,
    nearest,
    report_error,
    whole_number,
)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run ``python -m gluon_softmax``.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        Exit status: 0 done, 1 a failed job, 2 bad usage, 130 or 143 interrupted.
    """
    return _guarded(_main, sys.argv[1:] if argv is None else list(argv))


def main_version(version: str, argv: Optional[Sequence[str]] = None) -> int:
    """Run ``python -m scratch`` or ``python -m concise``.

    Parameters
    ----------
    version : {"scratch", "concise"}
        Which one.
    argv : sequence of str, optional
        Arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        Exit status, as of :func:`main`.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    return _guarded(lambda argv: _main_version(version, argv), arguments)


def _guarded(work: Callable[[List[str]], int], argv: List[str]) -> int:
    """Turn every error into its exit status and, unless ``--debug`` is given, into one line."""
    debug = "--debug" in argv
    argv = [word for word in argv if word != "--debug"]
    try:
        with listening():
            return work(argv)
    except GluonSoftmaxError as error:
        if debug:
            raise
        report_error(error)
        return error.exit_status
    except OSError as error:
        if debug:
            raise
        missing = re.match(r"(lib\S+): cannot open shared object file", str(error))
        if missing:
            report_error(
                f"MXNet needs the system's {missing.group(1)} (on Debian and Ubuntu: apt-get "
                "install libquadmath0 libgomp1; for a CUDA build, see the README)"
            )
        else:
            # A reader that has had enough, as `head` has, needs no word.
            if not isinstance(error, BrokenPipeError):
                report_error(error)
            # Keep Python from trying to write the rest once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 128 + signal.SIGINT


def _main(argv: List[str]) -> int:
    commands = {
        "data": _data,
        "reproduce": _reproduce,
        "compare": _compare,
        "benchmark": _benchmark,
    }
    parser = Parser(
        prog="python -m gluon_softmax",
        description="Softmax regression on Fashion-MNIST in MXNet, as the document has it.",
        epilog="`python -m scratch` and `python -m concise` train one version.\n"
        "Every command takes --debug, to show a traceback with an error.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_data_parser(subparsers)
    _add_reproduce_parser(subparsers)
    _add_compare_parser(subparsers)
    _add_benchmark_parser(subparsers)
    if argv and not argv[0].startswith("-") and argv[0] not in commands:
        parser.error(f"no command is called {argv[0]!r}{nearest(argv[0], list(commands))}")
    if not argv:
        parser.print_help()
        return 2
    arguments = parser.parse_args(argv)
    arguments.command_line = f"python -m gluon_softmax {shlex.join(argv)}"
    return commands[arguments.command](arguments)


def _add_data_parser(subparsers) -> None:
    parser = subparsers.add_parser(
        "data",
        help="fetch the data set, check it again, or tell what there is",
        description="fetch gets the edition, from the cache or the first source that verifies; "
        "verify checks what the cache has; where tells where that is.",
    )
    parser.add_argument("action", nargs="?", choices=("fetch", "verify", "where"), default="fetch")
    add_data_options(parser)


def _data(arguments: argparse.Namespace) -> int:
    from . import inventory

    return inventory.ACTIONS[arguments.action](
        arguments.edition, getattr(arguments, "data_dir", None), arguments.split_seed
    )


def _add_reproduce_parser(subparsers) -> None:
    parser = subparsers.add_parser(
        "reproduce",
        help="do all that the document does, and compare its numbers with ours",
        description="Do all that the document does, and compare its numbers with ours.",
    )
    parser.add_argument("--out", default="report", metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--runs",
        type=whole_number(1, 1000),
        default=10,
        metavar="N",
        help="how often to train each version, each time with the next seed",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="exit with status 1 if a figure neither reproduces nor is explained",
    )
    parser.add_argument(
        "--no-reading",
        action="store_true",
        help="leave out the timed pass of the document's own loader, which takes seconds",
    )
    add_data_options(parser)
    add_training_options(parser)


def _reproduce(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    out = _output_folder(arguments.out)
    data = _load(arguments)

    from .report import summary, write_report
    from .reproduction import reproduce

    _spare_collections()
    found = reproduce(data, settings, arguments.seed, arguments.runs, not arguments.no_reading)
    write_report(found, out, arguments.command_line)
    print("\n" + summary(found))
    print(f"\nreport: {out / 'index.html'}, numbers: {out / 'results.json'}")
    if found.stopped:
        report_error(found.stopped)
        return 1
    if found.partial:
        return 128 + signal.SIGINT
    return 1 if arguments.check and found.failures() else 0


def _add_compare_parser(subparsers) -> None:
    parser = subparsers.add_parser(
        "compare",
        help="train scratch and concise side by side, and show where they part",
        description="Train both versions from the same weights over the same batches, and tell "
        "how far they are apart, how fast each is, and where the document's formula underflows.",
    )
    add_data_options(parser)
    add_training_options(parser)


def _compare(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)

    from .compare import compare

    return 0 if compare(_load(arguments), settings, arguments.seed) else 1


def _add_benchmark_parser(subparsers) -> None:
    parser = subparsers.add_parser(
        "benchmark",
        help="time both versions beside the document's code, NumPy, PyTorch, JAX and scikit-learn",
        description="Time the same training in other ways, each in processes of its own, in turn. "
        "`make benchmark` installs the libraries that it compares with. On the official edition.",
    )
    parser.add_argument("--out", default="report", metavar="FOLDER", help="where to write")
    parser.add_argument(
        "--rounds", type=whole_number(1, 100), default=5, metavar="N", help="how often each runs"
    )
    parser.add_argument(
        "--no-growth",
        action="store_true",
        help="leave out how time and memory grow with examples and batch size",
    )
    add_size_options(parser)


def _benchmark(arguments: argparse.Namespace) -> int:
    out = _output_folder(arguments.out)

    from .benchmark import benchmark

    settings = {
        "epochs": arguments.epochs,
        "batch_size": arguments.batch_size,
        "lr": arguments.lr,
    }
    return 0 if benchmark(out, arguments.rounds, not arguments.no_growth, **settings) else 1


def _main_version(version: str, argv: List[str]) -> int:
    if argv and argv[0] == "predict":
        return _predict(version, argv[1:])
    parser = Parser(
        prog=f"python -m {version}",
        description=f"Train the {version} version and print the document's line an epoch.",
        epilog=f"`python -m {version} predict FILE` draws what saved parameters predict.",
    )
    add_data_options(parser)
    add_training_options(parser)
    parser.add_argument(
        "--save",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="write the trained parameters to this file (.npz); either version reads it",
    )
    parser.add_argument(
        "--start-from",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="start from saved parameters instead of random ones",
    )
    parser.add_argument(
        "--as-document",
        action="store_true",
        help="repeat the document's error: print the share predicted as class 1 as train acc",
    )
    if argv and not argv[0].startswith("-"):
        parser.error(f"no command is called {argv[0]!r}{nearest(argv[0], ['predict'])}")
    arguments = parser.parse_args(argv)
    save = getattr(arguments, "save", None)
    if save is not None:
        _check_writable(Path(save))

    from .parameters import load_parameters, save_parameters
    from .runs import train_version
    from .training import print_epoch, print_epoch_as_document

    settings = _settings(arguments)
    start_from = getattr(arguments, "start_from", None)
    start = None if start_from is None else load_parameters(start_from)
    data = _load(arguments)
    _spare_collections()
    run = train_version(
        version,
        data,
        settings,
        arguments.seed,
        start=start,
        on_epoch=print_epoch_as_document if arguments.as_document else print_epoch,
    )
    if save is not None:
        save_parameters(save, *run.parameters)
        print(f"parameters saved in {save}")
    return 0


def _predict(version: str, argv: List[str]) -> int:
    parser = Parser(
        prog=f"python -m {version} predict",
        description="Draw the first test images with their true and, below, predicted classes.",
    )
    parser.add_argument("file", metavar="FILE", help="parameters that --save wrote")
    parser.add_argument(
        "--count", type=whole_number(1, 100), default=9, metavar="N", help="number of images"
    )
    parser.add_argument(
        "--out",
        metavar="FILE.png",
        default=argparse.SUPPRESS,
        help="write the picture to this file, .png or .svg; without it there is only text",
    )
    add_data_options(parser)
    parser.add_argument("--ctx", default="auto", metavar="CTX", help="auto, cpu, gpu or gpu:N")
    arguments = parser.parse_args(argv)
    out = getattr(arguments, "out", None)
    if out is not None:
        if Path(out).suffix not in (".png", ".svg"):
            parser.error(f"--out {out!r} ends neither with .png nor with .svg")
        _check_writable(Path(out))

    from .context import get_context
    from .data import get_fashion_mnist_labels
    from .parameters import load_parameters
    from .runs import predict

    ctx = get_context(arguments.ctx)
    parameters = load_parameters(arguments.file)
    data = _load(arguments)
    images, labels = data.test_images[: arguments.count], data.test_labels[: arguments.count]
    predicted = predict(version, parameters, images, ctx).argmax(axis=1)
    true_names = get_fashion_mnist_labels(labels)
    predicted_names = get_fashion_mnist_labels(predicted)
    print(f"{'':>5}  {'true':10}  predicted")
    for index, (true, guess) in enumerate(zip(true_names, predicted_names)):
        print(f"{index:>5}  {true:10}  {guess}{'' if true == guess else '  (wrong)'}")
    if out is not None:
        from .figures import draw_images, save_figure

        titles = [f"{true}\n{guess}" for true, guess in zip(true_names, predicted_names)]
        heading = f"{version}: true class, below it the predicted one"
        save_figure(draw_images(images, titles, predicted != labels, heading), Path(out))
        print(f"picture written to {out}")
    return 0


def _settings(arguments: argparse.Namespace):
    from .context import get_context
    from .runs import Settings

    return Settings(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        lr=arguments.lr,
        ctx=get_context(arguments.ctx),
        loader=arguments.loader,
        num_workers=getattr(arguments, "num_workers", None),
    )


def _load(arguments: argparse.Namespace):
    from .data import load

    return load(arguments.edition, getattr(arguments, "data_dir", None), arguments.split_seed)


def _spare_collections() -> None:
    """Keep what is imported by now out of garbage collections.

    MXNet collects whenever it makes a DataLoader: 0.05 s each time, for what never is garbage.
    """
    gc.freeze()


def _output_folder(name: str) -> Path:
    """Make the output folder, so that what cannot be written is known before any work."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {name}: no folder can be made there ({error.strerror})") from error
    _check_writable(folder / "results.json")
    return folder


def _check_writable(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path}: is a folder, not a file to write")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: the folder {path.parent} is not writable")
