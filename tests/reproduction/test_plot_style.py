import io

import numpy as np
import pytest
from matplotlib.image import imread

from gluon_softmax.errors import GluonSoftmaxError
from gluon_softmax.reproduction import plot_style
from gluon_softmax.reproduction.image_plots import draw_images


def test_a_small_image_is_a_pixel_for_a_pixel():
    pixels = np.arange(28 * 28).reshape(28, 28) % 256
    read = imread(io.BytesIO(plot_style.png(pixels, "gray_r", 0, 255)))
    # matplotlib's greys are one off here and there.
    np.testing.assert_allclose(255 - 255 * read[..., 0], pixels, atol=1.01)


def test_colours_differ_when_printed_grey():
    from matplotlib.colors import to_rgb

    lightness = sorted(
        np.dot(to_rgb(c), [0.2126, 0.7152, 0.0722])
        for c in (plot_style.BLUE, plot_style.ORANGE, plot_style.BLACK)
    )
    assert min(np.diff(lightness)) > 0.15


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_saved_whole(tmp_path, sample, ending):
    path = tmp_path / f"a.{ending}"
    plot_style.save_figure(draw_images(sample.train_images[:2], ["a", "b"]), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if ending == "png":
        assert imread(path).std() > 0
    else:
        assert path.read_text("utf-8").rstrip().endswith("</svg>")


def test_a_folder_that_is_not_there(tmp_path, sample):
    figure = draw_images(sample.train_images[:1], ["a"])
    with pytest.raises(GluonSoftmaxError, match="cannot be written"):
        plot_style.save_figure(figure, tmp_path / "none" / "a.png")
