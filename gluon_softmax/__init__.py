"""Softmax regression on Fashion-MNIST in MXNet 1.9.1 and Gluon, as in the tutorial.

Importing this package makes MXNet and d2lzh importable on newer Pythons; see ``compat``. The
functions for a reader's own notebook are here by name; each is imported at its first use.
"""

from importlib import import_module
from typing import Any, List, Tuple

from .compat import apply_patches

__version__ = "0.2.0"

_PUBLIC = {
    "evaluate_accuracy": "training.loop",
    "get_fashion_mnist_labels": "data.fashion_mnist",
    "load_data_fashion_mnist": "training.loader",
    "show_fashion_mnist": "reproduction.image_plots",
    "train_ch3": "training.train_ch3",
}


def _take(train: bool) -> Tuple[Any, Any]:
    """Return the arrays of MXNet's ``FashionMNIST``."""
    from .data.load import load_chosen

    data = load_chosen()
    if train:
        return data.train_images, data.train_labels
    return data.test_images, data.test_labels


apply_patches(_take)


def load_ipython_extension(ipython: Any) -> None:
    """Make d2lzh fast in a notebook: ``%load_ext gluon_softmax``."""
    import_module(".training.speed_up", __name__).speed_up()
    print("d2l.load_data_fashion_mnist gives the same batches from memory now")


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> List[str]:
    return sorted({*globals(), *_PUBLIC})
