"""The short table, for the terminal or for people who write about it, and what it amounts to."""

import csv
import io
import textwrap
from typing import List

import numpy as np

from . import verdicts
from .findings import Reproduction, headline
from .joint import in_a_sentence, judge_tables

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
        Lines: each figure with the tutorial's number, the mean of our runs by edition, and the
        verdict; none without verdicts.
    """
    judged = found.verdicts()
    if not judged or not found.runs:
        return []
    rows = [["figure", "tutorial", *found.runs, "verdict"]]
    for verdict in judged:
        figure = verdict.figure
        means = [f"{np.mean(found.values(edition, figure)):.4f}" for edition in found.runs]
        short = _SHORT.get(verdict.verdict, verdict.verdict)
        rows.append([figure.name, f"{figure.printed:.{figure.digits}f}", *means, short])
    if form == "markdown":
        rule = ["---"] + ["---:"] * (len(rows[0]) - 2) + ["---"]
        return [f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:])]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().splitlines()
    return [
        f"{name:34} {tutorial:>8}{''.join(f'{mean:>10}' for mean in means)}  {verdict}"
        for name, tutorial, *means, verdict in rows
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
    sentence = in_a_sentence(judge_tables(found))
    if sentence:
        lines += ["", *textwrap.wrap(sentence, 80)]
    return "\n".join(lines)
