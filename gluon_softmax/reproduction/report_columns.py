"""The columns of results, from which the terminal's table, Markdown, CSV and the page are made."""

from typing import Callable, List, NamedTuple, Optional, Tuple

import numpy as np

from .claims import Claim
from .edition_names import SHORT
from .judgement import Judgement, Row
from .language import Message, Text


class Column(NamedTuple):
    """A column of results.

    Parameters
    ----------
    short_head, head : str
        Head in the short table and on the page.
    short_cell, cell : callable
        Returns the cell of a row: a mean, and on the page also its standard deviation and interval.
    """

    short_head: Text
    head: Text
    short_cell: Callable[[Row], str]
    cell: Callable[[Row], str]


def columns(judgement: Judgement) -> List[Column]:
    """Return the columns: our runs on each edition, then what other people's runs predict."""
    shown = [_of_edition(edition) for edition in judgement.experiment.runs]
    if any(row.others for row in judgement.rows):
        shown.append(
            Column(Message("others"), Message("others' runs"), _short_prediction, _prediction)
        )
    return shown


def _of_edition(edition: str) -> Column:
    def short_cell(row: Row) -> str:
        return _number(row.claim, row.mean(edition))

    def cell(row: Row) -> str:
        values = row.values[edition]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        return _numbers(row.claim, row.mean(edition), sd, row.intervals.get(edition))

    name = SHORT[edition]
    return Column(name, Message("ours, {edition}", edition=name), short_cell, cell)


def _short_prediction(row: Row) -> str:
    return _number(row.claim, row.others.mean) if row.others else ""


def _prediction(row: Row) -> str:
    return _numbers(row.claim, row.others.mean, None, row.others[1:]) if row.others else ""


def _number(claim: Claim, number: float) -> str:
    return f"{number:.{claim.decimals}f}"


def _numbers(
    claim: Claim, mean: float, sd: Optional[float], interval: Optional[Tuple[float, ...]]
) -> str:
    words = _number(claim, mean) + (f" ± {_number(claim, sd)}" if sd is not None else "")
    if not interval:
        return words
    return words + f"\n[{_number(claim, interval[0])}, {_number(claim, interval[1])}]"
