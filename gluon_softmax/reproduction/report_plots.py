"""The pictures of a report."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..data.fashion_mnist import CLASS_NAMES, get_fashion_mnist_labels
from ..training.run import Run, predict
from . import plots, verdicts
from .experiment import Experiment
from .implementations import IMPLEMENTATIONS
from .judgement import Judgement, Row, data_in_words, label, table_in_words
from .language import Message, Text
from .plots import Panel, Point

PREDICTIONS = 9
SUREST = 10
ANSWER = "answer"
_ANSWER = ("loss", "test_acc")
_CURVES = ("loss", "train_acc", "test_acc")


class Tile(NamedTuple):
    """A small image on the page: its file's bytes, the lines below it, and whether to mark it."""

    png: bytes
    lines: Sequence[str]
    is_wrong: bool = False


class Picture(NamedTuple):
    """A picture, and what a page needs to show it.

    Parameters
    ----------
    name : str
        Of its files.
    caption : Text
        What it shows and what to look for.
    figure : matplotlib.figure.Figure
        For the files, and for the page unless it has a better form.
    narrow : matplotlib.figure.Figure or None
        The same for a phone.
    tiles : sequence of Tile
        Images that the page lays out itself.
    counts : numpy.ndarray or None
        A confusion matrix, which the page has as a table.
    """

    name: str
    caption: Text
    figure: Figure
    narrow: Optional[Figure] = None
    tiles: Sequence[Tile] = ()
    counts: Optional[np.ndarray] = None


def pictures(judgement: Judgement) -> List[Picture]:
    """Draw all pictures of a report; those of trained networks show the first run."""
    captions = _captions(judgement.experiment)
    with plots.styled():
        drawn = _draw(judgement)
    return [Picture(name, captions[name], **parts) for name, parts in drawn.items()]


def _draw(judgement: Judgement) -> Dict[str, Dict[str, Any]]:
    experiment = judgement.experiment
    drawn: Dict[str, Dict[str, Any]] = {}
    if experiment.runs:
        panels = _answer(judgement)
        if panels:
            drawn[ANSWER] = _wide_and_narrow(panels, _answer_names(experiment), True)
        drawn["curves"] = _wide_and_narrow(_curves(judgement), _curve_names(experiment), False)
        drawn.update(_mistaken_column(experiment))
    data = experiment.data
    names = get_fashion_mnist_labels(data.train_labels[:10])
    first = data.train_images[:10]
    drawn["first-images"] = _images(first, [[name] for name in names], [False] * len(first), 10)
    for implementation in experiment.printed.implementations if experiment.runs else ():
        run = experiment.of(data.edition, implementation)[0]
        drawn.update(
            _pictures_of_run(
                experiment, run, implementation == experiment.printed.implementations[0]
            )
        )
    return drawn


def _captions(experiment: Experiment) -> Dict[str, Text]:
    name, column = Message(experiment.printed.name), Message(experiment.printed.column)
    captions: Dict[str, Text] = {
        ANSWER: Message(
            "The numbers in {name} minus our mean on {data}, by epoch. A point in a band is a "
            "number that one more run of ours could give.",
            name=name,
            data=data_in_words(experiment.data.edition),
        ),
        "curves": Message(
            "Loss and accuracy of our runs by epoch, with the numbers in {name} as points where it "
            "has any.",
            name=name,
        ),
        "first-images": Message("The first ten training images, with the names of their classes."),
        "confusion": Message(
            "Confusion matrix of {implementation} on the test images: a row for each true class, a "
            "column for each predicted class. Most errors are shirts taken for t-shirts, pullovers "
            "or coats.",
            implementation=experiment.printed.implementations[0],
        ),
        "weights": Message(
            "The weights of {implementation}, a column of W for each class. Blue pixels are "
            "evidence for the class, red ones evidence against it, and white ones are ignored.",
            implementation=experiment.printed.implementations[0],
        ),
        "confidently-wrong": Message(
            "The {n} wrong predictions with the highest probability. Each has its true class, the "
            "predicted class and the probability.",
            n=SUREST,
        ),
        "mistaken-column": Message(
            "The training accuracy, and what the {column} prints as train acc: the proportion of "
            "images that the network predicts as one class.",
            column=column,
        ),
    }
    for implementation in IMPLEMENTATIONS:
        captions[f"{implementation}-predictions"] = Message(
            "Predictions of {implementation}: the first {n} test images, then the first {n} that "
            "are predicted wrong. Each has its true class, and below it the predicted class.",
            implementation=implementation,
            n=PREDICTIONS,
        )
    return captions


def _wide_and_narrow(
    panels: List[Panel], names: Dict[str, Text], is_difference: bool
) -> Dict[str, Figure]:
    shown = {key: str(name) for key, name in names.items()}
    # On a phone all panels of one table follow each other.
    tables = [panel.table for panel in panels]
    stacked = sorted(panels, key=lambda panel: tables.index(panel.table))
    return {
        "figure": plots.draw_panels(panels, shown, 2, is_difference),
        "narrow": plots.draw_panels(stacked, shown, 1, is_difference),
    }


def _answer(judgement: Judgement) -> List[Panel]:
    """Arrange the judged losses and test accuracies, two tables beside each other."""
    experiment = judgement.experiment
    judged = [row for row in judgement.rows if row.intervals]
    tables = experiment.printed.tables if judged else []
    panels = []
    for pair in (tables[n : n + 2] for n in range(0, len(tables), 2)):
        for metric in _ANSWER:
            for table in pair:
                of_panel = [
                    row for row in judged if row.claim.table == table and row.claim.metric == metric
                ]
                panels.append(_differences(experiment, table, metric, of_panel))
    return panels


def _differences(experiment: Experiment, table: str, metric: str, of_panel: List[Row]) -> Panel:
    means = np.array([row.mean(experiment.data.edition) for row in of_panel])
    return Panel(
        table,
        metric,
        str(Message("{title}, minus our mean", title=_title(table, metric))),
        [row.claim.epoch for row in of_panel],
        {
            name: np.transpose([row.intervals[name] for row in of_panel]) - means
            for name in of_panel[0].intervals
        },
        {},
        [
            Point(
                row.claim.epoch,
                row.claim.printed - mean,
                row.verdict,
                _tip(experiment, row),
            )
            for row, mean in zip(of_panel, means)
        ],
    )


def _title(table: str, metric: str) -> Text:
    name = {
        "loss": Message("training loss"),
        "train_acc": Message("training accuracy"),
        "test_acc": Message("test accuracy"),
    }[metric]
    return Message("{table}: {words}", table=table_in_words(table), words=name)


def _tip(experiment: Experiment, row: Row) -> str:
    """Write what the pointer shows on a point of the first picture."""
    decimals = row.claim.decimals
    parts: List[Text] = [f"{label(row.claim)} {row.claim.text}"]
    for edition, (low, high) in row.intervals.items():
        parts.append(
            Message(
                "{data}: {low} to {high}",
                data=data_in_words(edition),
                low=f"{low:.{decimals}f}",
                high=f"{high:.{decimals}f}",
            )
        )
    return "\n".join(map(str, [*parts, verdicts.in_words(row.verdict, experiment.printed)]))


def _answer_names(experiment: Experiment) -> Dict[str, Text]:
    column = Message(experiment.printed.column)
    names = {
        edition: Message("expected on {data}", data=data_in_words(edition))
        for edition in experiment.runs
    }
    return {
        **names,
        **{
            verdict: Message("{column}: {words}", column=column, words=words)
            for verdict, words in (
                (verdicts.REPRODUCES, Message("matches")),
                (verdicts.ON_RESPLIT, Message("re-split only")),
                (verdicts.FAILS, Message("no match")),
                (verdicts.NO_VERDICT, Message("no verdict")),
            )
        },
    }


def _curves(judgement: Judgement) -> List[Panel]:
    """Arrange the first table of each implementation, and all runs of it."""
    experiment = judgement.experiment
    tables = {
        experiment.printed.of(table)[0].implementation: table
        for table in experiment.printed.tables[::-1]
    }
    shown = [row for row in judgement.rows if row.claim.epoch and experiment.is_comparable()]
    panels = []
    for metric in _CURVES:
        for implementation in experiment.printed.implementations:
            series = {
                edition: np.array(
                    [getattr(run.records, metric) for run in experiment.of(edition, implementation)]
                )
                for edition in experiment.runs
            }
            panels.append(
                Panel(
                    implementation,
                    metric,
                    str(_title(implementation, metric)),
                    range(1, experiment.settings.epochs + 1),
                    {
                        name: np.array([of.min(axis=0), of.max(axis=0)])
                        for name, of in series.items()
                    },
                    {name: of.mean(axis=0) for name, of in series.items()},
                    [
                        Point(
                            row.claim.epoch,
                            row.claim.printed / row.claim.scale,
                            plots.PRINTED,
                            f"{label(row.claim)} {row.claim.text}",
                        )
                        for row in shown
                        if (row.claim.table, row.claim.metric) == (tables[implementation], metric)
                    ],
                )
            )
    return panels


def _curve_names(experiment: Experiment) -> Dict[str, Text]:
    implementation = experiment.printed.implementations[0]
    names = {
        edition: Message(
            "{data}: mean and range of {n} runs",
            data=data_in_words(edition),
            n=len(experiment.of(edition, implementation)),
        )
        for edition in experiment.runs
    }
    return {
        **names,
        plots.PRINTED: Message("number in {name}", name=Message(experiment.printed.name)),
    }


def _mistaken_column(experiment: Experiment) -> Dict[str, Dict[str, Any]]:
    """Draw the first column that is the proportion predicted as one class, if there is one."""
    mistaken = [each for each in experiment.printed.claims if each.mistaken_class is not None]
    if not mistaken:
        return {}
    first, number = mistaken[0], int(mistaken[0].mistaken_class or 0)
    runs = experiment.of(experiment.data.edition, first.implementation)
    printed = [np.nan] * experiment.settings.epochs if experiment.is_comparable() else []
    for each in mistaken:
        if each.table == first.table and printed:
            printed[each.epoch - 1] = each.printed / each.scale
    figure = plots.draw_mistaken_column(
        np.array([run.records.shares for run in runs])[:, :, number],
        np.array([run.records.train_acc for run in runs]),
        printed,
        str(Message(experiment.printed.name)),
        CLASS_NAMES[number],
    )
    return {"mistaken-column": {"figure": figure}}


def _pictures_of_run(experiment: Experiment, run: Run, is_first: bool) -> Dict[str, Dict[str, Any]]:
    data, implementation = experiment.data, run.implementation
    probabilities = predict(
        IMPLEMENTATIONS[implementation], run.parameters, data.test_images, experiment.settings.ctx
    )
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != data.test_labels)
    chosen = np.concatenate([np.arange(len(predicted))[:PREDICTIONS], wrong[:PREDICTIONS]])
    names = _names(data.test_labels[chosen], predicted[chosen])
    drawn = {
        f"{implementation}-predictions": _images(
            data.test_images[chosen],
            names,
            predicted[chosen] != data.test_labels[chosen],
            PREDICTIONS,
        )
    }
    if not is_first:
        # The rest looks the same for both implementations.
        return drawn
    counts = plots.confusion(data.test_labels, predicted)
    drawn["confusion"] = {"figure": plots.draw_confusion(counts), "counts": counts}
    # Only a linear model has a template of each class.
    if "W" in run.parameters:
        W = run.parameters["W"]
        largest = float(np.abs(W).max())
        drawn["weights"] = {
            "figure": plots.draw_templates(W),
            "tiles": [
                Tile(plots.png(weights.reshape(28, 28), plots.WEIGHTS, -largest, largest), [name])
                for weights, name in zip(W.T, CLASS_NAMES)
            ],
        }
    largest_of = probabilities.max(axis=1)
    # The stable sort keeps the order of the test set among equals.
    surest = wrong[np.argsort(-largest_of[wrong], kind="stable")][:SUREST]
    if len(surest):
        pairs = _names(data.test_labels[surest], predicted[surest])
        names = [[*pair, f"{largest_of[k]:.1%}"] for pair, k in zip(pairs, surest)]
        drawn["confidently-wrong"] = _images(
            data.test_images[surest], names, [True] * len(surest), SUREST
        )
    return drawn


def _names(labels: np.ndarray, predicted: np.ndarray) -> List[List[str]]:
    return [[CLASS_NAMES[true], CLASS_NAMES[guess]] for true, guess in zip(labels, predicted)]


def _images(
    images: np.ndarray, lines: List[List[str]], wrong: Sequence[bool], columns: int
) -> Dict[str, Any]:
    """Draw images with lines of text, as one picture and as tiles."""
    return {
        "figure": plots.draw_images(
            images, ["\n".join(each) for each in lines], wrong, columns=columns
        ),
        "tiles": [
            Tile(plots.png(image.reshape(28, 28), "gray_r", 0, 255), each, bool(is_wrong))
            for image, each, is_wrong in zip(images, lines, wrong)
        ],
    }
