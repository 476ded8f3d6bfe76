"""An image file of the user's own, compared with NumPy and with the data set's own images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gluon_softmax.data.image import read_image
from gluon_softmax.errors import DataError


@pytest.fixture
def saved(tmp_path):
    def save(pixels, mode=None, name="image.png", **options):
        path = tmp_path / name
        Image.fromarray(np.asarray(pixels, np.uint8), mode).save(path, **options)
        return str(path)

    return save


def test_an_image_of_the_data_set_comes_back_as_it_is(sample, saved):
    for image in sample.test_images[:20]:
        read, steps = read_image(saved(image[..., 0]))
        assert np.array_equal(read, image)
        assert steps == ["28 x 28 L"]


def test_a_light_background_is_inverted(sample, saved):
    image = sample.test_images[0]
    read, steps = read_image(saved(255 - image[..., 0]))
    assert np.array_equal(read, image)
    assert steps[-1].startswith("inverted")


def test_colours_become_grey_by_their_lightness(saved):
    pixels = np.zeros((28, 28, 3), np.uint8)
    pixels[5:20, 5:20] = (200, 100, 50)
    read, steps = read_image(saved(pixels))
    # ITU-R 601-2: 0.299 R + 0.587 G + 0.114 B.
    assert abs(int(read[10, 10, 0]) - (0.299 * 200 + 0.587 * 100 + 0.114 * 50)) <= 1
    assert "converted to grey" in steps


def test_a_large_image_is_padded_and_resized(saved):
    pixels = np.zeros((56, 112), np.uint8)
    pixels[:, 28:84] = 255
    read, steps = read_image(saved(pixels))
    assert read.shape == (28, 28, 1)
    assert steps[1:] == ["padded to a square", "resized to 28 x 28"]
    # Above and below lies the background, in the middle the object.
    assert read[:6].max() <= 40
    assert read[10:18, 9:19].min() >= 250


def test_transparency_is_white_as_on_a_page(saved):
    pixels = np.zeros((28, 28, 4), np.uint8)
    pixels[8:20, 8:20] = (0, 0, 0, 255)
    read, steps = read_image(saved(pixels))
    # A black object on white: inverted, it is white on black.
    assert read[0, 0, 0] == 0
    assert read[10, 10, 0] == 255
    assert "put on white" in steps


def test_a_light_object_on_transparency_stays_visible(saved):
    pixels = np.zeros((28, 28, 4), np.uint8)
    pixels[8:20, 8:20] = (250, 250, 250, 255)
    read, steps = read_image(saved(pixels))
    assert (read[0, 0, 0], read[10, 10, 0]) == (0, 250)
    assert "put on black" in steps


def test_a_photo_is_rotated_as_its_exif_data_say(tmp_path):
    """Orientation 6, as phones write it: the first row is the picture's right side."""
    from PIL import Image

    pixels = np.zeros((28, 28), np.uint8)
    pixels[:4] = 255
    picture, upright = Image.fromarray(pixels), Image.fromarray(np.rot90(pixels, -1).copy())
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "photo.png", exif=exif)
    upright.save(tmp_path / "upright.png")
    read, steps = read_image(str(tmp_path / "photo.png"))
    np.testing.assert_array_equal(read, read_image(str(tmp_path / "upright.png"))[0])
    assert "rotated as its EXIF data say" in steps


@pytest.mark.parametrize("name", ["shoe.jpg", "shoe.bmp", "shoe.gif"])
def test_other_formats(name, saved):
    pixels = np.zeros((28, 28), np.uint8)
    pixels[8:20, 8:20] = 200
    read, _ = read_image(saved(pixels, name=name))
    assert abs(int(read[14, 14, 0]) - 200) <= 3


@pytest.mark.parametrize("content", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_file_that_is_no_image(content, tmp_path):
    path = tmp_path / "x.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.png: cannot be read as an image \(\w") as caught:
        read_image(str(path))
    assert "\n" not in str(caught.value)


def test_an_image_that_is_cut_short(saved, tmp_path):
    content = Path(saved(np.random.RandomState(0).randint(0, 256, (200, 200)))).read_bytes()
    (tmp_path / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="cannot be read as an image"):
        read_image(str(tmp_path / "half.png"))


@pytest.mark.parametrize("columns", [False, True])
def test_both_sides_of_an_image_count_for_its_background(columns, saved):
    # With its corners, two light sides are a little more than half of the border.
    pixels = np.zeros((28, 28), np.uint8)
    lines = pixels.T if columns else pixels
    lines[0] = lines[-1] = 255
    _, steps = read_image(saved(pixels))
    assert steps[-1] == "inverted, since its background is light"
