"""Pictures, drawn by matplotlib without a window."""

import io
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .backend import without_backend

with without_backend():
    import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..compat.d2lzh import save_without_display
from ..console import in_notebook
from ..data.fashion_mnist import CLASS_NAMES
from ..writing import whole_file, write_text
from . import verdicts
from .language import speaking, translate

# Blue, orange and black differ in lightness too, so that they stay apart for colour-blind readers
# and in grey print.
BLUE, ORANGE, BLACK, GREY = "#0b5394", "#e08214", "#000000", "#777777"
RED = "#b3261e"
# Text and axes: not quite black, since matplotlib leaves black out of an SVG.
INK = "#1a1a1a"
# In dark mode.
DARK = {BLUE: "#6fa8dc", ORANGE: "#f0a04b", GREY: "#9a9a9a", RED: "#ff8a80", INK: "#eeeeee"}
# Of weights: 0 is white, which takes an odd number of colours.
WEIGHTS = LinearSegmentedColormap.from_list("weights", ["#b2182b", "#ffffff", "#2166ac"], N=257)
# Shape, colour and size of the points: plain ones, and by verdict.
PRINTED = "printed"
MARKERS = {
    PRINTED: ("D", INK, 6),
    verdicts.REPRODUCES: ("D", BLUE, 7),
    verdicts.ON_RESPLIT: ("D", ORANGE, 7),
    verdicts.FAILS: ("X", RED, 10),
    verdicts.NO_VERDICT: ("D", "#ffffff", 7),
}
# In points, of which 72 are an inch. A picture is as wide as the page, or as a phone.
WIDE, NARROW = 940, 345
_FONT, _FAMILY = 13, "system-ui, sans-serif"
_INKED = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "Arial Unicode MS",
)


class Panel(NamedTuple):
    """One panel of :func:`draw_panels`: a column of a table by epoch.

    Parameters
    ----------
    table, metric, title : str
        Panels of one metric share a scale.
    epochs : sequence of int
        Of bands and lines.
    bands : dict of str to numpy.ndarray
        By edition, lower and upper ends, shape (2, epochs).
    lines : dict of str to numpy.ndarray
        By edition, shape (epochs,).
    points : sequence of Point
        The printed numbers.
    """

    table: str
    metric: str
    title: str
    epochs: Sequence[int]
    bands: Dict[str, np.ndarray]
    lines: Dict[str, np.ndarray]
    points: Sequence["Point"]


class Point(NamedTuple):
    """A printed number: where it is, its marker in ``MARKERS``, and its text for the pointer."""

    epoch: int
    value: float
    marker: str
    tip: str


def chinese_font() -> Optional[str]:
    """Return the name of an installed font with Chinese characters; None without one."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)


@contextmanager
def plain() -> Iterator[None]:
    """Set matplotlib's own style in the block, whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


@contextmanager
def styled() -> Iterator[None]:
    """Set the style of pictures in the block, and their language: English without a font."""
    is_chinese = translate("en") != "en"
    chinese = chinese_font() if is_chinese else None
    style: Any = {
        "font.family": [chinese, "DejaVu Sans"] if chinese else ["DejaVu Sans"],
        "font.size": _FONT,
        "axes.titlesize": _FONT,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.fontsize": _FONT,
        "legend.frameon": False,
        "axes.facecolor": "none",
        # Some fonts have no true minus.
        "axes.unicode_minus": not chinese,
        # A file's name may have two dollar signs.
        "text.parse_math": False,
        **dict.fromkeys(_INKED, INK),
    }
    with plain(), speaking("zh" if chinese else "en"):
        matplotlib.rcParams.update(style)
        yield


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
    if path.suffix == ".svg":
        write_text(path, standing_alone(svg(figure, "picture")))
        return
    with plain(), whole_file(path) as staged:
        _lay_out(figure)
        figure.savefig(staged, dpi=150)


def save_for_page(figure: Figure, folder: Path, name: str) -> str:
    """Write a picture as PNG and as SVG; return the SVG as a part of a page."""
    save_figure(figure, folder / f"{name}.png")
    drawn = svg(figure, name)
    write_text(folder / f"{name}.svg", standing_alone(drawn))
    return drawn


def _lay_out(figure: Figure) -> None:
    """Lay a figure out once for all its files; matplotlib would do so for each."""
    engine = figure.get_layout_engine()
    if engine:
        engine.execute(figure)
        figure.set_layout_engine(None)


def svg(figure: Figure, name: str) -> str:
    """Draw a figure as a part of a page, whose style has :func:`dark_colours`.

    The browser draws its text, in the reader's font.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The picture. An artist whose gid begins with ``title:`` shows the rest of it when the
        pointer is on it.
    name : str
        Prefix of all ids, so that several pictures fit on one page.

    Returns
    -------
    str
        One element ``svg``.
    """
    file = io.StringIO()
    with plain():
        matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": name})
        _lay_out(figure)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'<g id="title:([^"]*)">', r"<g><title>\1</title>", text)
    text = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    # Not the font by which it was laid out.
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {_FAMILY}", text)
    text = re.sub(r"(font: [^;\"']*)'[^;\"]*", rf"\g<1>{_FAMILY}", text)
    size = re.search(r'<svg[^>]*viewBox="0 0 (\S+) (\S+)"[^>]*>', text)
    assert size
    opening = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {size[1]} {size[2]}"'
    )
    return f"{opening}{text[size.end() - 1 :]}".strip()


def standing_alone(drawn: str) -> str:
    """Return a picture of :func:`svg` as the text of a file, with a style of its own."""
    start = drawn.index(">")
    width, height = drawn[:start].split('"')[-2].split()[2:]
    dark = f"svg {{ background: #121212; }} {dark_colours()}"
    style = (
        "<style>svg { background: #ffffff; } "
        f"@media (prefers-color-scheme: dark) {{ {dark} }}</style>"
    )
    return f'{drawn[:start]} width="{width}" height="{height}">{style}{drawn[start + 1 :]}\n'


def dark_colours() -> str:
    """Write the rules by which an SVG of ours changes its colours in dark mode."""
    # Without an ancestor, which an element that `use` repeats does not have.
    return " ".join(
        f'[style*="{attribute}: {light}"] {{ {attribute}: {dark} !important; }}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )


def png(pixels: np.ndarray, colours: Any, low: float, high: float) -> bytes:
    """Encode one small image as PNG, a pixel for a pixel.

    Parameters
    ----------
    pixels : numpy.ndarray
        Shape (height, width).
    colours : str or matplotlib.colors.Colormap
        For values from low to high.
    low, high : float
        Ends of the scale.

    Returns
    -------
    bytes
        The file.
    """
    file = io.BytesIO()
    with plain():
        imsave(file, pixels, cmap=colours, vmin=low, vmax=high, format="png")
    return file.getvalue()


def draw_images(
    images: np.ndarray,
    titles: Sequence[str],
    wrong: Optional[Sequence[bool]] = None,
    heading: str = "",
    figure: Optional[Figure] = None,
    columns: int = 10,
) -> Figure:
    """Draw images in rows, as the tutorial's ``show_fashion_mnist`` does.

    Parameters
    ----------
    images : numpy.ndarray
        Shape (count, 28, 28, 1) or (count, 28, 28).
    titles : sequence of str
        One for each image.
    wrong : sequence of bool, optional
        Which images to mark as wrongly predicted: title in red, with a cross and a frame.
    heading : str
        Title of the whole.
    figure : matplotlib.figure.Figure, optional
        Where to draw; by default a new one, which belongs to no window.
    columns : int
        Images in a row.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.
    """
    wrong = [False] * len(images) if wrong is None else wrong
    columns = min(len(images), columns)
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
        ax.set_title(
            title + (" \u2717" if is_wrong else ""), fontsize=9, loc="center", parse_math=False
        )
        if is_wrong:
            ax.title.set_color(RED)
        for spine in ax.spines.values():
            spine.set_visible(True)
            spine.set(color=RED if is_wrong else GREY, linewidth=2.5 if is_wrong else 0.5)
    return figure


@save_without_display
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


def draw_panels(
    panels: Sequence[Panel], names: Mapping[str, str], columns: int, is_difference: bool = False
) -> Figure:
    """Draw series by epoch: bands and lines of our runs, and the printed numbers as points.

    Parameters
    ----------
    panels : sequence of Panel
        In reading order.
    names : mapping of str to str
        The legend: of each edition and marker.
    columns : int
        Panels in a row: 2 for a page, 1 for a phone.
    is_difference : bool
        Whether 0 is our mean, so that it gets a line, and numbers a sign.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a page or a phone.
    """
    legend: Dict[str, Any] = {names[edition]: _patch(edition) for edition in panels[0].bands}
    used = {point.marker for panel in panels for point in panel.points}
    legend.update({names[name]: _marker(name) for name in MARKERS if name in used})
    figure, axes = _grid(len(panels), columns, legend)
    first: Dict[str, Axes] = {}
    for ax, panel in zip(axes, panels):
        for edition, (low, high) in panel.bands.items():
            colour = _colour(edition)
            band = ax.fill_between(
                panel.epochs,
                low,
                high,
                facecolor=to_rgba(colour, 0.25),
                edgecolor=colour,
                linewidth=1,
            )
            band.set_gid(f"title:{names[edition]}")
        for edition, line in panel.lines.items():
            style = "--" if edition == "resplit" else "-"
            ax.plot(panel.epochs, line, style, color=_colour(edition), linewidth=1.5)
        if is_difference:
            ax.axhline(0, color=GREY, linewidth=1)
            ax.yaxis.set_major_formatter(FuncFormatter(_signed))
        for point in panel.points:
            marker = _marker(point.marker)
            marker.set_data([point.epoch], [point.value])
            marker.set_gid(f"title:{point.tip}")
            ax.add_line(marker)
        ax.set_title(panel.title)
        ax.set_xlim(panel.epochs[0] - 0.3, panel.epochs[-1] + 0.3)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(5))
        ax.sharey(first.setdefault(panel.metric, ax))
    for ax in axes:
        ax.autoscale(axis="y")
    return figure


def _signed(number: float, _: object) -> str:
    form = "+.3f" if 0.001 <= abs(number) < 10 else "+.3g"
    return format(number, form).replace("-", "\u2212", 1) if abs(number) > 1e-9 else "0"


def _marker(name: str) -> Line2D:
    shape, colour, size = MARKERS[name]
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=shape,
        markersize=size,
        markerfacecolor=colour,
        markeredgecolor=INK,
        markeredgewidth=0.8,
        zorder=5,
    )


def _patch(edition: str) -> Patch:
    return Patch(facecolor=to_rgba(_colour(edition), 0.25), edgecolor=_colour(edition))


def _colour(edition: str) -> str:
    return ORANGE if edition == "resplit" else BLUE


def _grid(count: int, columns: int, legend: Mapping[str, Any]) -> Tuple[Figure, List[Axes]]:
    """Make axes in a grid, and the legend above; sizes are in points."""
    width, rows = WIDE if columns > 1 else NARROW, -(-count // columns)
    # Of a panel, and beside the legend's lines.
    left, right, above, below, height = 70, 6, 28, 44, 135
    beside = 1 if columns == 1 else len(legend) if len(legend) < 5 else 3
    top = 4 + 20 * -(-len(legend) // beside)
    whole, panel = top + rows * (above + height + below), width / columns
    figure = Figure(figsize=(width / 72, whole / 72))
    axes = []
    for number in range(count):
        row, column = divmod(number, columns)
        bottom = whole - top - row * (above + height + below) - above - height
        box = (column * panel + left, bottom, panel - left - right, height)
        ax = figure.add_axes(tuple(np.divide(box, (width, whole, width, whole))))
        ax.set_xlabel(translate("epoch"))
        ax.grid(axis="y", color=GREY, alpha=0.25)
        axes.append(ax)
    figure.legend(
        legend.values(),
        legend.keys(),
        loc="upper left",
        borderaxespad=0,
        ncols=beside,
    )
    return figure, axes


def draw_mistaken_column(
    share: np.ndarray,
    train_acc: np.ndarray,
    printed: Sequence[float],
    column: str = "tutorial",
    name: str = "trouser",
) -> Figure:
    """Draw a mistaken column, and the training accuracy that it should be.

    Parameters
    ----------
    share, train_acc : numpy.ndarray
        Proportion predicted as one class and training accuracy of our runs, shape (runs, epochs).
    printed : sequence of float
        What is printed as train acc.
    column : str
        Who printed it.
    name : str
        Of the class.

    Returns
    -------
    matplotlib.figure.Figure
        One panel, as wide as a phone.
    """
    lines: Dict[str, Any] = {
        translate("training accuracy (ours)"): (train_acc.mean(axis=0), "o", "-", BLUE),
        translate("proportion predicted {name} (ours)", name=name): (
            share.mean(axis=0),
            "s",
            "--",
            ORANGE,
        ),
        translate('"train acc" in {column}', column=column): (printed, "D", "none", INK),
    }
    drawn = {
        label: Line2D(
            np.arange(1, len(y) + 1), y, marker=marker, linestyle=style, color=colour, markersize=6
        )
        for label, (y, marker, style, colour) in lines.items()
        if len(y)
    }
    figure, [ax] = _grid(1, 1, drawn)
    for line in drawn.values():
        ax.add_line(line)
    ax.set_xlim(0.7, share.shape[1] + 0.3)
    ax.set_title(translate("proportion of the training images"))
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return figure


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
    bar.set_label(translate("weight: above 0 is evidence for the class"))
    return figure


def draw_training(records: Any, implementation: str) -> Figure:
    """Draw the loss and the accuracies of one training run by epoch.

    Parameters
    ----------
    records : gluon_softmax.training.loop.Records
        One number an epoch in each list.
    implementation : str
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
    losses.set_title(f"{implementation}: training loss", fontsize=10)
    accuracies.plot(epochs, records.train_acc, "o-", color=BLUE, label="training")
    accuracies.plot(epochs, records.test_acc, "s--", color=ORANGE, label="test")
    accuracies.set_title(f"{implementation}: accuracy", fontsize=10)
    accuracies.legend(fontsize=9)
    for ax in (losses, accuracies):
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(alpha=0.3)
    return figure
