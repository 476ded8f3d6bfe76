"""Command-line options that several commands share, each checked before any work starts."""

import argparse
import difflib
import gc
import math
import os
from pathlib import Path
from typing import Any, Callable, NoReturn, Optional, Sequence

from ..data.fashion_mnist import FashionMNIST
from ..data.load import EDITION_CHOICES, load
from ..errors import UsageError
from ..writing import followed

LARGEST_SEED = 2**32 - 1
MOST_WORKERS = 64


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Tells defaults, but not that something is not given."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest right word for a wrong one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, "allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and exiting."""
        raise UsageError(f"{message} (`{self.prog} --help` lists what there is)")

    def parse_known_args(self, args=None, namespace=None):
        """Refuse unknown options first: what follows one would be taken for something else."""
        known = list(self._option_string_actions)
        for word in args[: args.index("--") if "--" in args else None]:
            if word.startswith("--") and word.split("=")[0] not in known:
                self.error(f"unknown option {word!r}{nearest(word, known)}")
        return super().parse_known_args(args, namespace)


def nearest(word: str, words: Sequence[str]) -> str:
    """Suggest the word that is probably meant, as the end of an error message, or nothing."""
    close = difflib.get_close_matches(word.split("=")[0], words, n=1)
    return f", do you mean {close[0]!r}?" if close else ""


def whole_number(least: int, most: Optional[int] = None) -> Callable[[str], int]:
    """Make an argparse type: a whole number from ``least`` to ``most``."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < least or (most is not None and number > most):
            limits = f"at least {least}" if most is None else f"{least} to {most}"
            raise argparse.ArgumentTypeError(f"{text} is out of range, choose {limits}")
        return number

    return parse


def positive_number(text: str) -> float:
    """Read a finite number above 0, as an argparse type."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add what tells where the data come from."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--edition",
        choices=EDITION_CHOICES,
        help="which edition of the data set; auto is mxnet, the tutorial's, if it can be had, "
        "else official (default: auto)",
    )
    group.add_argument(
        "--split-seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="seed of the split that --edition resplit draws (default: 0)",
    )
    group.add_argument(
        "--data-dir",
        metavar="FOLDER",
        help="read the four IDX files in this folder, gzipped or not, instead of an edition",
    )


def add_training_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the settings of a training run, on one device or several, by default the tutorial's."""
    group = add_size_options(parser)
    group.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        default=0,
        metavar="N",
        help="seed of initial weights and shuffling; the same seed gives the same numbers",
    )
    group = parser.add_argument_group("feed and device")
    add_ctx_option(group, several)
    group.add_argument(
        "--loader",
        choices=("resident", "per-sample"),
        default="resident",
        help="per-sample is the tutorial's way to make batches, resident the fast one; both give "
        "the same batches",
    )
    group.add_argument(
        "--num-workers",
        type=whole_number(0, MOST_WORKERS),
        metavar="N",
        help="worker processes of the per-sample loader (default: 0 on Windows, 4 elsewhere)",
    )


def add_size_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add epochs, batch size and learning rate; gives their group."""
    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs",
        type=whole_number(1, 10_000),
        default=5,
        metavar="N",
        help="passes over the training set",
    )
    group.add_argument(
        "--batch-size",
        type=whole_number(1, 1_000_000),
        default=200,
        metavar="N",
        help="examples in a mini-batch",
    )
    group.add_argument(
        "--lr", type=positive_number, default=0.1, metavar="RATE", help="learning rate"
    )
    return group


def add_ctx_option(parser: argparse._ActionsContainer, several: bool = False) -> None:
    """Add where to compute, to a parser or a group of its options."""
    more = "; several with commas between them, or gpu:all, share each batch" if several else ""
    parser.add_argument(
        "--ctx",
        default="auto",
        metavar="CTX",
        help=f"auto, cpu, gpu, or gpu:N for the N-th GPU{more}",
    )


def add_out_option(parser: argparse.ArgumentParser) -> None:
    """Add the folder for what is written."""
    parser.add_argument("--out", default="report", metavar="FOLDER", help="where to write")


def settings_of(arguments: argparse.Namespace, several: bool = False) -> Any:
    """Gather a run's settings from the options of :func:`add_training_options`."""
    from ..training.context import get_context, get_contexts
    from ..training.run import Settings

    ctxs = get_contexts(arguments.ctx) if several else (get_context(arguments.ctx),)
    return Settings(
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        lr=arguments.lr,
        ctx=ctxs if len(ctxs) > 1 else ctxs[0],
        loader=arguments.loader,
        num_workers=arguments.num_workers,
    )


def load_data(arguments: argparse.Namespace) -> FashionMNIST:
    """Load the data set that the options of :func:`add_data_options` name."""
    edition, split_seed = arguments.edition, arguments.split_seed
    if arguments.data_dir is not None:
        for option, value in (("--edition", edition), ("--split-seed", split_seed)):
            if value is not None:
                raise UsageError(f"{option} {value} has no effect on the files of --data-dir")
    elif split_seed is not None and edition != "resplit":
        raise UsageError(f"--split-seed {split_seed} goes with --edition resplit")
    return load(edition or "auto", arguments.data_dir, split_seed or 0)


def output_folder(name: str) -> Path:
    """Make the output folder, so that what cannot be written is known before any work."""
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {name}: no folder can be made there ({error.strerror})") from error
    for file in ("results.json", "index.html"):
        check_writable(folder / file)
    return folder


def check_writable(path: Path) -> None:
    """Raise a UsageError if no file can be written there."""
    try:
        if path.is_dir():
            raise UsageError(f"{path}: is a folder, not a file to write")
        folder = followed(path).parent
        if not folder.is_dir():
            raise UsageError(f"{path}: there is no folder {folder}")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: the folder {folder} is not writable")


def spare_collections() -> None:
    """Keep what is imported by now out of garbage collections.

    MXNet collects whenever it makes a DataLoader: 0.05 s each time, for what never is garbage.
    """
    gc.freeze()
