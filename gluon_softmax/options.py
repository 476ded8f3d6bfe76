"""Command-line options that several commands share, each checked before any work starts."""

import argparse
import difflib
import math
import sys
from typing import Callable, Optional, Sequence

from .data import EDITION_CHOICES
from .errors import UsageError

LARGEST_SEED = 2**32 - 1
MOST_WORKERS = 64


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Tells defaults, but not that a switch is off."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        return action.help if action.const is True else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, with the nearest right word for a wrong one."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message: str) -> None:
        """Raise instead of printing the usage and exiting."""
        raise UsageError(f"{message} (`{self.prog} --help` lists what there is)")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[override]
        """Refuse unknown options first: what follows one would be taken for something else."""
        known = [word for action in self._actions for word in action.option_strings]
        for word in args or []:
            if word == "--" or (self._subparsers and not word.startswith("-")):
                break
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
        default="auto",
        help="which edition of the data set; auto is mxnet, the document's, if it can be had, "
        "else official",
    )
    group.add_argument(
        "--split-seed",
        type=whole_number(0, LARGEST_SEED),
        default=0,
        metavar="N",
        help="seed of the split that --edition resplit draws",
    )
    group.add_argument(
        "--data-dir",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="read the four IDX files in this folder, gzipped or not, instead of an edition",
    )


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the settings of a training run; their defaults are the document's."""
    group = add_size_options(parser)
    group.add_argument(
        "--seed",
        type=whole_number(0, LARGEST_SEED),
        default=0,
        metavar="N",
        help="seed of initial weights and shuffling; the same seed gives the same numbers",
    )
    add_loading_options(parser)


def add_size_options(parser: argparse.ArgumentParser):
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


def add_loading_options(parser: argparse.ArgumentParser) -> None:
    """Add where to compute and how batches are fed."""
    group = parser.add_argument_group("feed and device")
    group.add_argument(
        "--ctx", default="auto", metavar="CTX", help="auto, cpu, gpu, or gpu:N for the N-th GPU"
    )
    group.add_argument(
        "--loader",
        choices=("resident", "per-sample"),
        default="resident",
        help="per-sample is the document's way to make batches, resident the fast one; both give "
        "the same batches",
    )
    group.add_argument(
        "--num-workers",
        type=whole_number(0, MOST_WORKERS),
        metavar="N",
        default=argparse.SUPPRESS,
        help="worker processes of the per-sample loader (default: 0 on Windows, 4 elsewhere)",
    )


def report_error(error: object) -> None:
    """Print an error for people: one line, on standard error."""
    print(f"error: {error}", file=sys.stderr)
