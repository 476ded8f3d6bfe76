"""Replacement for d2lzh's ``train_ch3``, for a reader's own nets."""

from typing import Any, Callable, Iterable, Optional, Sequence

from mxnet import autograd, gluon, nd

from .loop import Records, print_epoch, train_epochs
from .metrics import ImmediateSums


def train_ch3(
    net: Callable,
    train_iter: Iterable,
    test_iter: Iterable,
    loss: Callable,
    num_epochs: int,
    batch_size: int,
    params: Optional[Sequence[nd.NDArray]] = None,
    lr: Optional[float] = None,
    trainer: Optional[gluon.Trainer] = None,
    on_epoch: Optional[Callable[[Records], Any]] = print_epoch,
) -> Records:
    """Train and evaluate any model.

    Parameters
    ----------
    net : callable
        Maps X to one output per class, (batch, 10).
    train_iter, test_iter : iterable of (X, y)
        Batches of images and labels, on the net's context.
    loss : callable
        Maps the net's outputs and y to one loss per example, (batch,).
    num_epochs : int
        Number of epochs.
    batch_size : int
        Divisor of the summed gradients.
    params : sequence of mxnet.nd.NDArray, optional
        Parameters to update by SGD, without a trainer.
    lr : float, optional
        Learning rate of SGD.
    trainer : mxnet.gluon.Trainer, optional
        Updates the parameters instead of SGD.
    on_epoch : callable, optional
        Called with the records after each epoch; prints the tutorial's line by default.

    Returns
    -------
    Records
        Loss, accuracies and seconds of each epoch.

    Raises
    ------
    DataError
        If an epoch has no batch.
    Diverged
        If a loss is not finite after an epoch; d2lzh continues and prints ``nan``.

    Notes
    -----
    ``train`` of the tutorial, ``d2lzh.train_ch3``: the same parameters give the same results.
    """

    def sgd(batch_size):
        for param in params:
            param -= lr * param.grad / batch_size

    update = sgd if trainer is None else trainer.step

    def train_batch(X, y):
        with autograd.record():
            y_hat = net(X)
            l = loss(y_hat, y)
        # For a vector, MXNet computes the gradient of its sum, which the tutorial writes out.
        l.backward()
        update(batch_size)
        return l, y_hat

    return train_epochs(
        train_batch, net, train_iter, test_iter, num_epochs, on_epoch, counter=ImmediateSums
    )
