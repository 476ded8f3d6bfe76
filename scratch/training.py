"""Training of this version: gradients by autograd, a manual step of SGD."""

from typing import Callable, Iterable, List

from mxnet import nd

from gluon_softmax.training import Records, train

from .model import loss


def train_model(
    net: Callable,
    params: List[nd.NDArray],
    train_iter: Iterable,
    test_iter: Iterable,
    num_epochs: int,
    batch_size: int,
    lr: float,
    **options,
) -> Records:
    """Train the network of :func:`scratch.model.get_net`.

    Parameters
    ----------
    net, params
        The network and its ``W`` and ``b``.
    train_iter, test_iter, num_epochs, batch_size, lr, **options
        As of :func:`gluon_softmax.training.train`.

    Returns
    -------
    gluon_softmax.training.Records
        Loss, accuracies and seconds, an epoch each.
    """
    return train(net, train_iter, test_iter, loss, num_epochs, batch_size, params, lr, **options)
