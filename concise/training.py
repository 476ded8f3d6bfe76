"""The body of the tutorial's ``train``; its loop is in ``gluon_softmax/training/loop.py``."""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Callable

from mxnet import autograd, gluon

from .model import Net, Params, loss


class NetWithLoss(gluon.HybridBlock):
    """Network and loss as one graph, which MXNet compiles: an epoch takes half the time."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net, self.loss = net, loss
        self.hybridize(static_alloc=True, static_shape=True)

    def hybrid_forward(self, F, X, y):
        """Return the losses and outputs of a batch."""
        y_hat = self.net(X)
        return self.loss(y_hat, y), F.BlockGrad(y_hat)  # Only the loss needs a gradient.


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
    net_with_loss = NetWithLoss(net)
    trainer = gluon.Trainer(params, "sgd", {"learning_rate": lr}, kvstore=None)

    def train_batch(X, y):
        with autograd.record():
            l, y_hat = net_with_loss(X, y)
        # MXNet takes a vector's gradient for that of its sum, which the tutorial writes out.
        l.backward()
        trainer.step(batch_size)
        return l, y_hat

    return train_batch
