"""The short table and the answer, for the terminal or for a text of the reader's own."""

import csv
import io
import re
import unicodedata
from typing import List

from . import joint, published, verdicts
from .findings import Reproduction, each_alone, headline, short
from .language import say
from .rows import label, rows

FORMATS = ("text", "markdown", "csv")


def table(found: Reproduction, form: str = "text") -> List[str]:
    """Format the judged numbers as a table.

    Parameters
    ----------
    found : Reproduction
        The results.
    form : {"text", "markdown", "csv"}
        Text is 80 columns wide.

    Returns
    -------
    list of str
        Lines: each number as printed, the mean of our runs by edition, what others' runs predict,
        and the verdict; empty without verdicts.
    """
    of_numbers = rows(found) if found.verdicts() else []
    if not of_numbers:
        return []
    others = any(row.others for row in of_numbers)
    columns = [*map(short, found.runs), *[say("others")] * others]
    cells = [[say("number"), say(found.printed.column), *columns, say("verdict")]]
    for row in of_numbers:
        decimals = row.figure.decimals
        means = [f"{row.mean(edition):.{decimals}f}" for edition in found.runs]
        if others:
            means.append(f"{row.others.mean:.{decimals}f}" if row.others else "")
        cells.append([label(row.figure), row.figure.text, *means, _short_verdict(row.verdict)])
    if form == "markdown":
        rule = ["---"] + ["---:"] * (len(cells[0]) - 2) + ["---"]
        return [f"| {' | '.join(line)} |" for line in (cells[0], rule, *cells[1:])]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(cells)
        return text.getvalue().splitlines()
    return [
        f"{_padded(name, -29)} {_padded(printed, 8)}"
        f"{''.join(' ' + _padded(mean, 9) for mean in means)}  {verdict}"
        for name, printed, *means, verdict in cells
    ]


def _short_verdict(verdict: str) -> str:
    return {
        verdicts.REPRODUCES: say("matches"),
        verdicts.ON_RESPLIT: say("re-split"),
        verdicts.EXPLAINED: say("bug"),
        verdicts.FAILS: say("FAILS"),
        verdicts.NO_VERDICT: say("no verdict"),
    }[verdict]


def _width(text: str) -> int:
    """Count a terminal's columns: a Chinese character has two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, width: int) -> str:
    """Pad to a width in a terminal's columns, on the right if it is negative."""
    blanks = " " * (abs(width) - _width(text))
    return text + blanks if width < 0 else blanks + text


# Where a line may end: after a space, or at a Chinese character that no punctuation follows.
_PIECES = re.compile(
    r"\s+|[\u2e80-\u9fff][\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f]*|[^\s\u2e80-\u9fff]+"
)


def wrapped(text: str, width: int = 80) -> List[str]:
    """Break a text into lines, also where it is Chinese and has no spaces.

    Parameters
    ----------
    text : str
        One paragraph.
    width : int
        Of a line, in a terminal's columns.

    Returns
    -------
    list of str
        Lines.
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if _width(lines[-1] + piece.rstrip()) > width and lines[-1]:
            lines.append("")
        if lines[-1] or not piece.isspace():
            lines[-1] += piece
    return [line.rstrip() for line in lines if line]


def summary(found: Reproduction, form: str = "text", width: int = 80) -> str:
    """Format the table, the evidence, and as the last lines the answer.

    Parameters
    ----------
    found, form
        As for :func:`table`.
    width : int
        Of the lines below the table.

    Returns
    -------
    str
        Lines.
    """
    paragraphs = sentences(found)
    if found.partial:
        why = say("Stopped by an error") if found.stopped else say("Interrupted")
        paragraphs.append(say("{why}: this is what the finished runs show.", why=why))
    paragraphs.append(headline(found))
    lines = table(found, form)
    for paragraph in paragraphs:
        lines += ["", *wrapped(paragraph, width)]
    return "\n".join(lines).lstrip("\n")


def sentences(found: Reproduction) -> List[str]:
    """List the evidence beyond the headline.

    Parameters
    ----------
    found : Reproduction
        The results.

    Returns
    -------
    list of str
        What each edition accounts for, what the tables as a whole say, what others' runs predict,
        and how a reader's tables were understood; each if there is something to say.
    """
    evidence = [
        each_alone(found),
        joint.in_a_sentence(joint.judge_tables(found)),
        published.in_a_sentence(found),
    ]
    for reading in map(str, found.readings):
        evidence.append(say("{parts}.", parts=reading[0].upper() + reading[1:]))
    return [sentence for sentence in evidence if sentence]
