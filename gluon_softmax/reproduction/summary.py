"""The short table for the terminal."""

import textwrap

import numpy as np

from . import verdicts
from .findings import Reproduction, headline
from .joint import in_a_sentence, judge_tables


def summary(found: Reproduction) -> str:
    """Make the short table for the terminal, 80 columns wide.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    str
        Lines.
    """
    editions = list(found.runs)
    lines = []
    if found.verdicts() and found.runs:
        header = "".join(f"{edition:>10}" for edition in editions)
        lines.append(f"{'figure':34} {'document':>8}{header}  verdict")
        for verdict in found.verdicts():
            figure = verdict.figure
            means = "".join(
                f"{np.mean(found.values(edition, figure)):10.4f}" for edition in editions
            )
            mark = {verdicts.ON_RESPLIT: "re-split", verdicts.FAILS: "FAILS"}
            short = mark.get(verdict.verdict, verdict.verdict)
            printed = f"{figure.document:.{figure.digits}f}"
            lines.append(f"{figure.name:34} {printed:>8}{means}  {short}")
        lines.append("")
    if found.partial:
        why = "Stopped by an error" if found.stopped else "Interrupted"
        lines.append(f"{why}: this is what the finished runs show.")
    lines += textwrap.wrap(headline(found), 80)
    sentence = in_a_sentence(judge_tables(found))
    if sentence:
        lines += ["", *textwrap.wrap(sentence, 80)]
    return "\n".join(lines)
