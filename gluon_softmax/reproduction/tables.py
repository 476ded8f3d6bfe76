"""Tables that d2lzh and d2l print, found in whatever text was copied with them."""

import re
import sys
import unicodedata
from pathlib import Path
from typing import List, NamedTuple, Tuple

from ..errors import UsageError

COLUMNS = ("loss", "train acc", "test acc")
# A sum over 60,000 examples stays far below it.
MOST_LOSS = 1e9
# Bytes: a device may give ever more.
LONGEST = 64 << 20
EXAMPLE = "epoch 1, loss 0.7517, train acc 0.757, test acc 0.790"

# Between words and numbers stands what is neither, in moderation, so that a text of ten million
# blanks is read in no time: commas and colons of any script, or what was left of them.
_GAP = r"\W{0,9}?"
_NUMBER = r"(-?(?:\d{1,12}\.?\d{0,12}|\.\d{1,12})(?:e[-+]?\d{1,3})?|nan|-?inf)"
_LINE = re.compile(
    rf"epoch{_GAP}(\d{{1,6}}){_GAP}loss{_GAP}{_NUMBER}"
    rf"{_GAP}train[ _]?acc(?:uracy)?{_GAP}{_NUMBER}{_GAP}test[ _]?acc(?:uracy)?{_GAP}{_NUMBER}",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A printed number, and how many decimals it has."""

    value: float
    digits: int


Row = Tuple[Number, Number, Number]
Table = List[Row]


def read(source: str) -> List[Table]:
    """Read the tables in a file.

    Parameters
    ----------
    source : str
        Its name; ``-`` for standard input.

    Returns
    -------
    list of Table
        At least one.

    Raises
    ------
    UsageError
        If it cannot be read, has no table, or one whose epochs contradict each other.
    """
    name = name_of(source)
    try:
        if source == "-":
            if sys.stdin is None:
                raise UsageError(f"--table {source!r}: standard input is closed")
            raw = sys.stdin.buffer.read(LONGEST + 1)
        else:
            with open(source, "rb") as stream:
                raw = stream.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(f"--table {source!r}: {error.strerror}") from error
    if len(raw) > LONGEST:
        raise UsageError(f"--table {source!r}: longer than {LONGEST >> 20} MB, which is no text")
    # PowerShell's `>` writes UTF-16; in other encodings, digits and Latin letters survive.
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return parse(raw.decode(encoding, "replace"), name)


def name_of(source: str) -> str:
    """Name what ``--table`` names."""
    return "standard input" if source == "-" else Path(source).name


def parse(text: str, name: str) -> List[Table]:
    """Find the tables in a text.

    Parameters
    ----------
    text : str
        With lines such as those of ``d2lzh.train_ch3``, among whatever else.
    name : str
        What to call it in an error.

    Returns
    -------
    list of Table
        In their order; each has the loss, train acc and test acc of epoch 1, 2 and so on, also
        where the text counts them from 0.

    Raises
    ------
    UsageError
        If there is no such line, or the epochs of a table are not 1, 2, 3 and so on.
    """
    tables: List[Table] = []
    last = 0
    # Chinese commas, colons, percent signs and digits become those of ASCII.
    for match in _LINE.finditer(unicodedata.normalize("NFKC", text)):
        epoch = int(match.group(1))
        if epoch in (0, 1) and not (tables and epoch == last + 1):
            tables.append([])
        elif not tables:
            raise UsageError(f"{name}: its first epoch is {epoch}: a table begins with epoch 1")
        elif epoch != last + 1:
            raise UsageError(
                f"{name}: table {len(tables)} has epoch {epoch} after {last}, where {last + 1} "
                "belongs"
            )
        last = epoch
        loss, train_acc, test_acc = map(_number, match.groups()[1:])
        tables[-1].append((loss, train_acc, test_acc))
        _refuse_the_impossible(tables, name, epoch)
    if not tables:
        raise UsageError(f"{name}: no line in it is such as `{EXAMPLE}`")
    return tables


def _number(text: str) -> Number:
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return Number(float(text), min(max(digits, 0), 12))


def _refuse_the_impossible(tables: List[Table], name: str, epoch: int) -> None:
    for column, number in zip(COLUMNS, tables[-1][-1]):
        # Written so that it is true of nan, too.
        if not 0 <= number.value <= (MOST_LOSS if column == "loss" else 100):
            raise UsageError(
                f"{name}: implausible: table {len(tables)}, epoch {epoch}: {column} "
                f"{number.value:g} is no {'loss' if column == 'loss' else 'share'}"
            )
