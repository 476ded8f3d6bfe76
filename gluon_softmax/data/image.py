"""An image of the user's own, in the form of the data set's."""

from typing import List, Tuple

import numpy as np

from ..errors import DataError

SIDE = 28
# Mean grey level, 0 to 255, from which an object on transparency is put on black.
LIGHT = 200


def read_image(path: str) -> Tuple[np.ndarray, List[str]]:
    """Return a picture as an image of the data set, uint8 (28, 28, 1), and the steps in words.

    The image is grey and light on dark, as in Fashion-MNIST. Raises DataError if Pillow cannot read
    the file.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            # A phone stores the pixels of its camera, and the rotation in the EXIF data.
            opened = ImageOps.exif_transpose(file)
            steps = [f"{file.width} x {file.height} {file.mode}"]
            if opened.getexif() != file.getexif():
                steps.append("rotated as its EXIF data say")
            if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
                rgba = opened.convert("RGBA")
                # On paper, unless the object is too light to be seen there.
                alpha = np.asarray(rgba.getchannel("A"), float)
                lightness = (np.asarray(rgba.convert("L")) * alpha).sum() / max(alpha.sum(), 1)
                colour = "black" if lightness > LIGHT else "white"
                ground = Image.new("RGBA", rgba.size, colour)
                grey = Image.alpha_composite(ground, rgba).convert("L")
                steps.append(f"put on {colour}")
            else:
                grey = opened.convert("L")
    except Exception as error:
        # Pillow raises errors of many kinds for a damaged file.
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}"
        raise DataError(f"{path}: cannot be read as an image ({reason})") from error
    if opened.mode != "L":
        steps.append("converted to grey")
    # The border of a picture shows its background.
    pixels = np.asarray(grey)
    border = int(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))
    if grey.width != grey.height:
        side = max(grey.size)
        square = Image.new("L", (side, side), border)
        square.paste(grey, ((side - grey.width) // 2, (side - grey.height) // 2))
        grey = square
        steps.append("padded to a square")
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        steps.append(f"resized to {SIDE} x {SIDE}")
    image = np.asarray(grey, np.uint8)
    if border > 127:
        image = 255 - image
        steps.append("inverted, since its background is light")
    return image[..., np.newaxis], steps
