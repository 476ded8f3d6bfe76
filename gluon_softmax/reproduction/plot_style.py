"""The style of all pictures, and the writing of pictures to files."""

import io
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

import numpy as np

from .matplotlib_backend import without_backend

with without_backend():
    import matplotlib
from matplotlib import font_manager
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.image import imsave

from ..writing import whole_file, write_text
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
    """Write a picture, .png or .svg, whole or not at all; raises as :func:`write_text` does."""
    if path.suffix.lower() == ".svg":
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
    """Draw a figure as a part of a page with :func:`dark_colours`: an element ``svg``.

    The browser draws its text, in the reader's font. An artist whose gid begins with ``title:``
    shows the rest of it when the pointer is on it. All ids begin with the name.
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
    """Encode one small image, (height, width), as PNG, a pixel for a pixel."""
    file = io.BytesIO()
    with plain():
        imsave(file, pixels, cmap=colours, vmin=low, vmax=high, format="png")
    return file.getvalue()
