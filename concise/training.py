"""Training of this version: Gluon's trainer takes the steps."""

from typing import Iterable

from mxnet import gluon
from mxnet.gluon import nn

from gluon_softmax.training import Records, train

from .model import loss


def train_model(
    net: nn.Sequential,
    params: gluon.ParameterDict,
    train_iter: Iterable,
    test_iter: Iterable,
    num_epochs: int,
    batch_size: int,
    lr: float,
    **options,
) -> Records:
    """Train the network of :func:`concise.model.get_net`.

    Parameters
    ----------
    net, params
        The network and its weight and bias.
    train_iter, test_iter, num_epochs, batch_size, lr, **options
        As of :func:`gluon_softmax.training.train`.

    Returns
    -------
    gluon_softmax.training.Records
        Loss, accuracies and seconds, an epoch each.
    """
    trainer = gluon.Trainer(params, "sgd", {"learning_rate": lr}, kvstore=None)
    return train(
        net, train_iter, test_iter, loss, num_epochs, batch_size, None, None, trainer, **options
    )
