"""The report: ``results.json``, pictures, and the HTML page with all of it."""

import base64
import json
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import jinja2
import numpy as np

from ..training.machine import processor, versions
from ..writing import write_text
from . import claims, verdicts
from .facts import in_words
from .figures import is_wide, save_figure
from .findings import Reproduction, headline
from .joint import judge_tables
from .language import say, speaking
from .pictures import Picture, pictures
from .results import plain_settings, results
from .rows import Row, rows
from .summary import sentences


def write_report(found: Reproduction, out: Path, command: str, language: str = "en") -> None:
    """Write ``results.json``, the pictures as PNG and SVG, and ``index.html``.

    Parameters
    ----------
    found : Reproduction
        What to report.
    out : pathlib.Path
        The folder; files of an older report are replaced.
    command : str
        What the user typed, to get the same again.
    language : {"en", "zh"}
        Of the page; pictures and ``results.json`` are in English.

    Raises
    ------
    GluonSoftmaxError
        If a file cannot be written.
    """
    write_text(out / "results.json", json.dumps(results(found), indent=1, allow_nan=False) + "\n")
    with speaking(language):
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
        # What the page asks for and nobody gives is an error, not nothing.
        undefined=jinja2.StrictUndefined,
    )
    count = sum(map(verdicts.is_judged, found.printed.figures))
    told = rows(found)
    return environment.get_template("page.html").render(
        say=_say,
        headline=headline(found),
        sentences=sentences(found),
        whole=bool(judge_tables(found)),
        printed=found.printed,
        partial=found.partial,
        stopped=found.stopped,
        edition=found.data.edition,
        editions=list(found.runs),
        origin=found.data.origin,
        checksums=found.data.checksums,
        sections=_sections(found, told),
        columns=_columns(found, told),
        others=_has_others(told),
        pictures=[
            {
                "name": p.name,
                "caption": p.caption,
                "source": _data_uri(out / f"{p.name}.png"),
                # Two to a row where they are not wide.
                "half": not is_wide(p.figure),
            }
            for p in shown
        ],
        command=command,
        environment=versions(),
        processor=processor(),
        settings=plain_settings(found),
        ended={
            edition: len(found.of(edition, found.printed.versions[0])) for edition in found.runs
        },
        figure_count=count,
        level=verdicts.LEVEL,
        level_each=verdicts.LEVEL / count,
        failures=[say(name) for name in found.failures()],
    )


def _lines(found: Reproduction, told: List[Row]) -> List[dict]:
    """Put facts and figures into lines of text, with a cell for each of our columns."""
    lines = [
        {
            "name": say(fact.name),
            "section": say(fact.section),
            "printed": in_words(fact.printed),
            "here": [in_words(fact.here)],
            "verdict": fact.verdict,
            "note": fact.note,
        }
        for fact in found.facts
    ]
    others = _has_others(told)
    for row in told:
        here = [_mean_and_interval(row, edition) for edition in found.runs]
        if others:
            theirs = row.others
            here.append(_numbers(row.figure, theirs.mean, None, theirs[1:]) if theirs else "")
        lines.append(
            {
                "name": row.figure.name,
                "section": say(row.figure.section),
                "printed": row.figure.text,
                "here": here,
                "verdict": row.verdict,
                "note": row.note,
            }
        )
    if found.reading_seconds is not None:
        ratio = found.reading_seconds / claims.READING_SECONDS
        lines.append(
            {
                "name": say("seconds to read the training set once"),
                "section": say(claims.PART_1),
                "printed": f"{claims.READING_SECONDS:.2f}",
                "here": [f"{found.reading_seconds:.2f}"],
                "verdict": say("ratio {ratio:.2f}", ratio=ratio),
                "note": say("a time is the machine's, it gets no verdict"),
            }
        )
    return lines


def _sections(found: Reproduction, told: List[Row]) -> Dict[str, List[dict]]:
    """Group the lines by the section where they stand, in the order in which these begin."""
    sections: Dict[str, List[dict]] = {}
    for line in _lines(found, told):
        sections.setdefault(line["section"], []).append(line)
    return sections


def _columns(found: Reproduction, told: List[Row]) -> List[str]:
    columns = [say("ours, {edition}", edition=edition) for edition in found.runs] or [say("ours")]
    return columns + [say("others' runs")] * _has_others(told)


def _has_others(told: List[Row]) -> bool:
    return any(row.others for row in told)


def _say(message: str, **values: object) -> str:
    """Say what a template has, where breaks of lines count as spaces."""
    return say(type(message)(" ".join(message.split())), **values)


def _mean_and_interval(row: Row, edition: str) -> str:
    values = row.values[edition]
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return _numbers(row.figure, row.mean(edition), sd, row.intervals.get(edition))


def _numbers(
    figure: claims.Figure,
    mean: float,
    sd: Optional[float],
    interval: Optional[Tuple[float, ...]],
) -> str:
    def text(number: float) -> str:
        return f"{number:.{figure.decimals}f}"

    words = text(mean) + (f" ± {text(sd)}" if sd is not None else "")
    return words + (f"\n[{text(interval[0])}, {text(interval[1])}]" if interval else "")


def _data_uri(png: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode("ascii")
