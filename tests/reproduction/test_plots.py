import io
import os
import re
import subprocess
import sys
import warnings
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.image import imread

from gluon_softmax.data.fashion_mnist import CLASS_NAMES
from gluon_softmax.errors import GluonSoftmaxError
from gluon_softmax.reproduction import plots
from gluon_softmax.reproduction.language import speaking


def texts(figure):
    """All words in a picture."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def test_images_are_the_data_and_wrong_ones_are_marked(sample):
    figure = plots.draw_images(
        sample.train_images[:3], ["a", "b", "c"], [False, True, False], "heading"
    )
    shown = [ax.images[0].get_array() for ax in figure.axes]
    for image, array in zip(sample.train_images, shown):
        np.testing.assert_array_equal(image[..., 0], array)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b \u2717", "c"]
    assert "heading" in texts(figure)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 100])
def test_any_count_of_images(sample, count):
    figure = plots.draw_images(sample.train_images[:count], ["t"] * count)
    assert sum(bool(ax.images) for ax in figure.axes) == count


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 9, 25])
def test_no_words_are_cut_off_or_overlap(sample, count, lines):
    heading = "scratch: true class, predicted class, and its probability"
    titles = ["\n".join(["ankle boot"] * lines)] * count
    figure = plots.draw_images(sample.train_images[:count], titles, [True] * count, heading)
    figure.draw_without_rendering()
    words = [figure._suptitle, *(ax.title for ax in figure.axes if ax.get_title())]
    boxes = [word.get_window_extent() for word in words]
    boxes += [ax.get_window_extent() for ax in figure.axes if ax.images]
    assert len(boxes) == 1 + 2 * count
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:number])


def panel(metric="loss", value=0.5, high=0.6, tip="a <tip>"):
    """One with two epochs."""
    return plots.Panel(
        "scratch",
        metric,
        "scratch: loss",
        [1, 2],
        {"official": np.array([[0.4, 0.4], [high, high]]), "resplit": np.zeros((2, 2))},
        {"official": np.array([0.45, 0.5])},
        [plots.Point(1, value, "printed", tip)],
    )


NAMES = {"official": "expected", "resplit": "on a re-split", "printed": "number in the tutorial"}


@pytest.mark.parametrize("columns", [1, 2])
def test_panels_of_one_metric_have_one_scale(columns):
    drawn = plots.draw_panels([panel(), panel(high=9), panel("test_acc", value=7)], NAMES, columns)
    first, second, third = (ax.get_ylim() for ax in drawn.axes)
    assert first == second
    assert first[0] < 0 < 9 < first[1]
    assert third[0] < 0 < 7 < third[1] < 9
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == list(NAMES.values())


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("count", range(1, 6))
def test_the_whole_legend_is_in_the_picture(count, columns):
    markers = list(plots.MARKERS)[:count]
    points = [plots.Point(1, 0.5, marker, "") for marker in markers]
    names = {**NAMES, **dict.fromkeys(markers, "tutorial: not explained")}
    with plots.styled():
        drawn = plots.draw_panels([panel()._replace(points=points)], names, columns)
        drawn.draw_without_rendering()
    box, above = drawn.legends[0].get_window_extent(), drawn.axes[0]._left_title.get_window_extent()
    assert box.x1 <= drawn.bbox.x1
    assert above.y1 <= box.y0


def test_an_svg_has_tips_text_and_its_own_ids():
    drawn = plots.svg(plots.draw_panels([panel()], NAMES, 1), "first")
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
    # The same again, so that a picture in the docs only changes with its numbers.
    assert plots.svg(plots.draw_panels([panel()], NAMES, 1), "first") == drawn
    alone = ElementTree.fromstring(plots.standing_alone(drawn))
    assert [float(alone.get(name)) for name in ("width", "height")] == [
        float(number) for number in root.get("viewBox").split()[2:]
    ]


def test_all_colours_have_one_for_the_dark():
    with plots.styled():
        drawn = plots.svg(
            plots.draw_panels([panel(), panel(tip="b")], NAMES, 2, is_difference=True), "x"
        )
    used = set(re.findall("(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert used >= {plots.BLUE, plots.ORANGE, plots.GREY, plots.INK}
    assert used <= set(plots.DARK) | {"#ffffff"}
    for colour in used & set(plots.DARK):
        assert f'[style*="fill: {colour}"]' in plots.dark_colours()


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
    assert plots._signed(number, None) == text


def test_pictures_are_chinese_where_a_font_has_it(monkeypatch):
    font = plots.chinese_font()
    if font is None:
        pytest.skip("no Chinese font")
    with warnings.catch_warnings():
        # A glyph that is missing is a warning.
        warnings.simplefilter("error")
        with speaking("zh"), plots.styled():
            drawn = plots.draw_mistaken_column(np.ones((2, 3)), np.ones((2, 3)), [1, 1, 1])
            assert "周期" in texts(drawn)
    monkeypatch.setattr(plots, "_CHINESE_FONTS", ("no such font",))
    with speaking("zh"), plots.styled():
        drawn = plots.draw_mistaken_column(np.ones((2, 3)), np.ones((2, 3)), [1, 1, 1])
        assert "epoch" in texts(drawn)


def test_a_small_image_is_a_pixel_for_a_pixel():
    pixels = np.arange(28 * 28).reshape(28, 28) % 256
    read = imread(io.BytesIO(plots.png(pixels, "gray_r", 0, 255)))
    # matplotlib's greys are one off here and there.
    np.testing.assert_allclose(255 - 255 * read[..., 0], pixels, atol=1.01)


def test_confusion_counts():
    labels, predicted = np.array([0, 0, 9, 3]), np.array([0, 1, 9, 3])
    words = texts(plots.draw_confusion(plots.confusion(labels, predicted)))
    assert words.count("1") >= 4
    assert "3 of 4 test images are correct" in words
    assert set(CLASS_NAMES) <= set(words)


def test_templates_are_the_columns_of_W():
    W = np.random.RandomState(0).normal(size=(784, 10))
    axes = plots.draw_templates(W).axes
    for column in range(10):
        np.testing.assert_array_equal(
            axes[column].images[0].get_array(), W[:, column].reshape(28, 28)
        )


def test_a_weight_of_0_is_white():
    image = plots.draw_templates(np.eye(784, 10) - np.eye(784, 10, k=-1)).axes[0].images[0]
    low, zero, high = image.to_rgba([-1, 0, 1])[:, :3]
    assert list(zero) == [1, 1, 1]
    # What is below 0 is red, what is above is blue.
    assert low[0] > 2 * low[2]
    assert high[2] > 2 * high[0]


def test_colours_differ_when_printed_grey():
    from matplotlib.colors import to_rgb

    lightness = sorted(
        np.dot(to_rgb(c), [0.2126, 0.7152, 0.0722]) for c in (plots.BLUE, plots.ORANGE, plots.BLACK)
    )
    assert min(np.diff(lightness)) > 0.15


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_saved_whole(tmp_path, sample, ending):
    path = tmp_path / f"a.{ending}"
    plots.save_figure(plots.draw_images(sample.train_images[:2], ["a", "b"]), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if ending == "png":
        assert imread(path).std() > 0
    else:
        assert path.read_text("utf-8").rstrip().endswith("</svg>")


def test_a_folder_that_is_not_there(tmp_path, sample):
    figure = plots.draw_images(sample.train_images[:1], ["a"])
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        plots.save_figure(figure, tmp_path / "none" / "a.png")


def test_no_window_is_opened(sample):
    import sys

    plots.draw_images(sample.train_images[:1], ["a"])
    assert not hasattr(sys.modules.get("gluon_softmax.reproduction.plots"), "plt")


def test_show_fashion_mnist_is_a_row_of_pyplot(sample, monkeypatch):
    import mxnet as mx
    from matplotlib import pyplot as plt

    plt.switch_backend("agg")
    images = sample.train_images[:3]
    shown = []
    for given in (
        images,
        mx.nd.array(images, dtype="uint8"),
        mx.nd.array(images / 255),
        list(mx.nd.array(images)),
    ):
        plots.show_fashion_mnist(given, ["a", "b", "c"])
        axes = plt.gcf().axes
        assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
        shown.append([ax.images[0].get_array() for ax in axes])
        plt.close()
    np.testing.assert_array_equal(shown[0], images[..., 0])
    for other in shown[1:]:
        np.testing.assert_allclose(other, shown[0], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "asked", "used"),
    [("", "svg", "svg"), ("", "nonsense", "agg"), ("matplotlib.use('pdf'); ", "svg", "pdf")],
)
def test_a_backend_that_there_is_stays_in_use(before, asked, used):
    code = (
        f"import os, matplotlib; {before}" * bool(before)
        + f"import os; os.environ['MPLBACKEND'] = {asked!r}; "
        + "from gluon_softmax.reproduction import plots; from matplotlib import pyplot as plt; "
        + "print(plt.get_backend(), os.environ['MPLBACKEND'])"
    )
    environment = {name: os.environ[name] for name in os.environ if name != "DISPLAY"}
    environment.pop("MPLBACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.split() == [used, asked]


def test_a_title_is_no_formula(sample):
    titles = texts(plots.draw_images(sample.train_images[:1], ["$\\q$"]))
    assert "$\\q$" in titles
