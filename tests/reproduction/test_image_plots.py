import os
import subprocess
import sys

import numpy as np
import pytest
from shared import texts

from gluon_softmax.reproduction import image_plots


def test_images_are_the_data_and_wrong_ones_are_marked(sample):
    figure = image_plots.draw_images(
        sample.train_images[:3], ["a", "b", "c"], [False, True, False], "heading"
    )
    shown = [ax.images[0].get_array() for ax in figure.axes]
    for image, array in zip(sample.train_images, shown):
        np.testing.assert_array_equal(image[..., 0], array)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b \u2717", "c"]
    assert "heading" in texts(figure)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 100])
def test_any_count_of_images(sample, count):
    figure = image_plots.draw_images(sample.train_images[:count], ["t"] * count)
    assert sum(bool(ax.images) for ax in figure.axes) == count


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 9, 25])
def test_no_words_are_cut_off_or_overlap(sample, count, lines):
    heading = "scratch: true class, predicted class, and its probability"
    titles = ["\n".join(["ankle boot"] * lines)] * count
    figure = image_plots.draw_images(sample.train_images[:count], titles, [True] * count, heading)
    figure.draw_without_rendering()
    words = [figure._suptitle, *(ax.title for ax in figure.axes if ax.get_title())]
    boxes = [word.get_window_extent() for word in words]
    boxes += [ax.get_window_extent() for ax in figure.axes if ax.images]
    assert len(boxes) == 1 + 2 * count
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_no_window_is_opened(sample):
    import sys

    image_plots.draw_images(sample.train_images[:1], ["a"])
    assert not hasattr(sys.modules.get("gluon_softmax.reproduction.image_plots"), "plt")


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
        image_plots.show_fashion_mnist(given, ["a", "b", "c"])
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
def test_a_known_backend_stays_in_use(before, asked, used):
    code = (
        f"import os, matplotlib; {before}" * bool(before)
        + f"import os; os.environ['MPLBACKEND'] = {asked!r}; "
        + "from gluon_softmax.reproduction import image_plots; "
        + "from matplotlib import pyplot as plt; "
        + "print(plt.get_backend(), os.environ['MPLBACKEND'])"
    )
    environment = {name: os.environ[name] for name in os.environ if name != "DISPLAY"}
    environment.pop("MPLBACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout.split() == [used, asked]


def test_a_title_is_no_formula(sample):
    titles = texts(image_plots.draw_images(sample.train_images[:1], ["$\\q$"]))
    assert "$\\q$" in titles
