"""``gluon-softmax predict``, ``python -m scratch predict`` and ``python -m concise predict``."""

import argparse
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np

from ..cluster.roles import refuse_role
from ..console import printable, write_line
from ..data.fashion_mnist import get_fashion_mnist_labels
from ..data.image import read_image
from ..errors import UsageError, check_implementations
from ..reproduction.edition_names import EDITION
from . import options

Predictor = Callable[[np.ndarray], np.ndarray]
SUMMARY = "predict classes of test images, or of an image of your own"


def add_arguments(parser: options.Parser, implementation: Optional[str] = None) -> None:
    """Add the command's arguments to its parser; the implementation, unless it is given."""
    parser.description = (
        "Predict with parameters that training saved by --save. Print the true and the predicted "
        "class of the first test images, and the accuracy on all of them."
    )
    options.add_implementation(parser, implementation)
    parser.add_argument("file", metavar="FILE", help="parameters written by --save")
    parser.add_argument(
        "--image",
        metavar="FILE",
        action="append",
        help="predict the class of this image instead of test images; it is converted to 28 x 28 "
        "grey pixels, light on dark; can be repeated",
    )
    parser.add_argument(
        "--top",
        type=options.whole_number(1, 10),
        metavar="K",
        help="print the K most probable classes with their probabilities",
    )
    parser.add_argument(
        "--count",
        type=options.whole_number(1, 100),
        metavar="N",
        help="number of test images (default: 9)",
    )
    parser.add_argument(
        "--out", metavar="FILE.png", help="draw the images into this file (.png or .svg)"
    )
    options.add_data_options(parser)
    options.add_ctx_option(parser)


def run(arguments: argparse.Namespace) -> int:
    refuse_role()
    if arguments.out is not None:
        options.check_picture("--out", arguments.out)
        options.check_writable(Path(arguments.out))
        for image in arguments.image or ():
            options.check_distinct(image=image, out=arguments.out)
    if arguments.image is not None:
        for option in ("count", "edition", "split_seed", "data_dir"):
            if getattr(arguments, option) is not None:
                name = f"--{option.replace('_', '-')}"
                raise UsageError(f"{name} has no effect on --image: drop one of them")

    check_implementations()

    from ..implementations import IMPLEMENTATIONS
    from ..training.context import get_context
    from ..training.parameters import load_parameters
    from ..training.run import predict

    implementation = IMPLEMENTATIONS[arguments.implementation]
    parameters = load_parameters(arguments.file, implementation.shapes)

    def probabilities_of(images: np.ndarray) -> np.ndarray:
        return predict(implementation, parameters, images, get_context(arguments.ctx))

    if arguments.image is not None:
        _predict_own(arguments, probabilities_of)
    else:
        _predict_test_images(arguments, probabilities_of)
    return 0


def _predict_test_images(arguments: argparse.Namespace, probabilities_of: Predictor) -> None:
    data, count = options.load_data(arguments), arguments.count or 9
    probabilities = probabilities_of(data.test_images)
    predicted = probabilities.argmax(axis=1)
    right = predicted == data.test_labels
    names = get_fashion_mnist_labels(data.test_labels[:count])
    rows = [_in_words(each, arguments.top) for each in probabilities[:count]]
    width = max(map(len, rows))
    write_line(f"{'':>5}  {'true':10}  predicted")
    for index, (name, row) in enumerate(zip(names, rows)):
        mark = "" if right[index] else "(wrong)"
        write_line(f"{index:>5}  {name:10}  {row:{width}}  {mark}".rstrip())
    write_line(
        f"accuracy on the {len(right)} test images ({EDITION[data.edition]}): {right.mean():.4f}"
    )
    _draw(arguments, data.test_images[:count], names, predicted[:count], ~right[:count])


def _predict_own(arguments: argparse.Namespace, probabilities_of: Predictor) -> None:
    images = []
    for path in arguments.image:
        image, steps = read_image(path)
        images.append(image)
        write_line(f"{path}: {', '.join(steps)}")
    probabilities = probabilities_of(np.stack(images))
    for path, each in zip(arguments.image, probabilities):
        write_line(f"{path}: {_in_words(each, arguments.top or 3)}")
    names = [printable(Path(path).name) for path in arguments.image]
    _draw(arguments, np.stack(images), names, probabilities.argmax(axis=1))


def _in_words(probabilities: np.ndarray, top: Optional[int]) -> str:
    """Return the most probable class, or the first few with their probabilities."""
    best = np.argsort(-probabilities, kind="stable")[: top or 1]
    names = get_fashion_mnist_labels(best)
    if top is None:
        return names[0]
    return ", ".join(f"{name} {probabilities[k]:.1%}" for name, k in zip(names, best))


def _draw(
    arguments: argparse.Namespace, images: Any, names: Any, predicted: Any, wrong: Any = None
) -> None:
    if arguments.out is None:
        return
    from ..reproduction.image_plots import draw_images
    from ..reproduction.plot_style import plain, save_figure

    titles = [f"{n}\n{guess}" for n, guess in zip(names, get_fashion_mnist_labels(predicted))]
    above = "file name" if arguments.image else "true class"
    heading = f"{arguments.implementation}: {above}, and the predicted class below it"
    with plain():
        figure = draw_images(images, titles, wrong, heading)
    save_figure(figure, Path(arguments.out))
    write_line(f"picture written to {arguments.out}")
