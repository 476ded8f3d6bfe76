"""The body of the tutorial's ``train``; its loop is in ``gluon_softmax/training/loop.py``."""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Callable

from mxnet import autograd

from .model import Net, Params, loss


def sgd(params: Params, lr: float, batch_size: int) -> None:
    """Take a step of mini-batch SGD, in place, by the gradients of the batch's summed loss."""
    for param in params:
        param -= lr * param.grad / batch_size


def get_train_batch(net: Net, params: Params, lr: float, batch_size: int) -> Callable:
    """Make the function that trains on a batch.

    Parameters
    ----------
    net, params
        Of ``get_net``.
    lr : float
        Learning rate.
    batch_size : int
        Examples in a batch, by which the summed gradients are divided.

    Returns
    -------
    callable
        From X and y to the losses, (batch,), and the outputs, (batch, 10), before the step.
    """

    def train_batch(X, y):
        with autograd.record():
            y_hat = net(X)
            l = loss(y_hat, y)
        # MXNet takes a vector's gradient for that of its sum, which the tutorial writes out.
        l.backward()
        sgd(params, lr, batch_size)
        return l, y_hat

    return train_batch
