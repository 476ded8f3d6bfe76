"""Several devices, as section 8.4 of the book has it by hand, and several machines.

Each device has a copy of the parameters and trains on its shard of a batch. The sum of all
gradients makes the same step on each.
"""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Any, Callable, List, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, nd

from . import model, training
from .model import Net, Params, loss


def get_net(ctxs: Sequence[Context]) -> Tuple[Net, List[Params]]:
    """Make the network, with the same new random weights on each context.

    Parameters
    ----------
    ctxs : sequence of mxnet.Context
        Where copies of its parameters lie.

    Returns
    -------
    net : callable
        As of ``model.get_net``; it takes the copy that lies where X does.
    params : list
        Those of ``model.get_net``, on each context.
    """
    nets, params = zip(*(model.get_net(ctx) for ctx in ctxs))
    set_parameters(params, *get_parameters(params))
    net_on = dict(zip(ctxs, nets))
    return lambda X: net_on[X.context](X), list(params)


def allreduce(arrays: Sequence[nd.NDArray]) -> None:
    """Add up arrays of one shape, each on a device of its own, and make each of them the sum."""
    for array in arrays[1:]:
        arrays[0][:] += array.copyto(arrays[0].context)
    for array in arrays[1:]:
        arrays[0].copyto(array)


def get_train_batch(
    net: Net, params: List[Params], lr: float, batch_size: int, kv: Any = None
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
    kv : mxnet.kvstore.KVStore, optional
        What adds up the gradients of several machines.

    Returns
    -------
    callable
        From lists of X and y, one a device that has examples, to lists of losses and outputs,
        before the step.
    """
    if kv is not None:
        for key, param in enumerate(params[0]):
            kv.init(key, param.grad)

    def train_batch(Xs, ys):
        with autograd.record():
            y_hats = [net(X) for X in Xs]
            ls = [loss(y_hat, y) for y_hat, y in zip(y_hats, ys)]
        for l in ls:
            l.backward()
        busy = [X.context for X in Xs]
        for key, copies in enumerate(zip(*params)):
            for param in copies:
                if param.context not in busy:
                    param.grad[:] = 0  # The last batch's.
            grads = [param.grad for param in copies]
            allreduce(grads)
            if kv is not None:
                kv.push(key, grads[0])
                kv.pull(key, out=grads)
        for of_device in params:
            training.sgd(of_device, lr, batch_size)
        return ls, y_hats

    return train_batch


def get_parameters(params: Sequence[Params]) -> Tuple[np.ndarray, np.ndarray]:
    """Copy the parameters out: W, (784, 10), and b, (10,), both float32."""
    return model.get_parameters(params[0])


def set_parameters(params: Sequence[Params], W: np.ndarray, b: np.ndarray) -> None:
    """Copy W, (784, 10), and b, (10,), into the parameters on each device."""
    for of_device in params:
        model.set_parameters(of_device, W, b)
