"""The pictures of a report."""

from typing import Iterator, List, NamedTuple, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..data.fashion_mnist import CLASS_NAMES
from ..implementations import IMPLEMENTATIONS
from ..training.run import Run, predict
from .answer import Judgement
from .edition_names import IN_A_SENTENCE
from .epoch_plots import draw_answer, draw_curves, draw_mistaken_column
from .experiment import Experiment
from .image_plots import draw_images
from .language import Message, Text, translate
from .plot_style import WEIGHTS, png, styled

PREDICTIONS = 9
SUREST = 10
# The names of all pictures that a report may have.
NAMES = (
    "answer",
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
    """A picture for the files, and for the page unless that has a better form: tiles or a table.

    ``narrow`` is the same for a phone. ``counts`` is a confusion matrix, for a table.
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
        return list(_pictures(judgement))


def _pictures(judgement: Judgement) -> Iterator[Picture]:
    experiment = judgement.experiment
    data, printed = experiment.data, experiment.printed
    name = Message(printed.name)
    answer = draw_answer(judgement)
    if answer:
        caption = Message(
            "The numbers in {name} minus our mean on {data}, by epoch. A point in a band is a "
            "number that one more run of ours could give.",
            name=name,
            data=IN_A_SENTENCE[data.edition],
        )
        yield Picture("answer", caption, **answer)
    if experiment.runs:
        caption = Message(
            "Loss and accuracy of our runs by epoch, with the numbers in {name} as points where it "
            "has any."
            if experiment.is_comparable()
            else "Loss and accuracy of our runs by epoch.",
            name=name,
        )
        yield Picture("curves", caption, **draw_curves(judgement))
    mistaken = draw_mistaken_column(experiment) if experiment.runs else None
    if mistaken:
        caption = Message(
            "The training accuracy, and what the {column} prints as train acc: the proportion of "
            "images that the network predicts as one class."
            if experiment.is_comparable()
            else "The training accuracy, and the proportion of images that the network predicts as "
            "one class.",
            column=Message(printed.column),
        )
        yield Picture("mistaken-column", caption, mistaken)
    caption = Message("The first ten training images, with the names of their classes.")
    first = data.train_images[:10]
    names = [[CLASS_NAMES[label]] for label in data.train_labels[:10]]
    yield _images("first-images", caption, first, names, [False] * len(first), 10)
    for implementation in printed.implementations if experiment.runs else ():
        run = experiment.of(data.edition, implementation)[0]
        yield from _pictures_of_run(experiment, run)


def _pictures_of_run(experiment: Experiment, run: Run) -> Iterator[Picture]:
    data, implementation = experiment.data, run.implementation
    probabilities = predict(
        IMPLEMENTATIONS[implementation], run.parameters, data.test_images, experiment.settings.ctx
    )
    predicted = probabilities.argmax(axis=1)
    is_wrong = predicted != data.test_labels
    wrong = np.flatnonzero(is_wrong)
    pairs = [[CLASS_NAMES[k] for k in pair] for pair in zip(data.test_labels, predicted)]

    def some(
        name: str, caption: Text, chosen: np.ndarray, lines: List[List[str]], columns: int
    ) -> Picture:
        return _images(name, caption, data.test_images[chosen], lines, is_wrong[chosen], columns)

    caption: Text = Message(
        "Predictions of {implementation}: the first {n} test images, then the first {n} that "
        "are predicted wrong. Each has its true class, and below it the predicted class.",
        implementation=implementation,
        n=PREDICTIONS,
    )
    chosen = np.concatenate([np.arange(len(predicted))[:PREDICTIONS], wrong[:PREDICTIONS]])
    name = f"{implementation}-predictions"
    yield some(name, caption, chosen, [pairs[k] for k in chosen], PREDICTIONS)
    if implementation != experiment.printed.implementations[0]:
        # The rest looks the same for both implementations.
        return
    counts = confusion(data.test_labels, predicted)
    caption = _caption_of_confusion(implementation, counts)
    yield Picture("confusion", caption, draw_confusion(counts), counts=counts)
    # Only a linear model has a template of each class.
    if "W" in run.parameters:
        caption = Message(
            "The weights of {implementation}, a column of W for each class. Blue pixels are "
            "evidence for the class, red ones evidence against it, and white ones are ignored.",
            implementation=implementation,
        )
        W = run.parameters["W"]
        largest = float(np.abs(W).max())
        tiles = [
            Tile(png(weights.reshape(28, 28), WEIGHTS, -largest, largest), [name])
            for weights, name in zip(W.T, CLASS_NAMES)
        ]
        yield Picture("weights", caption, draw_templates(W), tiles=tiles)
    # The stable sort keeps the order of the test set among equals.
    largest_of = probabilities.max(axis=1)
    surest = wrong[np.argsort(-largest_of[wrong], kind="stable")][:SUREST]
    if len(surest):
        caption = Message(
            "The {n} wrong predictions with the highest probability. Each has its true class, the "
            "predicted class and the probability.",
            n=SUREST,
        )
        lines = [[*pairs[k], f"{largest_of[k]:.1%}"] for k in surest]
        yield some("confidently-wrong", caption, surest, lines, SUREST)


def _images(
    name: str,
    caption: Text,
    images: np.ndarray,
    lines: List[List[str]],
    wrong: Sequence[bool],
    columns: int,
) -> Picture:
    """Draw images with lines of text, as one picture and as tiles."""
    titles = ["\n".join(each) for each in lines]
    tiles = [
        Tile(png(image.reshape(28, 28), "gray_r", 0, 255), each, bool(is_wrong))
        for image, each, is_wrong in zip(images, lines, wrong)
    ]
    return Picture(name, caption, draw_images(images, titles, wrong, columns=columns), tiles=tiles)


def _caption_of_confusion(implementation: str, counts: np.ndarray) -> Text:
    errors = counts - np.diag(np.diag(counts))
    true, predicted = np.unravel_index(errors.argmax(), errors.shape)
    return Message(
        "Confusion matrix of {implementation} on the test images: a row for each true class, a "
        "column for each predicted class. The most frequent error: {n} images of the class {true} "
        "are predicted as {predicted}."
        if errors.any()
        else "Confusion matrix of {implementation} on the test images: a row for each true class, "
        "a column for each predicted class.",
        implementation=implementation,
        n=errors.max(),
        true=CLASS_NAMES[true],
        predicted=CLASS_NAMES[predicted],
    )


def draw_confusion(counts: np.ndarray) -> Figure:
    """Draw :func:`confusion`; a darker square is a larger proportion of its true class."""
    proportions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(6.4, 6), layout="constrained")
    ax = figure.subplots()
    ax.imshow(proportions, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            ax.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color="white" if proportions[row, column] > 0.5 else "black",
                fontsize=9,
                weight="bold" if row == column else "normal",
            )
    size = len(CLASS_NAMES)
    ax.set_xticks(range(size), CLASS_NAMES, rotation=45, ha="right", fontsize=10)
    ax.set_yticks(range(size), CLASS_NAMES, fontsize=10)
    ax.set(xlabel=translate("predicted class"), ylabel=translate("true class"))
    n, count = int(np.trace(counts)), counts.sum()
    ax.set_title(str(Message("{n} of {count} test images are correct", n=n, count=count)))
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
