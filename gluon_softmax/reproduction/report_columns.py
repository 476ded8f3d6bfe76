"""The columns of results, from which the terminal's table, Markdown, CSV and the page are made."""

from functools import partial
from typing import Callable, List, NamedTuple, Sequence, Tuple

import numpy as np

from .answer import Judgement
from .claims import Claim
from .edition_names import SHORT
from .language import Message, Text
from .verdicts import JudgedClaim


class Column(NamedTuple):
    """A column of results: the heads in the short table and on the page, and a row's two cells."""

    short_head: Text
    head: Text
    cells: Callable[[JudgedClaim], Tuple[str, str]]


def columns(judgement: Judgement) -> List[Column]:
    """Return the columns: our runs on each edition, then what other people's runs predict."""

    def ours(edition: str, row: JudgedClaim) -> Tuple[str, str]:
        return _cells(row.claim, row.values[edition], row.intervals.get(edition, ()))

    def theirs(row: JudgedClaim) -> Tuple[str, str]:
        others = judgement.predictions.get(row.claim)
        return _cells(row.claim, others[:1], others[1:]) if others else ("", "")

    shown = [
        Column(name, Message("ours, {edition}", edition=name), partial(ours, edition))
        for edition, name in SHORT.items()
        if edition in judgement.experiment.runs
    ]
    if judgement.predictions:
        shown.append(Column(Message("others"), Message("others' runs"), theirs))
    return shown


def _cells(claim: Claim, values: Sequence[float], interval: Sequence[float]) -> Tuple[str, str]:
    """Write a mean; and the same with the standard deviation and the interval."""
    mean, sd, *ends = (
        f"{number:.{claim.decimals}f}"
        for number in (np.mean(values), np.std(values, ddof=len(values) > 1), *interval)
    )
    whole = f"{mean} ± {sd}" if len(values) > 1 else mean
    return mean, f"{whole}\n[{', '.join(ends)}]" if ends else whole
