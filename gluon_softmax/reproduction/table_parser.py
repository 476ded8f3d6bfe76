"""Tables that d2lzh and d2l print, found in whatever text was copied with them."""

import csv
import re
import sys
import unicodedata
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..errors import UsageError

COLUMNS = ("loss", "train acc", "test acc")
# A sum over 60,000 examples stays far below it.
MOST_LOSS = 1e9
# In bytes, as reading a device may never end.
LONGEST = 64 << 20
EXAMPLE = "epoch 1, loss 0.7517, train acc 0.757, test acc 0.790"
# Within a table the loss of the second epoch is lower by more than this.
FALL = 0.98

# Between words and numbers there may be commas and colons of any script, or what remains of them.
# Their number is limited, so that a text of ten million blanks is read at once.
_GAP = r"\W{0,9}?"
_NUMBER = r"(-?(?:\d{1,12}\.?\d{0,20}|\.\d{1,20})(?:e[-+]?\d{1,3})?|nan|-?inf)"
_TESTED = r"(?:test|val(?:id(?:ation)?)?)[ _]?"
_LOSS = r"(?:train(?:ing)?[ _]?)?loss"
_TRAIN = r"(?:train(?:ing)?[ _]?)?acc(?:uracy)?"
_TEST = rf"{_TESTED}acc(?:uracy)?"
_EPOCH = rf"epoch{_GAP}(\d{{1,6}})(?: ?/ ?\d{{1,6}})?"
# Keras, in d2l's TensorFlow edition, prints a progress bar below `Epoch 1/5`.
_BAR = r"[ \r]{0,4}\n[^\n]{0,20000}?"
_LINE = re.compile(
    rf"{_EPOCH}(?:{_GAP}|{_BAR}){_LOSS}{_GAP}{_NUMBER}{_GAP}{_TRAIN}{_GAP}{_NUMBER}"
    rf"(?:{_GAP}{_TESTED}loss{_GAP}{_NUMBER})?{_GAP}{_TEST}{_GAP}{_NUMBER}",
    re.IGNORECASE,
)
_BEGINS = re.compile(rf"\W{{0,40}}{_EPOCH}(?!.*%\|)", re.IGNORECASE)
_WITHOUT_EPOCH = re.compile(rf"loss{_GAP}{_NUMBER}{_GAP}{_TRAIN}{_GAP}{_NUMBER}", re.IGNORECASE)
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]")
_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
# Of a Markdown or CSV table: what separates its cells, what its header calls the columns, and what
# its cells hold. A comma separates cells only where nothing else does: it may be a decimal comma.
_SEPARATORS = "|\t;,"
_HEADER = {
    "epoch": r"(?:epochs?|#|(?:迭代)?周期|轮[次数]?)",
    "loss": rf"(?:{_LOSS}|(?:训练)?损失)",
    "train acc": rf"(?:{_TRAIN}|训练集?(?:准确率|精度))",
    "test acc": rf"(?:{_TEST}|(?:测试|验证)集?(?:准确率|精度))",
}
# How a column's name may go on, such as "(%)" or "as printed"; other statistics are other columns.
_REST = r"(?!.*(?:std|sd|dev|change|diff|min|max|gap))\D{0,20}"
_CELL = re.compile(rf"{_NUMBER}\W{{0,2}}", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"(-?\d{1,12}),(\d{1,12}\W?)")
_EPOCH_CELL = re.compile(r"(?:epoch )?(\d{1,6})(?: ?/ ?\d{1,6})?", re.IGNORECASE)


class Number(NamedTuple):
    """A printed number, and how many decimals it has."""

    value: float
    digits: int


Row = Tuple[Number, Number, Number]
Table = List[Row]


class Tables(List[Table]):
    """Tables in the order in which they stand, and the lines that look like theirs but are not.

    Parameters
    ----------
    left_out : dict of int to str
        By its number, each line that begins as an epoch's does, or is a row of a table with cells,
        and cannot be read.
    """

    left_out: Dict[int, str]


class _Layout(NamedTuple):
    """Which cell of a row is which column, what separates the cells, and how many there are."""

    columns: Dict[str, int]
    separator: str
    width: int


class _Entry(NamedTuple):
    """An epoch's numbers, and where in the text they stand."""

    start: int
    end: int
    epoch: int
    row: Row
    is_first: bool = False


def read(source: str) -> Tables:
    """Read the tables in a file, or in standard input (``-``).

    Raises UsageError if it cannot be read, has no table, or one whose epochs contradict each other.
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
        raise UsageError(f"--table {source!r}: larger than {LONGEST >> 20} MB: not a text file")
    # PowerShell's `>` writes UTF-16; in other encodings, digits and Latin letters survive.
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return parse(raw.decode(encoding, "replace"), name)


def name_of(source: str) -> str:
    """Return the name of the source of ``--table``, for messages."""
    return "standard input" if source == "-" else Path(source).name


def parse(text: str, name: str) -> Tables:
    """Find lines such as those of ``d2lzh.train_ch3`` or Keras, and Markdown or CSV tables.

    Each table has the loss, train acc and test acc of epoch 1, 2 and so on, also where the text
    counts them from 0. Raises UsageError, with the text's name, if there is no table, or the epochs
    of one are not 1, 2, 3 and so on.
    """
    # NFKC turns Chinese punctuation and digits into ASCII. It would turn a footnote's raised digit
    # into a digit of the number, too.
    text = _RAISED.sub("", text)
    text = _ANSI.sub("", unicodedata.normalize("NFKC", text))
    of_cells, rows_left_out = _cells(text)
    entries = sorted([*_lines(text), *of_cells])
    tables = Tables()
    tables.left_out = dict(sorted({**rows_left_out, **_left_out(text, entries)}.items()))
    before: Optional[_Entry] = None
    for entry in entries:
        if entry.is_first or before is None or not _continues(text, before, entry):
            if entry.epoch not in (0, 1):
                raise UsageError(
                    f"{name}: its first epoch is {entry.epoch}: a table begins with epoch 1"
                    f"{_unread(tables)}"
                    if entry.is_first or before is None
                    else f"{name}: table {len(tables)} has epoch {entry.epoch} after "
                    f"{before.epoch}, where {before.epoch + 1} belongs{_unread(tables)}"
                )
            tables.append([])
        before = entry
        tables[-1].append(entry.row)
        _refuse_the_impossible(tables, name, entry.epoch)
    if not tables:
        message = f"{name}: it has no line such as `{EXAMPLE}`{_unread(tables)}"
        if _WITHOUT_EPOCH.search(text):
            message += (
                "; `loss 0.447, train acc 0.848, test acc 0.832` without an epoch, as d2l's later "
                "editions print, is only the last line of a table"
            )
        raise UsageError(message)
    return tables


def _lines(text: str) -> Iterator[_Entry]:
    """Find the lines of one epoch each."""
    for match in _LINE.finditer(text):
        epoch, loss, train_acc, _, test_acc = match.groups()
        row = (_number(loss), _number(train_acc), _number(test_acc))
        yield _Entry(match.start(), match.end(), int(epoch), row)


def _cells(text: str) -> Tuple[List[_Entry], Dict[int, str]]:
    """Find the rows of Markdown and CSV tables; by line number, those that cannot be read."""
    entries: List[_Entry] = []
    left_out: Dict[int, str] = {}
    header = _Layout({}, "", 0)
    is_first = is_inside = False
    start = 0
    for number, line in enumerate(text.split("\n"), start=1):
        names_a_loss = "loss" in line.lower() or "损失" in line
        # No row is longer; a text may be a single line.
        if len(line) >= 1000:
            if is_inside:
                left_out[number] = line
        elif header.columns or names_a_loss:
            cells = _split(line, header.separator)
            entry = _entry(cells, header, start, start + len(line), is_first)
            if entry:
                entries.append(entry)
                is_first, is_inside = False, True
            elif not re.search(r"\w", line):
                # A rule or a blank line.
                is_inside = is_inside and bool(line.strip())
            else:
                other = _header(line) if names_a_loss else None
                if other and other != header:
                    header, is_first, is_inside = other, True, True
                elif not other and _is_row(cells, header, is_inside) and not _LINE.search(line):
                    left_out[number] = line.strip()
        start += len(line) + 1
    return entries, left_out


def _is_row(cells: List[str], header: _Layout, is_inside: bool) -> bool:
    """Check whether cells look like a row of a table, also one that cannot be read."""
    if not header.columns or len(cells) < 2:
        return False
    column = header.columns["epoch"]
    epoch = cells[column] if column < len(cells) else ""
    return (is_inside and len(cells) == header.width) or bool(_EPOCH_CELL.fullmatch(epoch))


def _split(line: str, separator: str) -> List[str]:
    """Split a line into cells; in CSV, a cell in quotes may hold the separator."""
    if not separator:
        return []
    cells = line.split(separator)
    if separator != "|" and '"' in line:
        cells = next(csv.reader([line], delimiter=separator), [])
    return [cell.strip(" \r*_`\"'") for cell in cells]


def _entry(
    cells: List[str], header: _Layout, start: int, end: int, is_first: bool
) -> Optional[_Entry]:
    """Read a row by the columns of its header; None if it is none."""
    columns = header.columns
    # More cells than names: a comma may be a decimal comma.
    if not columns or max(columns.values()) >= len(cells) or any(cells[header.width :]):
        return None
    epoch = _EPOCH_CELL.fullmatch(cells[columns["epoch"]])
    found = [
        _CELL.fullmatch(_DECIMAL_COMMA.sub(r"\1.\2", cells[columns[each]])) for each in COLUMNS
    ]
    if not epoch or not all(found):
        return None
    loss, train_acc, test_acc = (_number(each.group(1)) for each in found if each)
    return _Entry(start, end, int(epoch.group(1)), (loss, train_acc, test_acc), is_first)


def _header(line: str) -> Optional[_Layout]:
    """Find which cell is which column in a header; None if a line is not one."""
    for separator in filter(line.__contains__, _SEPARATORS):
        cells = _split(line, separator)
        columns: Dict[str, int] = {}
        # An exact name takes precedence over a longer one, such as "loss (mean)".
        for rest in ("", _REST):
            for word, pattern in _HEADER.items():
                for k, cell in enumerate(cells):
                    if word not in columns and re.fullmatch(pattern + rest, cell, re.IGNORECASE):
                        columns[word] = k
        # The epochs' column may have no name.
        before = columns.get("loss", 0) - 1
        if before >= 0 and not cells[before]:
            columns.setdefault("epoch", before)
        if len(columns) == len(_HEADER):
            return _Layout(columns, separator, len(cells))
    return None


def _continues(text: str, before: _Entry, entry: _Entry) -> bool:
    """Check whether an epoch continues the table of the one before it."""
    if entry.epoch != before.epoch + 1:
        return False
    if before.epoch:
        return True
    # Epoch 1 after epoch 0: it may be the first of another table, which counts from 1.
    between = text[before.end : entry.start].split("\n")[1:-1]
    falls = entry.row[0].value < FALL * before.row[0].value
    return falls and not re.search(r"\w", " ".join(between))


def _left_out(text: str, entries: List[_Entry]) -> Dict[int, str]:
    """Find the lines that begin as an epoch's does, and are none of those that were read."""
    left_out, start, at = {}, 0, 0
    for number, line in enumerate(text.split("\n"), start=1):
        while at < len(entries) and entries[at].end < start:
            at += 1
        is_read = at < len(entries) and entries[at].start < start + len(line)
        if not is_read and "poch" in line[:60].lower() and _BEGINS.match(line[:200]):
            left_out[number] = line.strip()
        start += len(line) + 1
    return left_out


def _unread(tables: Tables) -> str:
    """Name the first line that was left out, for an error; empty without any."""
    for number, line in tables.left_out.items():
        return f"; line {number} cannot be read: `{line[:60]}`"
    return ""


def _number(text: str) -> Number:
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return Number(float(text), min(max(digits, 0), 12))


def _refuse_the_impossible(tables: List[Table], name: str, epoch: int) -> None:
    for column, number in zip(COLUMNS, tables[-1][-1]):
        # True for nan, too.
        if not 0 <= number.value <= (MOST_LOSS if column == "loss" else 100):
            raise UsageError(
                f"{name}: implausible: table {len(tables)}, epoch {epoch}: {column} "
                f"{number.value:g} is not a possible {'loss' if column == 'loss' else 'accuracy'}"
            )
