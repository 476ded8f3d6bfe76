"""Pictures by epoch: one training, or our runs as bands and lines and printed numbers as points."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

# First, since it imports matplotlib whatever MPLBACKEND says.
from .plot_style import BLUE, GREY, INK, ORANGE, RED

# isort: split
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..data.fashion_mnist import CLASS_NAMES
from . import verdicts
from .edition_names import IN_A_SENTENCE
from .experiment import Experiment
from .judgement import Judgement, Row
from .language import Message, Text, translate

_ANSWER = ("loss", "test_acc")
_CURVES = ("loss", "train_acc", "test_acc")
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


def draw_answer(judgement: Judgement) -> Dict[str, Figure]:
    """Draw the judged losses and test accuracies minus our mean, two tables beside each other.

    Returns the picture for a page and, as ``narrow``, for a phone; nothing without verdicts.
    """
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
    return _wide_and_narrow(panels, _answer_names(experiment), True) if panels else {}


def _answer_names(experiment: Experiment) -> Dict[str, Text]:
    column = Message(experiment.printed.column)
    names = {
        edition: Message("expected on {data}", data=IN_A_SENTENCE[edition])
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


def _differences(experiment: Experiment, table: str, metric: str, of_panel: List[Row]) -> Panel:
    means = np.array([row.mean(experiment.data.edition) for row in of_panel])
    return Panel(
        table,
        metric,
        str(
            Message("{title}, minus our mean", title=_title(of_panel[0].claim.table_label, metric))
        ),
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
                _tip(row),
            )
            for row, mean in zip(of_panel, means)
        ],
    )


def _tip(row: Row) -> str:
    """Write what the pointer shows on a point of the first picture."""
    decimals = row.claim.decimals
    parts: List[Text] = [f"{row.claim.label} {row.claim.text}"]
    for edition, (low, high) in row.intervals.items():
        parts.append(
            Message(
                "{data}: {low} to {high}",
                data=IN_A_SENTENCE[edition],
                low=f"{low:.{decimals}f}",
                high=f"{high:.{decimals}f}",
            )
        )
    return "\n".join(map(str, [*parts, row.verdict_in_words]))


def draw_curves(judgement: Judgement) -> Dict[str, Figure]:
    """Draw the first table of each implementation, and all runs of it, as :func:`draw_answer`."""
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
                            PRINTED,
                            f"{row.claim.label} {row.claim.text}",
                        )
                        for row in shown
                        if (row.claim.table, row.claim.metric) == (tables[implementation], metric)
                    ],
                )
            )
    return _wide_and_narrow(panels, _curve_names(experiment), False)


def _curve_names(experiment: Experiment) -> Dict[str, Text]:
    implementation = experiment.printed.implementations[0]
    names = {
        edition: Message(
            "{data}: mean and range of {n} runs",
            data=IN_A_SENTENCE[edition],
            n=len(experiment.of(edition, implementation)),
        )
        for edition in experiment.runs
    }
    return {
        **names,
        PRINTED: Message("number in {name}", name=Message(experiment.printed.name)),
    }


def _title(table: Text, metric: str) -> Text:
    name = {
        "loss": Message("training loss"),
        "train_acc": Message("training accuracy"),
        "test_acc": Message("test accuracy"),
    }[metric]
    return Message("{table}: {words}", table=table, words=name)


def _wide_and_narrow(
    panels: List[Panel], names: Dict[str, Text], is_difference: bool
) -> Dict[str, Figure]:
    shown = {key: str(name) for key, name in names.items()}
    # On a phone all panels of one table follow each other.
    tables = [panel.table for panel in panels]
    stacked = sorted(panels, key=lambda panel: tables.index(panel.table))
    return {
        "figure": draw_panels(panels, shown, 2, is_difference),
        "narrow": draw_panels(stacked, shown, 1, is_difference),
    }


def draw_panels(
    panels: Sequence[Panel], names: Mapping[str, str], columns: int, is_difference: bool = False
) -> Figure:
    """Draw series by epoch: bands and lines of our runs, and the printed numbers as points.

    ``names`` is the legend, of each edition and marker. Two columns are for a page, one is for a
    phone. Where the numbers are differences, 0 is our mean: it gets a line, and numbers a sign.
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


def draw_mistaken_column(experiment: Experiment) -> Optional[Figure]:
    """Draw the first column that is the proportion predicted as one class; None without one.

    Beside it stands the training accuracy, which it should be.
    """
    mistaken = [each for each in experiment.printed.claims if each.mistaken_class is not None]
    if not mistaken:
        return None
    first, number = mistaken[0], int(mistaken[0].mistaken_class or 0)
    records = [run.records for run in experiment.of(experiment.data.edition, first.implementation)]
    share = np.mean([each.shares for each in records], axis=0)[:, number]
    train_acc = np.mean([each.train_acc for each in records], axis=0)
    printed = np.full(len(share), np.nan)
    for each in mistaken:
        if each.table == first.table and experiment.is_comparable():
            printed[each.epoch - 1] = each.printed / each.scale
    name = translate(experiment.printed.name)
    lines: Dict[str, Any] = {
        translate("training accuracy (ours)"): (train_acc, "o", "-", BLUE),
        translate("proportion predicted {name} (ours)", name=CLASS_NAMES[number]): (
            share,
            "s",
            "--",
            ORANGE,
        ),
        translate('"train acc" in {column}', column=name): (printed, "D", "none", INK),
    }
    drawn = {
        label: Line2D(
            np.arange(1, len(y) + 1), y, marker=marker, linestyle=style, color=colour, markersize=6
        )
        for label, (y, marker, style, colour) in lines.items()
        if not np.isnan(y).all()
    }
    figure, [ax] = _grid(1, 1, drawn)
    for line in drawn.values():
        ax.add_line(line)
    ax.set_xlim(0.7, len(share) + 0.3)
    ax.set_title(translate("proportion of the training images"))
    ax.set_ylim(0, 1)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    return figure


def _grid(count: int, columns: int, legend: Mapping[str, Any]) -> Tuple[Figure, List[Axes]]:
    """Make axes in a grid, and the legend above; sizes are in points."""
    width, rows = WIDE if columns > 1 else NARROW, -(-count // columns)
    # The margins and the height of a panel; then the entries in a line of the legend.
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
