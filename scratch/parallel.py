"""Several devices, as section 8.4 of the book has it by hand, and several machines.

Each device has a copy of the parameters and trains on its share of a batch. The sum of all
gradients makes the same step on each.
"""

from typing import Any, Callable, List, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, nd

from . import model
from .model import Net, Params, loss
from .training import sgd

Copies = List[Params]


def get_net(ctxs: Sequence[Context]) -> Tuple[Net, Copies]:
    """Make the network, with the same new random weights on each context.

    Parameters
    ----------
    ctxs : sequence of mxnet.Context
        Where copies of its parameters lie.

    Returns
    -------
    net : callable
        As of ``model.get_net``; it takes the copy that lies where X does.
    copies : list of list
        W and b on each context.
    """
    nets, copies = zip(*(model.get_net(ctx) for ctx in ctxs))
    set_parameters(copies, *get_parameters(copies))
    net_on = dict(zip(ctxs, nets))
    return lambda X: net_on[X.context](X), list(copies)


def allreduce(arrays: Sequence[nd.NDArray]) -> None:
    """Add up arrays of one shape, each on a device of its own, and make each of them the sum."""
    for array in arrays[1:]:
        arrays[0][:] += array.copyto(arrays[0].context)
    for array in arrays[1:]:
        arrays[0].copyto(array)


def get_train_batch(
    net: Net, copies: Copies, lr: float, batch_size: int, kv: Any = None
) -> Callable:
    """Make the function that trains on the shares of a batch.

    Parameters
    ----------
    net, copies
        Of ``get_net``.
    lr : float
        Learning rate.
    batch_size : int
        Examples in a batch of all devices and machines, by which the summed gradients are divided.
    kv : mxnet.kvstore.KVStore, optional
        What adds up the gradients of several machines.

    Returns
    -------
    callable
        From lists of X and y, one a device that has examples, to lists of losses and outputs,
        before the step.
    """
    if kv is not None:
        for key, param in enumerate(copies[0]):
            kv.init(key, param.grad)

    def train_batch(Xs, ys):
        with autograd.record():
            y_hats = [net(X) for X in Xs]
            ls = [loss(y_hat, y) for y_hat, y in zip(y_hats, ys)]
        for l in ls:
            l.backward()
        busy = [X.context for X in Xs]
        for key, of_devices in enumerate(zip(*copies)):
            for param in of_devices:
                if param.context not in busy:
                    param.grad[:] = 0  # The last batch's.
            grads = [param.grad for param in of_devices]
            allreduce(grads)
            if kv is not None:
                kv.push(key, grads[0])
                kv.pull(key, out=grads)
        for params in copies:
            sgd(params, lr, batch_size)
        return ls, y_hats

    return train_batch


def get_parameters(copies: Copies) -> Tuple[np.ndarray, np.ndarray]:
    """Copy the parameters out: W, (784, 10), and b, (10,), both float32."""
    return model.get_parameters(copies[0])


def set_parameters(copies: Copies, W: np.ndarray, b: np.ndarray) -> None:
    """Copy W, (784, 10), and b, (10,), into the parameters on each device."""
    for params in copies:
        model.set_parameters(params, W, b)
