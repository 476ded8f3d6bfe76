"""Several devices, by hand as in section 8.4 of the book, and several machines.

Each device has a copy of the parameters and trains on its part of a batch. The sum of all gradients
makes the same step on each.
"""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, nd
from mxnet.gluon.utils import split_and_load

from . import model, training
from .model import Net, Params, loss


def get_net(ctxs: Sequence[Context]) -> Tuple[Net, List[Params]]:
    """Make the network, with the same new random weights on each context.

    As ``model.get_net``. The net uses the copy of the parameters on the context of X.
    """
    nets, params = zip(*(model.get_net(ctx) for ctx in ctxs))
    set_parameters(params, **get_parameters(params))
    net_on = dict(zip(ctxs, nets))
    return lambda X: net_on[X.context](X), list(params)


def allreduce(arrays: Sequence[nd.NDArray]) -> None:
    """Add up arrays of one shape, each on another device, and store the sum in each."""
    for array in arrays[1:]:
        arrays[0][:] += array.copyto(arrays[0].context)
    for array in arrays[1:]:
        arrays[0].copyto(array)


def get_train_batch(
    net: Net, params: List[Params], lr: float, batch_size: int, kv: Any = None
) -> Callable:
    """Make the function that trains on a batch, of which each device has a part.

    As ``training.get_train_batch``. ``kv`` adds up the gradients of several machines.
    """
    ctxs = [W.context for W, _ in params]
    if kv is not None:
        for key, param in enumerate(params[0]):
            kv.init(key, param.grad)

    def train_batch(X, y):
        Xs, ys = (split_and_load(array, ctxs, even_split=False) for array in (X, y))
        with autograd.record():
            y_hats = [net(X) for X in Xs]
            ls = [loss(y_hat, y) for y_hat, y in zip(y_hats, ys)]
        for l in ls:
            l.backward()
        for key, copies in enumerate(zip(*params)):
            grads = [param.grad for param in copies]
            allreduce(grads)
            if kv is not None:
                kv.push(key, grads[0])
                kv.pull(key, out=grads)
        for of_device in params:
            training.sgd(of_device, lr, batch_size)
        return concatenated(ls), concatenated(y_hats)

    return train_batch


def concatenated(arrays: Sequence[nd.NDArray]) -> nd.NDArray:
    """Return the parts of a batch as one array, on the device of the first."""
    return nd.concat(*(array.as_in_context(arrays[0].context) for array in arrays), dim=0)


def get_parameters(params: Sequence[Params]) -> Dict[str, np.ndarray]:
    """Return copies of the parameters: W, (784, 10), and b, (10,), both float32."""
    return model.get_parameters(params[0])


def set_parameters(params: Sequence[Params], W: np.ndarray, b: np.ndarray) -> None:
    """Set the parameters on each device to W, (784, 10), and b, (10,)."""
    for of_device in params:
        model.set_parameters(of_device, W, b)
