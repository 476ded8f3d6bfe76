"""The pictures of a report."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..data.fashion_mnist import CLASS_NAMES
from ..training.run import Run, predict
from .edition_names import IN_A_SENTENCE
from .epoch_plots import draw_answer, draw_curves, draw_mistaken_column
from .experiment import Experiment
from .image_plots import draw_images
from .implementations import IMPLEMENTATIONS
from .judgement import Judgement
from .language import Joined, Message, Text, translate
from .plot_style import WEIGHTS, png, styled

PREDICTIONS = 9
SUREST = 10
ANSWER = "answer"
# The names of all pictures that a report may have.
NAMES = (
    ANSWER,
    "curves",
    "mistaken-column",
    "first-images",
    "confusion",
    "weights",
    "confidently-wrong",
    *(f"{implementation}-predictions" for implementation in IMPLEMENTATIONS),
)


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
    with styled():
        drawn = _draw(judgement)
    captions = _captions(judgement.experiment, drawn.get("confusion", {}).get("counts"))
    return [
        Picture(name, captions[name], **parts)
        for name, parts in drawn.items()
        if parts.get("figure")
    ]


def _draw(judgement: Judgement) -> Dict[str, Dict[str, Any]]:
    experiment = judgement.experiment
    drawn: Dict[str, Dict[str, Any]] = {}
    if experiment.runs:
        drawn = {
            ANSWER: draw_answer(judgement),
            "curves": draw_curves(judgement),
            "mistaken-column": {"figure": draw_mistaken_column(experiment)},
        }
    data = experiment.data
    first = data.train_images[:10]
    names = [[CLASS_NAMES[label]] for label in data.train_labels[:10]]
    drawn["first-images"] = _images(first, names, [False] * len(first), 10)
    for implementation in experiment.printed.implementations if experiment.runs else ():
        run = experiment.of(data.edition, implementation)[0]
        drawn.update(
            _pictures_of_run(
                experiment, run, implementation == experiment.printed.implementations[0]
            )
        )
    return drawn


def _captions(experiment: Experiment, counts: Optional[np.ndarray]) -> Dict[str, Text]:
    name, column = Message(experiment.printed.name), Message(experiment.printed.column)
    captions: Dict[str, Text] = {
        ANSWER: Message(
            "The numbers in {name} minus our mean on {data}, by epoch. A point in a band is a "
            "number that one more run of ours could give.",
            name=name,
            data=IN_A_SENTENCE[experiment.data.edition],
        ),
        "curves": Message(
            "Loss and accuracy of our runs by epoch, with the numbers in {name} as points where it "
            "has any."
            if experiment.is_comparable()
            else "Loss and accuracy of our runs by epoch.",
            name=name,
        ),
        "first-images": Message("The first ten training images, with the names of their classes."),
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
            "images that the network predicts as one class."
            if experiment.is_comparable()
            else "The training accuracy, and the proportion of images that the network predicts as "
            "one class.",
            column=column,
        ),
    }
    if counts is not None:
        captions["confusion"] = _caption_of_confusion(experiment, counts)
    for implementation in IMPLEMENTATIONS:
        captions[f"{implementation}-predictions"] = Message(
            "Predictions of {implementation}: the first {n} test images, then the first {n} that "
            "are predicted wrong. Each has its true class, and below it the predicted class.",
            implementation=implementation,
            n=PREDICTIONS,
        )
    return captions


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
    counts = confusion(data.test_labels, predicted)
    drawn["confusion"] = {"figure": draw_confusion(counts), "counts": counts}
    # Only a linear model has a template of each class.
    if "W" in run.parameters:
        W = run.parameters["W"]
        largest = float(np.abs(W).max())
        drawn["weights"] = {
            "figure": draw_templates(W),
            "tiles": [
                Tile(png(weights.reshape(28, 28), WEIGHTS, -largest, largest), [name])
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
        "figure": draw_images(images, ["\n".join(each) for each in lines], wrong, columns=columns),
        "tiles": [
            Tile(png(image.reshape(28, 28), "gray_r", 0, 255), each, bool(is_wrong))
            for image, each, is_wrong in zip(images, lines, wrong)
        ],
    }


def _caption_of_confusion(experiment: Experiment, counts: np.ndarray) -> Text:
    caption = Message(
        "Confusion matrix of {implementation} on the test images: a row for each true class, a "
        "column for each predicted class.",
        implementation=experiment.printed.implementations[0],
    )
    errors = counts - np.diag(np.diag(counts))
    if not errors.any():
        return caption
    true, predicted = np.unravel_index(errors.argmax(), errors.shape)
    most_frequent = Message(
        "The most frequent error: {n} images of the class {true} are predicted as {predicted}.",
        n=errors.max(),
        true=CLASS_NAMES[true],
        predicted=CLASS_NAMES[predicted],
    )
    return Joined(" ", [caption, most_frequent])


def draw_confusion(counts: np.ndarray) -> Figure:
    """Draw :func:`confusion`; a darker square is a larger proportion of its true class."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    ax = figure.subplots()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color="white" if shares[row, column] > 0.5 else "black",
                fontsize=9,
                weight="bold" if row == column else "normal",
            )
    size = len(CLASS_NAMES)
    ax.set_xticks(range(size), CLASS_NAMES, rotation=45, ha="right", fontsize=10)
    ax.set_yticks(range(size), CLASS_NAMES, fontsize=10)
    ax.set(xlabel=translate("predicted class"), ylabel=translate("true class"))
    ax.set_title(
        translate(
            "{n} of {count} test images are correct", n=int(np.trace(counts)), count=counts.sum()
        )
    )
    return figure


def confusion(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count the images of each true class, a row each, predicted as each class, int (10, 10)."""
    size = len(CLASS_NAMES)
    return np.bincount(labels * size + predicted, minlength=size * size).reshape(size, size)


def draw_templates(W: np.ndarray) -> Figure:
    """Draw the columns of W, (784, 10), as images: blue above 0, red below."""
    figure = Figure(figsize=(9.6, 4.5), layout="constrained")
    axes = figure.subplots(2, 5)
    largest = float(np.abs(W).max())
    for ax, weights, name in zip(axes.ravel(), W.T, CLASS_NAMES):
        pixels = ax.imshow(weights.reshape(28, 28), cmap=WEIGHTS, vmin=-largest, vmax=largest)
        ax.set_title(name, loc="center")
        ax.set_axis_off()
    bar = figure.colorbar(pixels, ax=axes, shrink=0.8)
    # In an SVG, the browser's font may be wider than the one of the layout.
    bar.set_label(translate("weight: above 0 is evidence for the class"), labelpad=12)
    return figure
