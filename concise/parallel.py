"""Several devices, as section 8.5 of the book has it by Gluon, and several machines.

Each device has a copy of the parameters and trains on its shard of a batch. The ``Trainer`` has a
KVStore add up all gradients, with which it makes the same step on each.
"""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Any, Callable, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, gluon

from . import model
from .model import Net, Params, loss


def get_net(ctxs: Sequence[Context]) -> Tuple[Net, Params]:
    """Make the network, with the same new random weights on each context.

    Parameters
    ----------
    ctxs : sequence of mxnet.Context
        Where copies of its parameters lie.

    Returns
    -------
    net : callable
        As of ``model.get_net``; it takes the copy that lies where X does.
    params : mapping
        Those of ``model.get_net``, on each context.
    """
    net, params = model.get_net(list(ctxs))
    net.hybridize()
    return net, params


def get_train_batch(
    net: Net, params: Params, lr: float, batch_size: int, kv: Any = "device"
) -> Callable:
    """Make the function that trains on the shards of a batch.

    Parameters
    ----------
    net, params
        Of ``get_net``.
    lr : float
        Learning rate.
    batch_size : int
        Examples in a batch of all devices and machines, by which the summed gradients are divided.
    kv : str or mxnet.kvstore.KVStore
        What adds up the gradients of several devices and machines.

    Returns
    -------
    callable
        From lists of X and y, one a device that has examples, to lists of losses and outputs,
        before the step.
    """
    # Each device takes the step itself: a server would take one with all that it adds up.
    trainer = gluon.Trainer(
        params, "sgd", {"learning_rate": lr}, kvstore=kv, update_on_kvstore=False
    )
    [weight, *_] = params.values()

    def train_batch(Xs, ys):
        with autograd.record():
            y_hats = [net(X) for X in Xs]
            ls = [loss(y_hat, y) for y_hat, y in zip(y_hats, ys)]
            busy = [X.context for X in Xs]
            # Gluon wants a gradient from each device, also from one without an example.
            nothing = [
                sum((param.data(ctx) * 0).sum() for param in params.values())
                for ctx in weight.list_ctx()
                if ctx not in busy
            ]
        for l in ls + nothing:
            l.backward()
        trainer.step(batch_size)
        return ls, y_hats

    return train_batch


def get_parameters(params: Params) -> Tuple[np.ndarray, np.ndarray]:
    """Copy the parameters out: W, (784, 10), and b, (10,), both float32."""
    return model.get_parameters(params)


def set_parameters(params: Params, W: np.ndarray, b: np.ndarray) -> None:
    """Copy W, (784, 10), and b, (10,), into the parameters on each device."""
    model.set_parameters(params, W, b)
