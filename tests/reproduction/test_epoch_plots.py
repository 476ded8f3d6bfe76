import re
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from shared import texts

from gluon_softmax.reproduction import epoch_plots, plot_style
from gluon_softmax.reproduction.language import speaking


def panel(metric="loss", value=0.5, high=0.6, tip="a <tip>"):
    """Return a panel with two epochs."""
    return epoch_plots.Panel(
        "scratch",
        metric,
        "scratch: loss",
        [1, 2],
        {"official": np.array([[0.4, 0.4], [high, high]]), "resplit": np.zeros((2, 2))},
        {"official": np.array([0.45, 0.5])},
        [epoch_plots.Point(1, value, "printed", tip)],
    )


NAMES = {"official": "expected", "resplit": "on a re-split", "printed": "number in the tutorial"}


@pytest.mark.parametrize("columns", [1, 2])
def test_panels_of_one_metric_have_one_scale(columns):
    drawn = epoch_plots.draw_panels(
        [panel(), panel(high=9), panel("test_acc", value=7)], NAMES, columns
    )
    first, second, third = (ax.get_ylim() for ax in drawn.axes)
    assert first == second
    assert first[0] < 0 < 9 < first[1]
    assert third[0] < 0 < 7 < third[1] < 9
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == list(NAMES.values())


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("count", range(1, 6))
def test_the_whole_legend_is_in_the_picture(count, columns):
    markers = list(epoch_plots.MARKERS)[:count]
    points = [epoch_plots.Point(1, 0.5, marker, "") for marker in markers]
    names = {**NAMES, **dict.fromkeys(markers, "tutorial: not explained")}
    with plot_style.styled():
        drawn = epoch_plots.draw_panels([panel()._replace(points=points)], names, columns)
        drawn.draw_without_rendering()
    box, above = drawn.legends[0].get_window_extent(), drawn.axes[0]._left_title.get_window_extent()
    assert box.x1 <= drawn.bbox.x1
    assert above.y1 <= box.y0


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.005, "+0.005"),
        (-0.01, "\u22120.010"),
        (0.0, "0"),
        (12.0, "+12"),
        (-250.0, "\u2212250"),
        (2e-5, "+2e\u221205"),
    ],
)
def test_differences_have_a_sign(number, text):
    assert epoch_plots._signed(number, None) == text


def test_an_svg_has_tips_text_and_its_own_ids():
    drawn = plot_style.svg(epoch_plots.draw_panels([panel()], NAMES, 1), "first")
    root = ElementTree.fromstring(drawn)
    names = {"svg": "http://www.w3.org/2000/svg"}
    titles = [title.text for title in root.iterfind(".//svg:title", names)]
    assert titles == ["expected", "on a re-split", "a <tip>"]
    assert "scratch: loss" in [text.text for text in root.iterfind(".//svg:text", names)]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) > 10
    assert all(each.startswith("first-") for each in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', drawn)) <= set(ids)
    assert "DejaVu" not in drawn
    # Drawn again, it is the same, so a picture in the docs changes only with its numbers.
    assert plot_style.svg(epoch_plots.draw_panels([panel()], NAMES, 1), "first") == drawn
    alone = ElementTree.fromstring(plot_style.standing_alone(drawn))
    assert [float(alone.get(name)) for name in ("width", "height")] == [
        float(number) for number in root.get("viewBox").split()[2:]
    ]


def test_all_colours_have_one_for_the_dark():
    with plot_style.styled():
        drawn = plot_style.svg(
            epoch_plots.draw_panels([panel(), panel(tip="b")], NAMES, 2, is_difference=True), "x"
        )
    used = set(re.findall("(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert used >= {plot_style.BLUE, plot_style.ORANGE, plot_style.GREY, plot_style.INK}
    assert used <= set(plot_style.DARK) | {"#ffffff"}
    for colour in used & set(plot_style.DARK):
        assert f'[style*="fill: {colour}"]' in plot_style.dark_colours()


def test_pictures_are_chinese_with_a_chinese_font(monkeypatch):
    font = plot_style.chinese_font()
    if font is None:
        pytest.skip("no Chinese font")
    with warnings.catch_warnings():
        # A glyph that is missing is a warning.
        warnings.simplefilter("error")
        with speaking("zh"), plot_style.styled():
            drawn = epoch_plots.draw_panels([panel()], NAMES, 1)
            assert "周期" in texts(drawn)
    monkeypatch.setattr(plot_style, "_CHINESE_FONTS", ("no such font",))
    with speaking("zh"), plot_style.styled():
        drawn = epoch_plots.draw_panels([panel()], NAMES, 1)
        assert "epoch" in texts(drawn)
