"""The short table and the answer, for the terminal or for a text of the reader's own."""

import csv
import io
from typing import List

from ..console import padded, wrapped
from . import published, table_fit, verdicts
from .experiment import Experiment, each_alone, headline, short
from .language import say
from .rows import label, rows

FORMATS = ("text", "markdown", "csv")


def table(found: Experiment, form: str = "text") -> List[str]:
    """Format the judged numbers as a table.

    Parameters
    ----------
    found : Experiment
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
        decimals = row.claim.decimals
        means = [f"{row.mean(edition):.{decimals}f}" for edition in found.runs]
        if others:
            means.append(f"{row.others.mean:.{decimals}f}" if row.others else "")
        cells.append([label(row.claim), row.claim.text, *means, _short_verdict(row.verdict)])
    if form == "markdown":
        rule = ["---"] + ["---:"] * (len(cells[0]) - 2) + ["---"]
        return [f"| {' | '.join(line)} |" for line in (cells[0], rule, *cells[1:])]
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(cells)
        return text.getvalue().splitlines()
    return [
        f"{padded(name, 29)} {padded(printed, -8)}"
        f"{''.join(' ' + padded(mean, -9) for mean in means)}  {verdict}"
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


def summary(found: Experiment, form: str = "text", width: int = 80) -> str:
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


def sentences(found: Experiment) -> List[str]:
    """List the evidence beyond the headline.

    Parameters
    ----------
    found : Experiment
        The results.

    Returns
    -------
    list of str
        What each edition accounts for, what the tables as a whole say, what others' runs predict,
        and how a reader's tables were understood; each if there is something to say.
    """
    evidence = [
        each_alone(found),
        table_fit.in_a_sentence(table_fit.judge_tables(found)),
        published.in_a_sentence(found),
    ]
    for reading in map(str, found.readings):
        evidence.append(say("{parts}.", parts=reading[0].upper() + reading[1:]))
    return [sentence for sentence in evidence if sentence]
