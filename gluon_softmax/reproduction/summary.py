"""The short table and the answer, for the terminal or for a text of the reader's own."""

import csv
import io
from typing import List

from ..console import padded, wrapped
from . import verdicts
from .answer import Judgement
from .language import Message, Text
from .report_columns import columns


def table(judgement: Judgement, form: str = "text") -> List[str]:
    """Format the judged numbers as a table of text, Markdown or CSV.

    A line for each number: as printed, the mean of our runs by edition, what others' runs predict,
    and the verdict. Nothing without verdicts.
    """
    experiment = judgement.experiment
    if not (experiment.is_comparable() and judgement.verdicts):
        return []
    shown = columns(judgement)
    heads = [column.short_head for column in shown]
    rows = [[Message("number"), Message(experiment.printed.column), *heads, Message("verdict")]]
    for row in judgement.verdicts:
        means = [column.cells(row)[0] for column in shown]
        rows.append([row.claim.label, row.claim.text, *means, _short_verdict(row.verdict)])
    cells = [list(map(str, row)) for row in rows]
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


def _short_verdict(verdict: verdicts.Verdict) -> Text:
    return {
        verdicts.REPRODUCES: Message("matches"),
        verdicts.ON_RESPLIT: Message("re-split"),
        verdicts.EXPLAINED: Message("bug"),
        verdicts.FAILS: Message("FAILS"),
        verdicts.NO_VERDICT: Message("no verdict"),
    }[verdict]


def summary(judgement: Judgement, form: str = "text", width: int = 80) -> str:
    """Format the table, the evidence, and as the last lines the answer."""
    paragraphs = judgement.sentences
    experiment = judgement.experiment
    if experiment.partial:
        why = Message("Stopped by an error") if experiment.stopped else Message("Interrupted")
        paragraphs.append(Message("{why}: this is what the finished runs show.", why=why))
    paragraphs.append(judgement.headline)
    lines = table(judgement, form)
    for paragraph in paragraphs:
        lines += ["", *wrapped(str(paragraph), width)]
    return "\n".join(lines).lstrip("\n")
