"""The pictures of a report."""

from typing import Dict, List, Mapping, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..data.fashion_mnist import get_fashion_mnist_labels
from ..training.run import Run, predict
from . import claims, figures
from .findings import Reproduction
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
            "The first ten training images with the names of their classes.",
        )
    ]
    if not found.runs:
        return shown
    shown = [*_all_figures(found), *shown]
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
            "Loss and accuracy by epoch: the tutorial's points over the bands of our runs.",
        ),
        Picture(
            "mistaken-column",
            figures.draw_mistaken_column(
                at_hand["scratch"]["share_predicted_1"],
                at_hand["scratch"]["train_acc"],
                printed.get("scratch", {}).get("share_predicted_1", ()),
            ),
            "The tutorial compares the predictions with the constant 1 instead of with the "
            "labels, so that its column is the share predicted as class 1, trouser.",
        ),
    ]
    for version in VERSIONS:
        shown += _pictures_of_run(found, found.of(data.edition, version)[0])
    return shown


def _all_figures(found: Reproduction) -> List[Picture]:
    judged = [verdict for verdict in found.verdicts() if verdict.intervals]
    if not judged:
        return []
    edition = found.data.edition
    runs = [found.values(edition, verdict.figure) for verdict in judged]
    return [
        Picture(
            ALL_FIGURES,
            figures.draw_all_figures(
                [verdict.figure.name.replace(", epoch", "") for verdict in judged],
                [verdict.figure.printed for verdict in judged],
                {
                    name: [verdict.intervals[name] for verdict in judged]
                    for name in judged[0].intervals
                },
                [float(np.mean(values)) for values in runs],
                [float(np.std(values, ddof=1)) for values in runs],
            ),
            "Every figure of the tutorial, by version and epoch: a point within a bar's ends is "
            "one that one more run of ours on that edition could have given.",
        )
    ]


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
    """Arrange the tutorial's tables as version, metric: a number an epoch; none if not fair."""
    if not found.is_comparable():
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
