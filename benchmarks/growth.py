"""Growth of training time and memory with the number of examples and the batch size."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np

from gluon_softmax.console import notify, progress
from gluon_softmax.errors import GluonSoftmaxError
from gluon_softmax.reproduction.matplotlib_backend import without_backend
from gluon_softmax.reproduction.plot_style import BLACK, BLUE, GREY, ORANGE, save_figure

from .rounds import Contender, Result, run_once

with without_backend():
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

SIZES = {
    "examples": (6_000, 20_000, 60_000, 200_000, 600_000),
    "batch_size": (20, 60, 200, 2_000, 20_000),
}
# By what grows and by contender, a result for each of the sizes; None if a process failed.
Growth = Dict[str, Dict[str, List[Optional[Result]]]]


def measure_growth(contenders: Sequence[Contender]) -> Growth:
    """Measure the growth of time and memory."""
    found: Growth = {}
    total = len(contenders) * sum(map(len, SIZES.values()))
    with progress(total=total, unit="run") as bar:
        for what, sizes in SIZES.items():
            found[what] = {contender.name: [] for contender in contenders}
            for size in sizes:
                for contender in contenders:
                    bar.set_description(f"{what} {size}: {contender.name}")
                    try:
                        result = run_once(contender, epochs=3, **{what: size})
                    except GluonSoftmaxError as error:
                        notify(str(error))
                        result = None
                    found[what][contender.name].append(result)
                    bar.update()
    return found


def print_growth(grown: Growth) -> None:
    """Print tables with one row per contender and one column per size."""
    for what, found in grown.items():
        title = what.capitalize().replace("_", " ")
        print(f"\n{title + ': seconds per epoch, peak memory in MB':44}")
        print(f"{'':28}" + "".join(f"{size:>14,}" for size in SIZES[what]))
        for name, results in found.items():
            cells = (
                f"{r.epoch:8.3f} {r.peak_bytes / 1e6:5.0f}" if r else f"{'failed':>14}"
                for r in results
            )
            print(f"{name:28}" + "".join(cells), flush=True)


def save_growth(out: Path, grown: Growth) -> None:
    """Draw the time of an epoch and the peak memory, a curve per contender, as PNG files."""
    for what, label in (("examples", "training examples"), ("batch_size", "batch size")):
        path = out / f"growth-{what.replace('_', '-')}.png"
        save_figure(_draw(label, SIZES[what], grown[what]), path)
        print(f"Figure: {path}")


def _draw(label: str, sizes: Sequence[int], found: Dict[str, List[Optional[Result]]]) -> Figure:
    figure = Figure(figsize=(9.6, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    styles = zip(found.items(), ("s-", "o-", "^--", "D:"), (BLUE, ORANGE, BLACK, GREY))
    for (name, results), style, color in styles:
        seconds = [r.epoch if r else np.nan for r in results]
        memory = [r.peak_bytes / 1e6 if r else np.nan for r in results]
        for ax, values in zip(axes, (seconds, memory)):
            ax.plot(sizes, values, style, color=color, markersize=5, label=name)
    for ax, title in zip(axes, ("seconds per epoch of training", "peak memory of the process, MB")):
        ax.set(xscale="log", yscale="log", xlabel=label)
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
        ax.tick_params(axis="x", which="minor", bottom=False)
        # With powers of ten alone, most of the axis would have no labels.
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")
        ax.set_title(title, fontsize=11)
        ax.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure
