import numpy as np
import pytest
from matplotlib.image import imread

from gluon_softmax.data.fashion_mnist import CLASS_NAMES
from gluon_softmax.errors import GluonSoftmaxError
from gluon_softmax.reproduction import figures


def texts(figure):
    """All words in a picture."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def test_images_are_the_data_and_wrong_ones_are_marked(sample):
    figure = figures.draw_images(
        sample.train_images[:3], ["a", "b", "c"], [False, True, False], "heading"
    )
    shown = [ax.images[0].get_array() for ax in figure.axes]
    for image, array in zip(sample.train_images, shown):
        np.testing.assert_array_equal(image[..., 0], array)
    assert [ax.get_title() for ax in figure.axes] == ["a", "b \u2717", "c"]
    assert "heading" in texts(figure)


@pytest.mark.parametrize("count", [1, 9, 10, 11, 100])
def test_any_count_of_images(sample, count):
    figure = figures.draw_images(sample.train_images[:count], ["t"] * count)
    assert sum(bool(ax.images) for ax in figure.axes) == count


@pytest.mark.parametrize("lines", [1, 3])
@pytest.mark.parametrize("count", [1, 2, 9, 25])
def test_no_words_are_cut_off_or_overlap(sample, count, lines):
    heading = "scratch: true class, predicted class, and its probability"
    titles = ["\n".join(["ankle boot"] * lines)] * count
    figure = figures.draw_images(sample.train_images[:count], titles, [True] * count, heading)
    figure.draw_without_rendering()
    words = [figure._suptitle, *(ax.title for ax in figure.axes if ax.get_title())]
    boxes = [word.get_window_extent() for word in words]
    boxes += [ax.get_window_extent() for ax in figure.axes if ax.images]
    assert len(boxes) == 1 + 2 * count
    for number, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:number])


def test_curves_hold_runs_and_tutorial():
    runs = {"scratch": {"loss": np.array([[0.7, 0.5], [0.8, 0.6]])}}
    figure = figures.draw_curves(
        {"official": runs}, {"scratch": {"loss": [0.75, 0.5]}}, {"loss": "loss"}
    )
    mean, tutorial = figure.axes[0].lines
    np.testing.assert_allclose(mean.get_ydata(), [0.75, 0.55])
    np.testing.assert_allclose(tutorial.get_ydata(), [0.75, 0.5])
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (0.5, 0.8)


def test_confusion_counts():
    labels, predicted = np.array([0, 0, 9, 3]), np.array([0, 1, 9, 3])
    words = texts(figures.draw_confusion(labels, predicted))
    assert words.count("1") >= 4
    assert "3 of 4 test images right" in words
    assert set(CLASS_NAMES) <= set(words)


def test_templates_are_the_columns_of_W():
    W = np.random.RandomState(0).normal(size=(784, 10))
    axes = figures.draw_templates(W).axes
    for column in range(10):
        np.testing.assert_array_equal(
            axes[column].images[0].get_array(), W[:, column].reshape(28, 28)
        )


def test_templates_keep_their_order_of_lightness():
    # Grey printing must tell what speaks for a class from what speaks against it.
    from matplotlib import colormaps

    image = figures.draw_templates(np.eye(784, 10)).axes[0].images[0]
    rgb = colormaps[image.get_cmap().name](np.linspace(0, 1, 50))[:, :3]
    assert (np.diff(rgb @ [0.2126, 0.7152, 0.0722]) > 0).all()


def test_colours_differ_when_printed_grey():
    from matplotlib.colors import to_rgb

    lightness = sorted(
        np.dot(to_rgb(c), [0.2126, 0.7152, 0.0722])
        for c in (figures.BLUE, figures.ORANGE, figures.BLACK)
    )
    assert min(np.diff(lightness)) > 0.15


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_saved_whole(tmp_path, sample, ending):
    path = tmp_path / f"a.{ending}"
    figures.save_figure(figures.draw_images(sample.train_images[:2], ["a", "b"]), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if ending == "png":
        assert imread(path).std() > 0
    else:
        assert path.read_text("utf-8").rstrip().endswith("</svg>")


def test_a_folder_that_is_not_there(tmp_path, sample):
    figure = figures.draw_images(sample.train_images[:1], ["a"])
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        figures.save_figure(figure, tmp_path / "none" / "a.png")


def test_no_window_is_opened(sample):
    import sys

    figures.draw_images(sample.train_images[:1], ["a"])
    assert not hasattr(sys.modules.get("gluon_softmax.reproduction.figures"), "plt")


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
        figures.show_fashion_mnist(given, ["a", "b", "c"])
        axes = plt.gcf().axes
        assert [ax.get_title() for ax in axes] == ["a", "b", "c"]
        shown.append([ax.images[0].get_array() for ax in axes])
        plt.close()
    np.testing.assert_array_equal(shown[0], images[..., 0])
    for other in shown[1:]:
        np.testing.assert_allclose(other, shown[0], atol=1e-3)
