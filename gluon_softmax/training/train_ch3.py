"""d2lzh's ``train_ch3``, for nets of a reader's own."""

from typing import Callable, Iterable, Optional, Sequence

from mxnet import autograd, gluon, nd

from .counting import Each
from .loop import Records, print_epoch, train_epochs


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
    on_epoch: Callable[[Records], None] = print_epoch,
) -> Records:
    """Train and evaluate any model.

    Parameters
    ----------
    net : callable
        From X to one output a class, (batch, 10); called as it is, nothing of it is changed.
    train_iter, test_iter : iterable of (X, y)
        Batches of images and labels, where the net lies.
    loss : callable
        From the net's outputs and y to one loss an example, (batch,).
    num_epochs : int
        Passes over the training set.
    batch_size : int
        What the summed gradients are divided by.
    params : sequence of mxnet.nd.NDArray, optional
        Parameters to take a step of SGD, if there is no trainer.
    lr : float, optional
        Their learning rate.
    trainer : mxnet.gluon.Trainer, optional
        What updates the parameters otherwise.
    on_epoch : callable
        Called with the records after each epoch; prints the tutorial's line by default.

    Returns
    -------
    Records
        Loss, accuracies and seconds, an epoch each.

    Raises
    ------
    DataError
        If an epoch has no batch.
    Diverged
        If a loss is not finite after an epoch, where d2lzh's goes on to print ``nan``.

    Notes
    -----
    ``train`` of the tutorial, ``d2lzh.train_ch3``: the same results for whatever that takes.
    """

    def sgd(batch_size):
        for param in params:
            param -= lr * param.grad / batch_size

    update = sgd if trainer is None else trainer.step

    def train_batch(X, y):
        with autograd.record():
            y_hat = net(X)
            l = loss(y_hat, y)
        # MXNet takes a vector's gradient for that of its sum, which the tutorial writes out.
        l.backward()
        update(batch_size)
        return l, y_hat

    return train_epochs(train_batch, net, train_iter, test_iter, num_epochs, on_epoch, counter=Each)


train = train_ch3
