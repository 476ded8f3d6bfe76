"""The report: ``results.json``, pictures, and the HTML page with all of it."""

import base64
import contextlib
import json
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import jinja2
import numpy as np

from .. import __version__
from ..console import progress
from ..data.fashion_mnist import CLASS_NAMES
from ..writing import write_text
from . import claims, verdicts
from .answer import Judgement
from .edition_names import EDITION, IN_A_SENTENCE
from .environment import processor, versions
from .exact_results import in_words
from .language import Message, Text, speaking, translate
from .plot_style import dark_colours, save_for_page, svg
from .report_columns import Column, columns
from .report_plots import NAMES, Picture, pictures
from .results import results

# The classes of the chips, and the anchors of their rows.
_CLASSES = {
    verdicts.SAME: "same",
    verdicts.REPRODUCES: "matches",
    verdicts.ON_RESPLIT: "resplit",
    verdicts.EXPLAINED: "bug",
    verdicts.FAILS: "fails",
    verdicts.NO_VERDICT: "none",
}


def write_report(judgement: Judgement, out: Path, command: str, language: str = "en") -> None:
    """Write ``results.json``, the pictures as PNG and SVG, and ``index.html``.

    The page and the pictures are in ``language``, ``results.json`` is in English. The page has the
    command that the user typed. Files of an older report are replaced. Raises GluonSoftmaxError if
    a file cannot be written.
    """
    with speaking("en"):
        content = json.dumps(results(judgement), indent=1, allow_nan=False)
    write_text(out / "results.json", content + "\n")
    # If drawing is interrupted, no page and no picture of an older report stays beside it.
    for name in ("index.html", *(f"{name}.{kind}" for name in NAMES for kind in ("png", "svg"))):
        with contextlib.suppress(OSError):
            if (out / name).is_file() and not (out / name).is_symlink():
                (out / name).unlink()
    with speaking(language):
        shown = pictures(judgement)
        drawn = {}
        for picture in progress(shown, desc=translate("drawing the report")):
            drawn[picture.name] = save_for_page(picture.figure, out, picture.name)
        write_text(out / "index.html", page(judgement, shown, drawn, command))


def page(judgement: Judgement, shown: List[Picture], drawn: Dict[str, str], command: str) -> str:
    """Return the HTML page: one file, pictures inside, nothing from elsewhere, all text escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        # A missing value is an error, not an empty text.
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["data_uri"] = _data_uri
    experiment = judgement.experiment
    notes: List[str] = []
    shown_columns = columns(judgement)
    return environment.get_template("page.html").render(
        translate=_translate,
        space=translate(" "),
        judgement=judgement,
        experiment=experiment,
        chips=[
            (_CLASSES[verdict], n, verdicts.WORDS[verdict])
            for verdict, n in judgement.counts.items()
        ],
        is_tutorial=experiment.printed.name == claims.TUTORIAL.name,
        has_intervals=any(row.intervals for row in judgement.verdicts),
        last=_last(judgement),
        data=IN_A_SENTENCE[experiment.data.edition],
        edition_name=EDITION[experiment.data.edition],
        origin=Message(experiment.data.origin),
        sections=_sections(judgement, shown_columns, notes),
        notes=notes,
        columns=[column.head for column in shown_columns] if experiment.runs else [Message("ours")],
        others=bool(judgement.predictions),
        pictures={picture.name: _picture(picture, drawn[picture.name]) for picture in shown},
        class_names=CLASS_NAMES,
        dark_colours=dark_colours(),
        command=command,
        duration=_duration(experiment.seconds),
        commit=_commit(),
        environment={"gluon-softmax": __version__, **versions()},
        processor=processor(),
        completed=translate("; ").join(
            translate(
                "{n} of each implementation on {data}",
                n=len(experiment.of(edition, experiment.printed.implementations[0])),
                data=IN_A_SENTENCE[edition],
            )
            for edition in experiment.runs
        ),
        claim_count=sum(map(verdicts.is_judged, experiment.printed.claims)),
        level=verdicts.LEVEL,
        failures=_failures(judgement),
    )


def _failures(judgement: Judgement) -> Text:
    """Return the labels of ``judgement.failures`` for the page; empty without failures."""
    names = [
        *map(Message, judgement.different),
        *(claim.label for claim in judgement.unexplained),
    ]
    return translate("; ").join(map(str, names))


def _last(judgement: Judgement) -> Dict[str, Tuple[str, str]]:
    """Return the last loss and test accuracy of the first table: our mean, and as printed."""
    experiment = judgement.experiment
    return {
        row.claim.metric: (
            f"{row.mean(experiment.data.edition):.{row.claim.digits}f}",
            row.claim.text,
        )
        for row in judgement.verdicts
        if row.claim.epoch == experiment.printed.epochs
        and row.claim.table == experiment.printed.tables[0]
    }


def _picture(picture: Picture, drawn: str) -> dict:
    return {
        "name": picture.name,
        "caption": picture.caption,
        "tiles": picture.tiles,
        "counts": None if picture.counts is None else _matrix(picture.counts),
        "svg": "" if picture.tiles or picture.counts is not None else drawn,
        "narrow": svg(picture.narrow, f"{picture.name}-narrow") if picture.narrow else "",
    }


def _matrix(counts: np.ndarray) -> dict:
    """Format a confusion matrix as text, with the precision and recall of each class."""
    right = np.diag(counts)
    of_true, of_predicted = counts.sum(axis=1), counts.sum(axis=0)
    return {
        "rows": [
            [(int(n), f"{n / max(total, 1):.2f}") for n in row]
            for row, total in zip(counts, of_true)
        ],
        # Empty for a class that is never predicted or has no images.
        "precision": [f"{100 * n / of:.0f}" if of else "" for n, of in zip(right, of_predicted)],
        "recall": [f"{100 * n / of:.0f}" if of else "" for n, of in zip(right, of_true)],
        "correct": Message(
            "{parts}.",
            parts=Message(
                "{n} of {count} test images are correct", n=right.sum(), count=counts.sum()
            ),
        ),
    }


def _lines(judgement: Judgement, shown: List[Column]) -> List[dict]:
    """Format exact results and numbers as lines of text, with a cell for each of our columns."""
    experiment = judgement.experiment
    lines = [
        {
            "name": Message(result.name),
            "section": result.section,
            "printed": in_words(result.printed),
            "here": [in_words(result.here)],
            "class": "same" if result.verdict == verdicts.EXPLAINED else _CLASSES[result.verdict],
            "verdict": Message("explained")
            if result.verdict == verdicts.EXPLAINED
            else verdicts.WORDS[result.verdict],
            "note": result.note or "",
        }
        for result in experiment.exact_results
    ]
    remarks = judgement.notes
    for row in judgement.verdicts:
        lines.append(
            {
                "name": row.claim.label,
                "section": row.claim.section,
                "printed": row.claim.text,
                "here": [column.cells(row)[1] for column in shown],
                "class": _CLASSES[row.verdict],
                "verdict": verdicts.WORDS[row.verdict],
                "note": remarks.get(row.claim, ""),
            }
        )
    if experiment.reading_seconds is not None:
        ratio = experiment.reading_seconds / claims.READING_SECONDS
        lines.append(
            {
                "name": Message("seconds to read the training set once"),
                "section": claims.PART_1,
                "printed": f"{claims.READING_SECONDS:.2f}",
                "here": [f"{experiment.reading_seconds:.2f}"],
                "class": "none",
                "verdict": Message("ratio {ratio:.2f}", ratio=ratio),
                "note": Message("Not judged: timings depend on the machine."),
            }
        )
    texts = ("name", "section", "verdict", "note")
    return [{**line, **{name: str(line[name]) for name in texts}} for line in lines]


def _sections(judgement: Judgement, shown: List[Column], notes: List[str]) -> Dict[str, List[dict]]:
    """Group the lines by section, in the order in which these begin, and number their notes."""
    sections: Dict[str, List[dict]] = {}
    for line in _lines(judgement, shown):
        sections.setdefault(line["section"], []).append(line)
    for line in (line for of_section in sections.values() for line in of_section):
        if line["note"] and line["note"] not in notes:
            notes.append(line["note"])
        line["number"] = notes.index(line["note"]) + 1 if line["note"] else None
    return sections


def _translate(message: str, **values: object) -> str:
    """Translate a message of the template, in which line breaks count as spaces."""
    return translate(type(message)(" ".join(message.split())), **values)


def _duration(seconds: Optional[float]) -> Text:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    if minutes:
        return Message("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return Message("{seconds} s", seconds=rest)


def _commit() -> str:
    """Return the commit of the code, if it lies in a Git repository of its own; else nothing."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("ascii", "replace").strip()


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
