"""Pictures of images, in rows."""

from typing import Any, Optional, Sequence

import numpy as np

# First, since it imports matplotlib whatever MPLBACKEND says.
from .plot_style import GREY, RED

# isort: split
from matplotlib.figure import Figure

from ..compat.d2lzh import save_without_display
from ..console import in_notebook


def draw_images(
    images: np.ndarray,
    titles: Sequence[str],
    wrong: Optional[Sequence[bool]] = None,
    heading: str = "",
    figure: Optional[Figure] = None,
    columns: int = 10,
) -> Figure:
    """Draw images in rows, as the tutorial's ``show_fashion_mnist`` does, with a title above each.

    The images have the shape (count, 28, 28, 1) or (count, 28, 28). Those that are ``wrong`` have a
    red title, a cross and a frame. By default the figure is a new one, which belongs to no window.
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
    for ax in axes[len(images) :]:
        ax.set_axis_off()
    for ax, image, title, is_wrong in zip(axes, images, titles, wrong):
        ax.set(xticks=[], yticks=[])
        ax.imshow(np.reshape(image, (28, 28)), cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(
            title + (" \u2717" if is_wrong else ""), fontsize=9, loc="center", parse_math=False
        )
        if is_wrong:
            ax.title.set_color(RED)
        colour, width = (RED, 2.5) if is_wrong else (GREY, 0.5)
        ax.spines[:].set(visible=True, color=colour, linewidth=width)
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
