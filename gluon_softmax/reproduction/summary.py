"""The short table, for the terminal or for people who write about it, and what it amounts to."""

import csv
import io
import textwrap
from typing import List

from . import joint, published, verdicts
from .findings import Reproduction, headline
from .language import say
from .rows import OTHERS, rows

FORMATS = ("text", "markdown", "csv")
_SHORT = {verdicts.ON_RESPLIT: "re-split", verdicts.FAILS: "FAILS"}


def table(found: Reproduction, form: str = "text") -> List[str]:
    """Put the judged figures into a table.

    Parameters
    ----------
    found : Reproduction
        What was found.
    form : {"text", "markdown", "csv"}
        As what; text is 80 columns wide.

    Returns
    -------
    list of str
        Lines: each figure with the printed number, the mean of our runs by edition, what others'
        runs predict, and the verdict; none without verdicts.
    """
    told = rows(found) if found.verdicts() else []
    if not told:
        return []
    others = any(row.others for row in told)
    cells = [["figure", found.printed.column, *found.runs, *[OTHERS] * others, "verdict"]]
    for row in told:
        decimals = row.figure.decimals
        means = [f"{row.mean(edition):.{decimals}f}" for edition in found.runs]
        if others:
            means.append(f"{row.others.mean:.{decimals}f}" if row.others else "")
        short = _SHORT.get(row.verdict, row.verdict)
        cells.append([row.figure.name, row.figure.text, *means, short])
    if form == "markdown":
        rule = ["---"] + ["---:"] * (len(cells[0]) - 2) + ["---"]
        return [f"| {' | '.join(line)} |" for line in (cells[0], rule, *cells[1:])]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(cells)
        return text.getvalue().splitlines()
    return [
        f"{name:29} {printed:>8}{''.join(f' {mean:>9}' for mean in means)}  {verdict}"
        for name, printed, *means, verdict in cells
    ]


def summary(found: Reproduction, form: str = "text") -> str:
    """Make the table, and below it, 80 columns wide, what it amounts to.

    Parameters
    ----------
    found, form
        As of :func:`table`.

    Returns
    -------
    str
        Lines.
    """
    lines = table(found, form)
    if lines:
        lines.append("")
    if found.partial:
        why = "Stopped by an error" if found.stopped else "Interrupted"
        lines.append(f"{why}: this is what the finished runs show.")
    lines += textwrap.wrap(headline(found), 80)
    for sentence in sentences(found):
        lines += ["", *textwrap.wrap(sentence, 80)]
    return "\n".join(lines)


def sentences(found: Reproduction) -> List[str]:
    """Tell what there is beyond the headline.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    list of str
        The tables as wholes, what others' runs predict, and as what a reader's tables were read,
        each if there is anything to tell.
    """
    told = [joint.in_a_sentence(joint.judge_tables(found)), published.in_a_sentence(found)]
    for reading in map(str, found.readings):
        told.append(say("{parts}.", parts=reading[0].upper() + reading[1:]))
    return [sentence for sentence in told if sentence]
