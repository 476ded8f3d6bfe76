"""Options that several commands share; each is checked before any work starts."""

import argparse
import difflib
import gc
import math
import os
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Generator, NoReturn, Optional, Sequence

from ..data.fashion_mnist import FashionMNIST
from ..data.load import EDITION_CHOICES, load
from ..errors import IMPLEMENTATION_NAMES, UsageError, check_implementations
from ..training.defaults import BATCH_SIZE, EPOCHS, LOADERS, LR
from ..writing import followed

THREADS = "OMP_NUM_THREADS"
LARGEST_SEED = 2**32 - 1
MOST_WORKERS = 64


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults in --help, except None and False."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)

    def _iter_indented_subactions(
        self, action: argparse.Action
    ) -> Generator[argparse.Action, None, None]:
        # Not indented: argparse forgets the indent when it measures the longest name.
        yield from getattr(action, "_get_subactions", list)()


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line and suggests the nearest word that it knows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, "allow_abbrev": False, **kwargs})
        # `guarded` reads it, before anything is parsed: here it is for --help.
        self.add_argument("--debug", action="store_true", help="show the traceback of an error")

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError instead of printing the usage and exiting."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise ArgumentError with the nearest choice and all choices."""
        if action.choices is not None and value not in action.choices:
            choices = list(map(str, action.choices))
            close = nearest(str(value), choices)
            message = f"invalid choice: {value!r}{close} (choose from {', '.join(choices)})"
            raise argparse.ArgumentError(action, message)

    def parse_known_args(self, args=None, namespace=None):
        """Refuse unknown options first, since argparse misreads the word after one."""
        known = list(self._option_string_actions)
        for word in args[: args.index("--") if "--" in args else None]:
            if self._subparsers is not None and not word.startswith("-"):
                break  # A command, whose own parser reads the rest.
            if word.startswith("--") and word.split("=")[0] not in known:
                self.error(f"unknown option {word!r}{nearest(word, known)}")
        return super().parse_known_args(args, namespace)


def nearest(word: str, words: Sequence[str]) -> str:
    """Return a suggestion of the nearest word, as the end of an error message, or nothing."""
    # Without the dashes, which all options have in common.
    named = {known.lstrip("-"): known for known in words}
    close = difflib.get_close_matches(word.split("=")[0].lstrip("-"), list(named), n=1)
    return f", did you mean {named[close[0]]!r}?" if close else ""


def whole_number(least: int, most: Optional[int] = None) -> Callable[[str], int]:
    """Return an argparse type: a whole number from ``least`` to ``most``."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if number < least or (most is not None and number > most):
            limits = f"at least {least}" if most is None else f"{least} to {most}"
            raise argparse.ArgumentTypeError(f"{text} is out of range: choose {limits}")
        return number

    return parse


def positive_number(text: str) -> float:
    """Return a finite number above 0, as an argparse type."""
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return number


def add_implementation(parser: argparse.ArgumentParser, implementation: Optional[str]) -> None:
    """Add the implementation as an argument, or set it if it is given."""
    if implementation is not None:
        parser.set_defaults(implementation=implementation)
        return
    parser.add_argument(
        "implementation",
        metavar="IMPLEMENTATION",
        choices=IMPLEMENTATION_NAMES,
        help=" or ".join(IMPLEMENTATION_NAMES),
    )


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the data set."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--edition",
        choices=EDITION_CHOICES,
        help="edition of Fashion-MNIST: the official one; mxnet, the withdrawn one that the "
        "tutorial used; resplit, a new train/test split of the official images; or auto, which is "
        "mxnet if it can be downloaded and official otherwise (default: auto)",
    )
    group.add_argument(
        "--split-seed",
        type=whole_number(0, LARGEST_SEED),
        metavar="N",
        help="seed of the split of --edition resplit (default: 0)",
    )
    group.add_argument(
        "--data-dir",
        metavar="FOLDER",
        help="read four IDX files of your own, gzipped or not, from this folder",
    )


def add_training_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the settings of a training run; the defaults are the tutorial's."""
    group = add_size_options(parser)
    group.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        default=0,
        metavar="N",
        help="seed of the initial weights and the shuffling; a seed always gives the same numbers",
    )
    group = parser.add_argument_group("data loading and device")
    add_ctx_option(group, several)
    group.add_argument(
        "--loader",
        choices=LOADERS,
        default="resident",
        help="resident keeps the data set in memory and is fast; per-sample transforms image by "
        "image, as the tutorial does; both give the same batches",
    )
    group.add_argument(
        "--num-workers",
        type=whole_number(0, MOST_WORKERS),
        metavar="N",
        help="worker processes of --loader per-sample (default: 0 on Windows, 4 elsewhere)",
    )


def add_size_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add epochs, batch size and learning rate; return their group."""
    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs",
        type=whole_number(1, 10_000),
        default=EPOCHS,
        metavar="N",
        help="number of epochs",
    )
    group.add_argument(
        "--batch-size",
        type=whole_number(1, 1_000_000),
        default=BATCH_SIZE,
        metavar="N",
        help="number of examples in a mini-batch",
    )
    group.add_argument(
        "--lr", type=positive_number, default=LR, metavar="RATE", help="learning rate"
    )
    return group


def add_ctx_option(parser: argparse._ActionsContainer, several: bool = False) -> None:
    """Add the device to a parser or a group of its options."""
    more = "; a list such as gpu:0,gpu:1, or gpu:all, splits each batch" if several else ""
    parser.add_argument(
        "--ctx",
        default="auto",
        metavar="CTX",
        help=f"device: auto, cpu, gpu, or gpu:N (counted from 0){more}",
    )


def add_out_option(parser: argparse.ArgumentParser) -> None:
    """Add the output folder."""
    parser.add_argument("--out", default="report", metavar="FOLDER", help="output folder")


def use_one_thread() -> None:
    """Let MXNet, which is not imported yet, compute in one thread if the user set no number.

    The number of threads changes how sums are rounded: with one, the numbers are the same on any
    number of cores. More threads gain little on matrices this small.
    """
    os.environ.setdefault(THREADS, "1")


def settings_of(
    arguments: argparse.Namespace, several: bool = False, workers_needed: bool = False
) -> Any:
    """Return a run's settings, from the options of :func:`add_training_options`.

    ``workers_needed`` is for a command that uses the per-sample loader whatever ``--loader`` says.
    """
    if arguments.num_workers is not None and arguments.loader == "resident" and not workers_needed:
        raise UsageError(
            f"--num-workers {arguments.num_workers} has no effect on the resident loader: add "
            "--loader per-sample"
        )
    check_implementations()
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
    """Load the data set that the options of :func:`add_data_options` choose."""
    edition, split_seed = arguments.edition, arguments.split_seed
    if arguments.data_dir is not None:
        for option, value in (("--edition", edition), ("--split-seed", split_seed)):
            if value is not None:
                raise UsageError(
                    f"{option} {value} has no effect on the files of --data-dir: drop one of them"
                )
    elif split_seed is not None and edition != "resplit":
        raise UsageError(f"--split-seed {split_seed} needs --edition resplit")
    return load(edition or "auto", arguments.data_dir, split_seed or 0)


def output_folder(name: str) -> Path:
    """Create the output folder, and check that the report can be written there."""
    if not name:
        raise UsageError("--out '': name a folder, for example --out report")
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {name}: cannot create this folder ({error.strerror})") from error
    for file in ("results.json", "index.html"):
        check_writable(folder / file)
    return folder


def check_writable(path: Path) -> None:
    """Raise UsageError unless a file can be written there."""
    try:
        if path.is_dir():
            raise UsageError(f"{path}: is a folder, not a file")
        folder = followed(path).parent
        if not folder.is_dir():
            raise UsageError(f"{path}: the folder {folder} does not exist")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    try:
        # Some folders, such as /proc, only seem to be writable.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{path}: the folder {folder} is not writable") from error


def check_distinct(**files: Optional[str]) -> None:
    """Raise UsageError if two options name the same file."""
    named: Dict[str, str] = {}
    for option, name in files.items():
        path = os.path.realpath(name) if name else ""
        if path in named:
            pair = f"--{named[path]} and --{option}".replace("_", "-")
            raise UsageError(f"{pair} name the same file: {name}")
        if path:
            named[path] = option


def check_picture(option: str, name: str) -> None:
    """Raise UsageError unless a file's name has the ending of a picture."""
    if Path(name).suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{option} {name!r}: choose a name that ends in .png or .svg")


def spare_collections() -> None:
    """Exempt imported objects from garbage collection.

    MXNet collects garbage for each new DataLoader: 0.05 s each time, for objects that stay alive.
    """
    gc.freeze()
