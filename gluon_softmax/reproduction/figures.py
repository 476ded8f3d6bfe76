"""Pictures, drawn by matplotlib without a window."""

from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..console import in_notebook
from ..data.fashion_mnist import CLASS_NAMES
from ..revival.pictures import seen
from ..writing import whole_file

# Blue, orange and black differ in lightness too, so that colour blindness and grey printing keep
# them apart; hatching and markers do the rest.
BLUE, ORANGE, BLACK, GREY = "#0b5394", "#e08214", "#000000", "#777777"
_STYLES: Dict[str, Dict[str, Any]] = {
    "official": {"color": BLUE, "hatch": None, "line": "-"},
    "mxnet": {"color": BLUE, "hatch": None, "line": "-"},
    "own files": {"color": BLUE, "hatch": None, "line": "-"},
    "resplit": {"color": ORANGE, "hatch": "//", "line": "--"},
    "others": {"color": GREY, "hatch": None, "line": ":"},
}


def save_figure(figure: Figure, path: Path) -> None:
    """Write a picture, whole or not at all; its form follows from the file's ending.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture.
    path : pathlib.Path
        The file, .png or .svg.

    Raises
    ------
    GluonSoftmaxError
        If the file cannot be written.
    """
    engine = figure.get_layout_engine()
    if engine:
        # Laid out once for all files: matplotlib would draw twice for each, once to lay out.
        engine.execute(figure)
        figure.set_layout_engine(None)
    with whole_file(path) as staged:
        figure.savefig(staged, dpi=150)


def is_wide(figure: Figure) -> bool:
    """Tell whether a picture asks for a row of its own: wider than half a page, in inches."""
    return bool(figure.get_size_inches()[0] > 6)


def draw_images(
    images: np.ndarray,
    titles: Sequence[str],
    wrong: Optional[Sequence[bool]] = None,
    heading: str = "",
    figure: Optional[Figure] = None,
) -> Figure:
    """Draw images in one row, as the tutorial's ``show_fashion_mnist`` does.

    Parameters
    ----------
    images : numpy.ndarray
        Shape (count, 28, 28, 1) or (count, 28, 28).
    titles : sequence of str
        One for each image.
    wrong : sequence of bool, optional
        Which images to mark as wrongly predicted: title in orange, with a cross and a frame.
    heading : str
        Title of the whole.
    figure : matplotlib.figure.Figure, optional
        Where to draw; by default a new one, which belongs to no window.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    wrong = [False] * len(images) if wrong is None else wrong
    columns = min(len(images), 10)
    rows = -(-len(images) // columns)
    lines = max(title.count("\n") for title in titles) + 1
    height = (1.22 + 0.18 * lines) * rows + (0.33 if heading else 0)
    # The heading may be wider than a few images.
    width = max(1.25 * columns, 0.09 * len(heading))
    figure = Figure() if figure is None else figure
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained")
    if heading:
        figure.suptitle(heading, fontsize=11)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.set_axis_off()
    for ax, image, title, is_wrong in zip(axes, images, titles, wrong):
        ax.set_axis_on()
        ax.set(xticks=[], yticks=[])
        ax.imshow(np.reshape(image, (28, 28)), cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(title + (" \u2717" if is_wrong else ""), fontsize=9)
        if is_wrong:
            ax.title.set_color(ORANGE)
        for spine in ax.spines.values():
            spine.set(color=ORANGE if is_wrong else GREY, linewidth=2.5 if is_wrong else 0.5)
    return figure


@seen
def show_fashion_mnist(images: Any, labels: Sequence[str]) -> None:
    """Show images in one row, in a notebook or, after ``plt.show()``, in a window.

    At a terminal without a display, write them to a file and name it.

    Parameters
    ----------
    images : sequence of numpy.ndarray or of mxnet.nd.NDArray
        Shape (count, 28, 28, 1) or (count, 1, 28, 28), 0..255 or, as batches have them, 0..1.
    labels : sequence of str
        A title for each image.

    Notes
    -----
    Part 1 of the tutorial; ``d2lzh.show_fashion_mnist``.
    """
    from matplotlib import pyplot as plt

    if in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")
    arrays = np.stack([i.asnumpy() if hasattr(i, "asnumpy") else np.asarray(i) for i in images])
    draw_images(arrays * (255 / max(arrays.max(), 1)), labels, figure=plt.figure())


def draw_curves(
    values: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]],
    printed: Mapping[str, Mapping[str, Sequence[float]]],
    panels: Mapping[str, str],
    column: str = "tutorial",
) -> Figure:
    """Draw series by epoch: a band for our runs on each edition, points for the printed run.

    Parameters
    ----------
    values : mapping of edition to version to metric to numpy.ndarray
        Our runs, shape (runs, epochs).
    printed : mapping of version to metric to sequence of float
        The tutorial's numbers, one an epoch; empty where it has none.
    panels : mapping of metric to str
        What to draw, a row of panels each, and its title.
    column : str
        What to call the points.

    Returns
    -------
    matplotlib.figure.Figure
        Versions side by side.
    """
    versions = sorted({version for of_edition in values.values() for version in of_edition})[::-1]
    figure = Figure(figsize=(4.5 * len(versions), 2.9 * len(panels) + 0.6), layout="constrained")
    axes = figure.subplots(len(panels), len(versions), squeeze=False, sharex=True, sharey="row")
    for row, (metric, title) in zip(axes, panels.items()):
        for ax, version in zip(row, versions):
            for edition, of_version in values.items():
                if version in of_version:
                    _draw_band(ax, of_version[version][metric], edition)
            points = printed.get(version, {}).get(metric, ())
            if len(points):
                epochs = np.arange(1, len(points) + 1)
                ax.plot(epochs, points, "D", color=BLACK, markersize=5, label=column, zorder=5)
            ax.set_title(f"{version}: {title}", fontsize=10)
            ax.grid(alpha=0.3)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    for ax in axes[-1]:
        ax.set_xlabel("epoch")
    handles = {label: h for ax in axes.ravel() for h, label in zip(*ax.get_legend_handles_labels())}
    # Three beside each other are wider than one column.
    ncols = 3 if len(versions) > 1 else 1
    figure.legend(
        handles.values(), handles.keys(), loc="outside upper center", ncols=ncols, fontsize=9
    )
    return figure


def _draw_band(ax: Axes, runs: np.ndarray, edition: str) -> None:
    style = _STYLES[edition]
    epochs = np.arange(1, runs.shape[1] + 1)
    low, high = runs.min(axis=0), runs.max(axis=0)
    ax.fill_between(
        epochs,
        low,
        high,
        facecolor=style["color"],
        edgecolor=style["color"],
        alpha=0.25,
        hatch=style["hatch"],
        linewidth=0,
    )
    count = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
    ax.plot(
        epochs,
        runs.mean(axis=0),
        style["line"],
        color=style["color"],
        linewidth=1.5,
        label=f"{edition} edition, {count}: mean and range",
    )


def draw_all_figures(
    names: Sequence[str],
    printed: Sequence[float],
    intervals: Mapping[str, Sequence[Tuple[float, float]]],
    center: Sequence[float],
    spread: Sequence[float],
    column: str = "tutorial",
) -> Figure:
    """Draw every printed figure on the intervals, a row each.

    Parameters
    ----------
    names : sequence of str
        Of the figures.
    printed : sequence of float
        The tutorial's numbers.
    intervals : mapping of edition to sequence of tuple of float
        Ends of each figure's prediction interval; the edition at hand first.
    center, spread : sequence of float
        Mean and standard deviation of our runs on the edition at hand: what is 0 and what is 1 in
        the picture.
    column : str
        What to call the points.

    Returns
    -------
    matplotlib.figure.Figure
        Narrow enough for a phone.
    """
    figure = Figure(figsize=(4.6, 0.27 * len(names) + 1.3), layout="constrained")
    ax = figure.subplots()
    rows = np.arange(len(names))
    middle, unit = np.asarray(center), np.maximum(spread, 1e-9)
    for number, (edition, ends) in enumerate(intervals.items()):
        low, high = ((np.asarray(end) - middle) / unit for end in zip(*ends))
        color = _STYLES[edition]["color"]
        shift = (0.17 if len(intervals) < 3 else 0.13) * (2 * number - len(intervals) + 1)
        style = ("solid", (0, (3, 1)), (0, (1, 0.6)))[number]
        ax.hlines(rows + shift, low, high, color, linewidth=3, linestyle=style, label=edition)
    points = (np.asarray(printed) - middle) / unit
    ax.plot(points, rows, "D", color=BLACK, markersize=4, label=column, zorder=5)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.set_yticks(rows, names, fontsize=8)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.tick_params(axis="x", labelsize=8)
    ax.set_xlabel("standard deviations of our runs from their mean", fontsize=8)
    ax.grid(axis="x", alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, fontsize=8)
    return figure


def draw_mistaken_column(
    share: np.ndarray,
    train_acc: np.ndarray,
    printed: Sequence[float],
    column: str = "tutorial",
    name: str = "trouser",
) -> Figure:
    """Draw a mistaken column beside the accuracy that it should have been.

    Parameters
    ----------
    share, train_acc : numpy.ndarray
        Share predicted as one class and training accuracy of our runs, shape (runs, epochs).
    printed : sequence of float
        What is printed as train acc.
    column : str
        What to call that.
    name : str
        Of the class.

    Returns
    -------
    matplotlib.figure.Figure
        One panel.
    """
    figure = Figure(figsize=(5.2, 3.8), layout="constrained")
    ax = figure.subplots()
    epochs = np.arange(1, share.shape[1] + 1)
    ax.plot(epochs, train_acc.mean(axis=0), "o-", color=BLUE, label="training accuracy (ours)")
    ax.plot(epochs, share.mean(axis=0), "s--", color=ORANGE, label=f"share predicted {name} (ours)")
    if len(printed):
        at = np.arange(1, len(printed) + 1)
        label = f'"train acc" of the {column}'
        ax.plot(at, printed, "D", color=BLACK, markersize=5, label=label)
    ax.set(xlabel="epoch", ylabel="share of the training set", ylim=(0, 1))
    ax.set_title("What is printed as train acc is not an accuracy", fontsize=11)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(loc="center right", fontsize=9)
    return figure


def draw_confusion(labels: np.ndarray, predicted: np.ndarray) -> Figure:
    """Draw how many test images of each class are taken for each class.

    Parameters
    ----------
    labels, predicted : numpy.ndarray of int
        True and predicted classes, shape (count,).

    Returns
    -------
    matplotlib.figure.Figure
        A matrix with counts; a darker square is a larger share of its true class.
    """
    size = len(CLASS_NAMES)
    counts = np.bincount(labels * size + predicted, minlength=size * size).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(5.4, 4.8), layout="constrained")
    ax = figure.subplots()
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.5 else "black"
            weight = "bold" if row == column else "normal"
            ax.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color=color,
                fontsize=8,
                weight=weight,
            )
    ax.set_xticks(range(size), CLASS_NAMES, rotation=45, ha="right", fontsize=8)
    ax.set_yticks(range(size), CLASS_NAMES, fontsize=8)
    ax.set(xlabel="predicted class", ylabel="true class")
    right = int(np.trace(counts))
    ax.set_title(f"{right} of {counts.sum()} test images right", fontsize=11)
    return figure


def draw_templates(W: np.ndarray) -> Figure:
    """Draw the ten columns of W as images: what each class looks for.

    Parameters
    ----------
    W : numpy.ndarray
        Weights, shape (784, 10).

    Returns
    -------
    matplotlib.figure.Figure
        Ten images on one scale; light pixels speak for the class, dark ones against it.
    """
    figure = Figure(figsize=(9.6, 4.5), layout="constrained")
    figure.suptitle("What each class looks for: the columns of W as images", fontsize=11)
    axes = figure.subplots(2, 5)
    largest = float(np.abs(W).max())
    for ax, weights, name in zip(axes.ravel(), W.T, CLASS_NAMES):
        image = ax.imshow(weights.reshape(28, 28), cmap="cividis", vmin=-largest, vmax=largest)
        ax.set_title(name, fontsize=10)
        ax.set_axis_off()
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label("weight: above 0 speaks for the class", fontsize=9)
    return figure


def draw_training(records: Any, version: str) -> Figure:
    """Draw the loss and the accuracies of one training run by epoch.

    Parameters
    ----------
    records : gluon_softmax.training.loop.Records
        One number an epoch in each list.
    version : str
        The implementation, for the title.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels side by side.
    """
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    epochs = np.arange(1, len(records.loss) + 1)
    losses.plot(epochs, records.loss, "o-", color=BLUE)
    losses.set_title(f"{version}: training loss", fontsize=10)
    accuracies.plot(epochs, records.train_acc, "o-", color=BLUE, label="training")
    accuracies.plot(epochs, records.test_acc, "s--", color=ORANGE, label="test")
    accuracies.set_title(f"{version}: accuracy", fontsize=10)
    accuracies.legend(fontsize=9)
    for ax in (losses, accuracies):
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
    return figure
