"""The pictures of a report."""

from typing import Dict, List, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..data.fashion_mnist import get_fashion_mnist_labels
from ..training.run import Run, predict
from . import claims, figures
from .findings import Reproduction
from .language import say
from .rows import OTHERS, rows
from .versions import VERSIONS

_METRICS = ("loss", "train_acc", "share_predicted_1", "test_acc")
PREDICTIONS = 9
ALL_FIGURES = "all-figures"


class Picture(NamedTuple):
    """A picture, its caption and what it shows in words, for those who cannot see it."""

    name: str
    figure: Figure
    caption: str


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
            say(
                "The first ten training images with the names of their classes: would you have "
                "named them so?"
            ),
        )
    ]
    if not found.runs:
        return shown
    shown = [*_all_figures(found), *shown]
    values = _series(found)
    printed = _printed(found)
    shown.append(
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
                found.printed.column,
            ),
            say(
                "Loss and accuracy by epoch. Look where the {column}'s points lie: in the band of "
                "our runs on one edition, or on the other.",
                column=say(found.printed.column),
            ),
        )
    )
    shown += _mistaken_columns(found, values, printed)
    for version in found.printed.versions:
        shown += _pictures_of_run(found, found.of(data.edition, version)[0])
    return shown


def _mistaken_columns(found: Reproduction, values: dict, printed: dict) -> List[Picture]:
    """Draw the first column that is a share predicted as one class, if there is one."""
    for figure in found.printed.figures:
        number = figure.mistaken_class
        if number is not None:
            shares = [run.records.shares for run in found.of(found.data.edition, figure.version)]
            drawn = figures.draw_mistaken_column(
                np.array(shares)[:, :, number],
                values[found.data.edition][figure.version]["train_acc"],
                printed.get(figure.version, {}).get(figure.metric, ()),
                found.printed.column,
                get_fashion_mnist_labels([number])[0],
            )
            caption = say(
                "What is called train acc compares the predictions with the constant {number} "
                "instead of with the labels: its points lie on our share predicted as class "
                "{number}, far below the training accuracy.",
                number=number,
            )
            return [Picture("mistaken-column", drawn, caption)]
    return []


def _all_figures(found: Reproduction) -> List[Picture]:
    told = [row for row in rows(found) if row.intervals]
    if not told:
        return []
    intervals: Dict[str, list] = {
        name: [row.intervals[name] for row in told] for name in told[0].intervals
    }
    if any(row.others for row in told):
        nothing = (np.nan, np.nan)
        intervals[OTHERS] = [row.others[1:] if row.others else nothing for row in told]
    runs = [row.values[found.data.edition] for row in told]
    return [
        Picture(
            ALL_FIGURES,
            figures.draw_all_figures(
                [_label(row.figure) for row in told],
                [row.figure.printed for row in told],
                intervals,
                [float(np.mean(values)) for values in runs],
                [float(np.std(values, ddof=1)) for values in runs],
                found.printed.column,
            ),
            say(
                "Every figure of {name}, by table and epoch. Look for points outside the bars: "
                "within a bar's ends lies what one more run of ours on that edition, or one more "
                "of the others', could have given.",
                name=say(found.printed.name),
            ),
        )
    ]


def _label(figure: claims.Figure) -> str:
    """Shorten a figure's name: "scratch 1: loss", but "table 2, 1: loss"."""
    return figure.name.replace(", epoch", "," if figure.table[-1].isdigit() else "")


def _pictures_of_run(found: Reproduction, run: Run) -> List[Picture]:
    data, version = found.data, run.version
    outputs = predict(VERSIONS[version], run.parameters, data.test_images, found.settings.ctx)
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
            say(
                "The first nine test images: true class, and below it what {version} predicts; "
                "wrong ones are framed.",
                version=version,
            ),
        )
    ]
    if version != found.printed.versions[0]:
        # The rest looks the same for both versions.
        return shown
    if version == "concise":
        # Its outputs are logits.
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
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
            say(
                "How many test images of each class are taken for each class. Look at the row of "
                "the shirts: it is where most are lost, to t-shirts, pullovers and coats."
            ),
        ),
        Picture(
            "weights",
            figures.draw_templates(run.parameters[0]),
            say(
                "The ten columns of W as images: light pixels speak for the class, dark ones "
                "against. Look for the trouser's legs, and for what sets the coat off from the "
                "pullover."
            ),
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
                    f"{version}: true class, predicted class, and its probability",
                ),
                say("The wrong predictions of which the network is surest: would you know better?"),
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
            for version in found.printed.versions
        }
        for edition in found.runs
    }
    for version in found.printed.versions:
        center = values[found.data.edition][version]["loss"].mean(axis=0)
        for of_edition in values.values():
            of_edition[version]["loss_difference"] = of_edition[version]["loss"] - center
    return values


def _printed(found: Reproduction) -> Dict[str, Dict[str, List[float]]]:
    """Arrange the first table of each version: metric to a number an epoch; none if not fair."""
    printed: Dict[str, Dict[str, List[float]]] = {}
    for table in found.printed.tables if found.is_comparable() else ():
        of_table = found.printed.of(table)
        if of_table[0].version in printed:
            continue
        columns: Dict[str, List[float]] = {}
        for figure in of_table:
            # From its first epoch on, which may not be the first.
            series = columns.setdefault(figure.metric, [np.nan] * (figure.epoch - 1))
            series.append(figure.printed / figure.scale)
        version = printed[of_table[0].version] = columns
        runs = found.of(found.data.edition, of_table[0].version)
        center = np.mean([run.records.loss for run in runs], axis=0)
        epochs = len(version["loss"])
        version["loss_difference"] = list(np.array(version["loss"]) - center[:epochs])
    return printed
