"""``python -m scratch predict`` and ``python -m concise predict``: the tutorial's last picture."""

from pathlib import Path
from typing import List

from .options import (
    Parser,
    add_ctx_option,
    add_data_options,
    check_writable,
    load_data,
    whole_number,
)


def run(version: str, argv: List[str]) -> int:
    """Run the command with its arguments; gives its exit status."""
    parser = Parser(
        prog=f"python -m {version} predict",
        description="Draw the first test images with their true and, below, predicted classes.",
    )
    parser.add_argument("file", metavar="FILE", help="parameters that --save wrote")
    parser.add_argument(
        "--count", type=whole_number(1, 100), default=9, metavar="N", help="number of images"
    )
    parser.add_argument(
        "--out",
        metavar="FILE.png",
        help="write the picture to this file, .png or .svg; without it there is only text",
    )
    add_data_options(parser)
    add_ctx_option(parser)
    arguments = parser.parse_args(argv)
    out = None if arguments.out is None else Path(arguments.out)
    if out is not None:
        if out.suffix not in (".png", ".svg"):
            parser.error(f"--out {arguments.out!r} ends neither with .png nor with .svg")
        check_writable(out)

    from ..data.fashion_mnist import get_fashion_mnist_labels
    from ..reproduction.versions import VERSIONS
    from ..training.context import get_context
    from ..training.parameters import load_parameters
    from ..training.run import predict

    ctx = get_context(arguments.ctx)
    parameters = load_parameters(arguments.file)
    data = load_data(arguments)
    images, labels = data.test_images[: arguments.count], data.test_labels[: arguments.count]
    predicted = predict(VERSIONS[version], parameters, images, ctx).argmax(axis=1)
    true_names = get_fashion_mnist_labels(labels)
    predicted_names = get_fashion_mnist_labels(predicted)
    print(f"{'':>5}  {'true':10}  predicted")
    for index, (true, guess) in enumerate(zip(true_names, predicted_names)):
        print(f"{index:>5}  {true:10}  {guess}{'' if true == guess else '  (wrong)'}")
    if out is not None:
        from ..reproduction.figures import draw_images, save_figure

        titles = [f"{true}\n{guess}" for true, guess in zip(true_names, predicted_names)]
        heading = f"{version}: true class, below it the predicted one"
        save_figure(draw_images(images, titles, predicted != labels, heading), out)
        print(f"picture written to {out}")
    return 0
