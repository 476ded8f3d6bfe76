"""The report: ``results.json``, pictures, and the HTML page with all of it."""

import base64
import json
from pathlib import Path
from typing import List, Optional

import jinja2
import numpy as np

from ..training.machine import processor, versions
from ..writing import write_text
from . import claims, verdicts
from .facts import in_words
from .figures import save_figure
from .findings import Reproduction, headline
from .joint import in_a_sentence, judge_tables
from .pictures import Picture, pictures
from .results import plain_settings, results


def write_report(found: Reproduction, out: Path, command: str) -> None:
    """Write ``results.json``, the pictures as PNG and SVG, and ``index.html``.

    Parameters
    ----------
    found : Reproduction
        What to report.
    out : pathlib.Path
        The folder; files of an older report are replaced.
    command : str
        What the user typed, to get the same again.

    Raises
    ------
    GluonSoftmaxError
        If a file cannot be written.
    """
    write_text(out / "results.json", json.dumps(results(found), indent=1, allow_nan=False) + "\n")
    shown = pictures(found)
    for picture in shown:
        for ending in ("png", "svg"):
            save_figure(picture.figure, out / f"{picture.name}.{ending}")
    write_text(out / "index.html", page(found, shown, out, command))


def page(found: Reproduction, shown: List[Picture], out: Path, command: str) -> str:
    """Make the HTML page: one file, pictures inside, nothing from elsewhere.

    Parameters
    ----------
    found : Reproduction
        What to report.
    shown : list of Picture
        The pictures.
    out : pathlib.Path
        The folder that already has them as PNG.
    command : str
        What the user typed.

    Returns
    -------
    str
        The page; all text from outside is escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    count = sum(map(verdicts.is_judged, claims.FIGURES))
    return environment.get_template("page.html").render(
        headline=headline(found),
        as_a_whole=in_a_sentence(judge_tables(found)),
        partial=found.partial,
        stopped=found.stopped,
        edition=found.data.edition,
        editions=list(found.runs),
        origin=found.data.origin,
        checksums=found.data.checksums,
        rows=_rows(found),
        pictures=[
            {"name": p.name, "caption": p.caption, "source": _data_uri(out / f"{p.name}.png")}
            for p in shown
        ],
        command=command,
        environment=versions(),
        processor=processor(),
        settings=plain_settings(found),
        ended={edition: len(found.of(edition, "scratch")) for edition in found.runs},
        figure_count=count,
        level=verdicts.LEVEL,
        level_each=verdicts.LEVEL / count,
        failures=found.failures(),
    )


def _rows(found: Reproduction) -> List[dict]:
    """Put facts and figures into rows of text."""
    rows = [
        {
            "name": fact.name,
            "section": fact.section,
            "printed": in_words(fact.printed),
            "here": [in_words(fact.here)],
            "verdict": fact.verdict,
            "note": fact.note,
        }
        for fact in found.facts
    ]
    judged = {verdict.figure: verdict for verdict in found.verdicts()}
    for figure in claims.FIGURES:
        if found.runs and figure.epoch <= found.settings.epochs:
            verdict = judged.get(figure)
            note = ""
            if not verdicts.is_judged(figure):
                note = "random weights give so wide a range that hardly a number could fail"
            if figure.metric == "share_predicted_1":
                accuracy = np.mean(
                    [
                        run.records.train_acc[figure.epoch - 1]
                        for run in found.of(found.data.edition, "scratch")
                    ]
                )
                note = (
                    f"the share predicted as class 1; the true training accuracy is {accuracy:.3f}"
                )
            rows.append(
                {
                    "name": figure.name,
                    "section": figure.section,
                    "printed": f"{figure.printed:.{figure.digits}f}",
                    "here": [
                        _mean_and_interval(found, edition, figure, verdict)
                        for edition in found.runs
                    ],
                    "verdict": verdict.verdict if verdict else verdicts.NO_VERDICT,
                    "note": note,
                }
            )
    if found.reading_seconds is not None:
        ratio = found.reading_seconds / claims.READING_SECONDS
        rows.append(
            {
                "name": "seconds to read the training set once",
                "section": claims.PART_1,
                "printed": f"{claims.READING_SECONDS:.2f}",
                "here": [f"{found.reading_seconds:.2f}"],
                "verdict": f"ratio {ratio:.2f}",
                "note": "a time is the machine's, it gets no verdict",
            }
        )
    return rows


def _mean_and_interval(
    found: Reproduction, edition: str, figure: claims.Figure, verdict: Optional[verdicts.Verdict]
) -> str:
    values = found.values(edition, figure)
    text = f"{np.mean(values):.4f}"
    if len(values) > 1:
        text += f" ± {np.std(values, ddof=1):.4f}"
    if verdict and edition in verdict.intervals:
        low, high = verdict.intervals[edition]
        text += f"\n[{low:.4f}, {high:.4f}]"
    return text


def _data_uri(png: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode("ascii")
