"""The report: pictures, ``results.json``, the HTML page, and the short table for the terminal."""

import base64
import json
import textwrap
from collections import Counter
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple

import jinja2
import numpy as np
from matplotlib.figure import Figure

from . import claims, figures, verdicts
from .data import get_fashion_mnist_labels
from .machine import processor, versions
from .reproduction import Reproduction, results
from .runs import VERSIONS, Run, predict
from .writing import write_text

_METRICS = ("loss", "train_acc", "share_predicted_1", "test_acc")
PREDICTIONS = 9
# Below this many runs, Student's t makes intervals that would let almost any figure pass.
FEW_RUNS = 5


class Picture(NamedTuple):
    """A picture, its caption and what it shows in words, for those who cannot see it."""

    name: str
    figure: Figure
    caption: str


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
            figures.save_figure(picture.figure, out / f"{picture.name}.{ending}")
    write_text(out / "index.html", page(found, shown, out, command))


def pictures(found: Reproduction) -> List[Picture]:
    """Draw all pictures of a report; those of trained networks show the first run.

    Parameters
    ----------
    found : Reproduction
        What to draw.

    Returns
    -------
    list of Picture
        Only the first images if no run ended.
    """
    data = found.data
    names = get_fashion_mnist_labels(data.train_labels[:10])
    shown = [
        Picture(
            "first-images",
            figures.draw_images(
                data.train_images[:10], names, heading=f"mnist_train[0:10], {data.edition} edition"
            ),
            "The first ten training images with the names of their classes.",
        )
    ]
    if not found.runs:
        return shown
    values = _series(found)
    printed = _printed(found)
    at_hand = values[data.edition]
    shown += [
        Picture(
            "curves",
            figures.draw_curves(
                values,
                printed,
                {
                    "loss": "training loss",
                    "loss_difference": f"loss above our {data.edition} mean",
                    "train_acc": "training accuracy",
                    "test_acc": "test accuracy",
                },
            ),
            "Loss and accuracy by epoch: the document's points over the bands of our runs.",
        ),
        Picture(
            "mistaken-column",
            figures.draw_mistaken_column(
                at_hand["scratch"]["share_predicted_1"],
                at_hand["scratch"]["train_acc"],
                printed.get("scratch", {}).get("share_predicted_1", ()),
            ),
            "The document compares the predictions with the constant 1 instead of with the "
            "labels, so that its column is the share predicted as class 1, trouser.",
        ),
    ]
    for version in VERSIONS:
        shown += _pictures_of_run(found, found.of(data.edition, version)[0])
    return shown


def _pictures_of_run(found: Reproduction, run: Run) -> List[Picture]:
    data, version = found.data, run.version
    outputs = predict(version, run.parameters, data.test_images, found.settings.ctx)
    predicted = outputs.argmax(axis=1)
    first = slice(0, PREDICTIONS)
    shown = [
        Picture(
            f"{version}-predictions",
            figures.draw_images(
                data.test_images[first],
                _two_lines(data.test_labels[first], predicted[first]),
                (predicted != data.test_labels)[first],
                f"{version}: true class, below it the predicted one",
            ),
            f"The first nine test images: true class, and below it what {version} predicts; "
            "wrong ones are framed.",
        )
    ]
    if version != "scratch":
        # The rest looks the same for both versions.
        return shown
    wrong = np.flatnonzero(predicted != data.test_labels)
    # The stable sort keeps the order of the test set among equals.
    surest = wrong[np.argsort(-outputs[wrong].max(axis=1), kind="stable")][:10]
    titles = [
        f"{words}\n{probability:.1%}"
        for words, probability in zip(
            _two_lines(data.test_labels[surest], predicted[surest]), outputs[surest].max(axis=1)
        )
    ]
    shown += [
        Picture(
            "confusion",
            figures.draw_confusion(data.test_labels, predicted),
            "How many test images of each class are taken for each class.",
        ),
        Picture(
            "weights",
            figures.draw_templates(run.parameters[0]),
            "The ten columns of W as images: light pixels speak for the class, dark ones against.",
        ),
    ]
    if len(surest):
        shown.append(
            Picture(
                "confidently-wrong",
                figures.draw_images(
                    data.test_images[surest],
                    titles,
                    [True] * len(surest),
                    "scratch: true class, predicted class, and its probability",
                ),
                "The wrong predictions of which the network is surest.",
            )
        )
    return shown


def _two_lines(labels: np.ndarray, predicted: np.ndarray) -> List[str]:
    pairs = zip(get_fashion_mnist_labels(labels), get_fashion_mnist_labels(predicted))
    return [f"{true}\n{guess}" for true, guess in pairs]


def _series(found: Reproduction) -> Dict[str, Dict[str, Dict[str, np.ndarray]]]:
    """Arrange the runs as edition, version, metric: (runs, epochs)."""
    values = {
        edition: {
            version: {
                metric: np.array(
                    [getattr(run.records, metric) for run in found.of(edition, version)]
                )
                for metric in _METRICS
            }
            for version in VERSIONS
        }
        for edition in found.runs
    }
    for version in VERSIONS:
        center = values[found.data.edition][version]["loss"].mean(axis=0)
        for of_edition in values.values():
            of_edition[version]["loss_difference"] = of_edition[version]["loss"] - center
    return values


def _printed(found: Reproduction) -> Mapping[str, Mapping[str, List[float]]]:
    """Arrange the document's tables as version, metric: a number an epoch; none if not fair."""
    if not found.has_document_settings():
        return {}
    printed: Dict[str, Dict[str, List[float]]] = {
        version: {
            metric: [row[column] for row in table]
            for column, metric in enumerate(claims.METRICS[version])
        }
        for version, table in claims.TABLES.items()
    }
    for version in VERSIONS:
        runs = found.of(found.data.edition, version)
        center = np.mean([run.records.loss for run in runs], axis=0)
        printed[version]["loss_difference"] = list(printed[version]["loss"] - center)
    return printed


def headline(found: Reproduction) -> str:
    """Answer in one sentence how much of the document reproduces.

    Parameters
    ----------
    found : Reproduction
        What was found.

    Returns
    -------
    str
        The sentence; without figures, why there is no verdict.
    """
    judged = found.verdicts()
    if found.data.edition == "own files":
        return "No verdicts: these are files of your own, not an edition of the data set."
    if not found.has_document_settings():
        return (
            f"No verdicts: the document's figures are for {claims.EPOCHS} epochs, batch size "
            f"{claims.BATCH_SIZE} and learning rate {claims.LR}."
        )
    ended = len(found.of(found.data.edition, "scratch"))
    if ended < 2:
        what = "one run settles" if ended else "no runs settle"
        return f"No verdicts: {what} nothing; --runs 10 does."
    counts = Counter(verdict.verdict for verdict in judged)
    good = counts[verdicts.REPRODUCES] + counts[verdicts.ON_RESPLIT]
    parts = [
        f"{good} of {len(judged)} figures reproduce",
        f"{counts[verdicts.ON_RESPLIT]} of them on a re-split only",
        f"{counts[verdicts.EXPLAINED]} more {'is' if counts[verdicts.EXPLAINED] == 1 else 'are'} "
        "explained",
        f"{counts[verdicts.FAILS]} {'does' if counts[verdicts.FAILS] == 1 else 'do'} not",
    ]
    if not counts[verdicts.ON_RESPLIT]:
        del parts[1]
    few = ""
    if ended < FEW_RUNS:
        few = f" With {ended} runs the intervals are so wide that hardly anything can fail."
    return ", ".join(parts) + "." + few


def _rows(found: Reproduction) -> List[dict]:
    """Put facts and figures into rows of text."""
    rows = [
        {
            "name": fact.name,
            "section": fact.section,
            "document": _words(fact.document),
            "here": [_words(fact.here)],
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
                    "document": f"{figure.document:.{figure.digits}f}",
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
                "document": f"{claims.READING_SECONDS:.2f}",
                "here": [f"{found.reading_seconds:.2f}"],
                "verdict": f"ratio {ratio:.2f}",
                "note": "a time is the machine's, it gets no verdict",
            }
        )
    return rows


def _mean_and_interval(found: Reproduction, edition: str, figure, verdict) -> str:
    values = found.values(edition, figure)
    text = f"{np.mean(values):.4f}"
    if len(values) > 1:
        text += f" ± {np.std(values, ddof=1):.4f}"
    if verdict and edition in verdict.intervals:
        low, high = verdict.intervals[edition]
        text += f"\n[{low:.4f}, {high:.4f}]"
    return text


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


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
    return "\n".join(lines)


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
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    level = verdicts.LEVEL / len(claims.FIGURES)
    return environment.get_template("report.html").render(
        headline=headline(found),
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
        settings=results(found)["settings"],
        ended={edition: len(found.of(edition, "scratch")) for edition in found.runs},
        figure_count=len(claims.FIGURES),
        level=verdicts.LEVEL,
        level_each=level,
        failures=found.failures(),
    )


def _data_uri(png: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(png.read_bytes()).decode("ascii")
