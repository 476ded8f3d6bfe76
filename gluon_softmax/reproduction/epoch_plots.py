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
from .answer import Judgement
from .edition_names import IN_A_SENTENCE
from .experiment import Experiment
from .language import Message, Text, translate
from .verdicts import JudgedClaim

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

    Panels of one metric share a scale. By edition, a band has its lower and upper ends, shape (2,
    epochs), and a line has the shape (epochs,). The points are the printed numbers.
    """

    table: str
    metric: str
    title: str
    epochs: Sequence[int]
    bands: Dict[str, Sequence[np.ndarray]]
    lines: Dict[str, np.ndarray]
    points: Sequence["Point"]


class Point(NamedTuple):
    """A printed number: where it is, its marker in ``MARKERS``, and its text for the pointer."""

    epoch: int
    value: float
    marker: str
    tip: str


def draw_answer(judgement: Judgement) -> Dict[str, Any]:
    """Draw the judged losses and test accuracies minus our mean, two tables beside each other.

    Returns the picture for a page and, as ``narrow``, for a phone; nothing without verdicts.
    """
    experiment = judgement.experiment
    judged = [row for row in judgement.verdicts if row.intervals]
    tables = experiment.printed.tables if judged else []
    panels = []
    for pair in (tables[n : n + 2] for n in range(0, len(tables), 2)):
        for metric in ("loss", "test_acc"):
            for table in pair:
                of_panel = [
                    row for row in judged if row.claim.table == table and row.claim.metric == metric
                ]
                panels.append(_differences(experiment, table, metric, of_panel))
    column = Message(experiment.printed.column)
    names = {
        edition: Message("expected on {data}", data=IN_A_SENTENCE[edition])
        for edition in experiment.runs
    }
    for verdict, words in (
        (verdicts.REPRODUCES, Message("matches")),
        (verdicts.ON_RESPLIT, Message("re-split only")),
        (verdicts.FAILS, Message("no match")),
        (verdicts.NO_VERDICT, Message("no verdict")),
    ):
        names[verdict] = Message("{column}: {words}", column=column, words=words)
    return _wide_and_narrow(panels, names, True) if panels else {}


def _differences(
    experiment: Experiment, table: str, metric: str, of_panel: List[JudgedClaim]
) -> Panel:
    means = np.array([row.mean(experiment.data.edition) for row in of_panel])
    title = _title(of_panel[0].claim.table_label, metric)
    return Panel(
        table,
        metric,
        str(Message("{title}, minus our mean", title=title)),
        [row.claim.epoch for row in of_panel],
        {
            name: np.transpose([row.intervals[name] for row in of_panel]) - means
            for name in of_panel[0].intervals
        },
        {},
        [
            Point(row.claim.epoch, row.claim.printed - mean, row.verdict, _tip(row))
            for row, mean in zip(of_panel, means)
        ],
    )


def _tip(row: JudgedClaim) -> str:
    """Write what the pointer shows on a point of the first picture."""
    decimals = row.claim.decimals
    ranges = [
        Message(
            "{data}: {low} to {high}",
            data=IN_A_SENTENCE[edition],
            low=f"{low:.{decimals}f}",
            high=f"{high:.{decimals}f}",
        )
        for edition, (low, high) in row.intervals.items()
    ]
    parts = [f"{row.claim.label} {row.claim.text}", *ranges, verdicts.WORDS[row.verdict]]
    return "\n".join(map(str, parts))


def draw_curves(judgement: Judgement) -> Dict[str, Any]:
    """Draw the first table of each implementation, and all runs of it, as :func:`draw_answer`."""
    experiment = judgement.experiment
    printed = experiment.printed
    tables = {printed.of(table)[0].implementation: table for table in printed.tables[::-1]}
    shown = [row for row in judgement.verdicts if row.claim.epoch and experiment.is_comparable()]
    panels = []
    for metric in ("loss", "train_acc", "test_acc"):
        for implementation in printed.implementations:
            series = {
                edition: np.array(
                    [getattr(run.records, metric) for run in experiment.of(edition, implementation)]
                )
                for edition in experiment.runs
            }
            points = [
                Point(
                    row.claim.epoch,
                    row.claim.printed / row.claim.scale,
                    PRINTED,
                    f"{row.claim.label} {row.claim.text}",
                )
                for row in shown
                if (row.claim.table, row.claim.metric) == (tables[implementation], metric)
            ]
            panels.append(
                Panel(
                    implementation,
                    metric,
                    str(_title(implementation, metric)),
                    range(1, experiment.settings.epochs + 1),
                    {name: (of.min(axis=0), of.max(axis=0)) for name, of in series.items()},
                    {name: of.mean(axis=0) for name, of in series.items()},
                    points,
                )
            )
    names = {
        edition: Message(
            "{data}: mean and range of {n} runs",
            data=IN_A_SENTENCE[edition],
            n=len(experiment.of(edition, printed.implementations[0])),
        )
        for edition in experiment.runs
    }
    names[PRINTED] = Message("number in {name}", name=Message(printed.name))
    return _wide_and_narrow(panels, names, False)


def _title(table: Text, metric: str) -> Message:
    name = {
        "loss": Message("training loss"),
        "train_acc": Message("training accuracy"),
        "test_acc": Message("test accuracy"),
    }[metric]
    return Message("{table}: {words}", table=table, words=name)


def _wide_and_narrow(
    panels: List[Panel], names: Dict[str, Message], is_difference: bool
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
    legend: Dict[str, Any] = {names[name]: Patch(**_band(name)) for name in panels[0].bands}
    used = {point.marker for panel in panels for point in panel.points}
    legend.update({names[name]: _marker(name) for name in MARKERS if name in used})
    figure, axes = _grid(len(panels), columns, legend)
    first: Dict[str, Axes] = {}
    for ax, panel in zip(axes, panels):
        for edition, (low, high) in panel.bands.items():
            tip = f"title:{names[edition]}"
            ax.fill_between(panel.epochs, low, high, gid=tip, **_band(edition))
        for edition, line in panel.lines.items():
            style = "--" if edition == "resplit" else "-"
            ax.plot(panel.epochs, line, style, color=_colour(edition), linewidth=1.5)
        if is_difference:
            ax.axhline(0, color=GREY, linewidth=1)
            ax.yaxis.set_major_formatter(FuncFormatter(_signed))
        for point in panel.points:
            marker = _marker(point.marker, [point.epoch], [point.value])
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


def _marker(name: str, x: Sequence[float] = (), y: Sequence[float] = ()) -> Line2D:
    shape, colour, size = MARKERS[name]
    return Line2D(
        x,
        y,
        linestyle="none",
        marker=shape,
        markersize=size,
        markerfacecolor=colour,
        markeredgecolor=INK,
        markeredgewidth=0.8,
        zorder=5,
    )


def _band(edition: str) -> Dict[str, Any]:
    colour = _colour(edition)
    return {"facecolor": to_rgba(colour, 0.25), "edgecolor": colour, "linewidth": 1}


def _colour(edition: str) -> str:
    return ORANGE if edition == "resplit" else BLUE


def draw_mistaken_column(experiment: Experiment) -> Optional[Figure]:
    """Draw the first column that is the proportion predicted as one class; None without one.

    The training accuracy, which the column should be, is drawn beside it.
    """
    mistaken = [each for each in experiment.printed.claims if each.class_id is not None]
    if not mistaken:
        return None
    first, number = mistaken[0], int(mistaken[0].class_id or 0)
    records = [run.records for run in experiment.of(experiment.data.edition, first.implementation)]
    proportion = np.mean([each.proportions for each in records], axis=0)[:, number]
    train_acc = np.mean([each.train_acc for each in records], axis=0)
    epochs = range(1, len(proportion) + 1)
    drawn = {
        translate("training accuracy (ours)"): Line2D(epochs, train_acc, marker="o", color=BLUE),
        translate("proportion predicted {name} (ours)", name=CLASS_NAMES[number]): Line2D(
            epochs, proportion, marker="s", linestyle="--", color=ORANGE
        ),
    }
    if experiment.is_comparable():
        printed = [each for each in mistaken if each.table == first.table]
        name = translate('"train acc" in {column}', column=Message(experiment.printed.name))
        drawn[name] = Line2D(
            [each.epoch for each in printed],
            [each.printed / each.scale for each in printed],
            marker="D",
            linestyle="none",
            color=INK,
        )
    figure, [ax] = _grid(1, 1, drawn)
    for line in drawn.values():
        ax.add_line(line)
    ax.set_xlim(0.7, len(proportion) + 0.3)
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
    """Draw the loss and the accuracies of a run's ``Records`` by epoch, in two panels."""
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
