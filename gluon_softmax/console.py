"""Output: results on standard output, notes, errors and progress bars on standard error."""

import contextlib
import re
import shutil
import sys
import unicodedata
from importlib.util import find_spec
from typing import Any, ContextManager, List, TextIO

_is_quiet = False


def be_quiet() -> None:
    """Stop showing notes and bars, since another process of the cluster shows them."""
    global _is_quiet
    _is_quiet = True


def notify(line: str) -> None:
    """Print a note for the user on standard error, above any progress bar."""
    if not _is_quiet:
        _print(line, sys.stderr)


def write_line(line: str = "") -> None:
    """Print a line of results on standard output, above any progress bar.

    A line that is wider than the terminal is wrapped and its rest is indented.
    """
    _print(line, sys.stdout)


def _print(line: str, stream: TextIO) -> None:
    if stream is not None and stream.isatty():
        # Each line by itself: a table's lines are no paragraph.
        width = shutil.get_terminal_size().columns
        line = "\n".join(
            each if display_width(each) <= width else "\n".join(wrapped(each, width, "    "))
            for each in line.split("\n")
        )
    with _bars_hidden():
        print(line, file=stream, flush=True)


def _bars_hidden() -> ContextManager[Any]:
    """Clear the bars inside the block: printed over, they tear the line."""
    if "tqdm" in sys.modules:
        return sys.modules["tqdm"].tqdm.external_write_mode()
    return contextlib.nullcontext()


# A line may end after a space, or at a Chinese character that no punctuation follows.
_PIECES = re.compile(
    r"\s+|[\u2e80-\u9fff][\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f]*|[^\s\u2e80-\u9fff]+"
)


def wrapped(text: str, width: int, indent: str = "") -> List[str]:
    """Wrap a paragraph into lines of a width; Chinese text, which has no spaces, too.

    Blanks at its start stay. Each further line begins with the indent.
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if display_width(lines[-1] + piece.rstrip()) > width and lines[-1].strip():
            lines.append(indent)
        if len(lines) == 1 or lines[-1].strip() or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines if line.strip()]


def display_width(text: str) -> int:
    """Return how many columns a text takes in a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, width: int) -> str:
    """Pad a text to a width in a terminal; on the left if the width is negative."""
    blanks = " " * (abs(width) - display_width(text))
    return blanks + text if width < 0 else text + blanks


def printable(name: str) -> str:
    """Escape the bytes of a file's name that are not UTF-8: no picture or page can show them."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def report_error(error: object) -> None:
    """Print an error, in one line."""
    # In one piece, since several processes of a cluster may print at once.
    label = getattr(error, "label", "error: ")
    print(f"{label}{error}\n", end="", file=sys.stderr, flush=True)


def in_notebook() -> bool:
    """Check whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    # While IPython itself is being imported, it has no such function yet.
    shell = getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def progress(*args, **kwargs):
    """Return a tqdm bar, which shows in a terminal or a notebook and is silent in a pipe."""
    # Imported lazily: tqdm.notebook takes half as long to import as MXNet.
    notebook = in_notebook()
    if notebook and find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm

        if not notebook and not sys.stderr.isatty():
            kwargs["disable"] = True
    if _is_quiet:
        kwargs["disable"] = True
    return tqdm(*args, leave=False, **kwargs)
