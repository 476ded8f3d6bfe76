"""Several devices, by Gluon as in section 8.5 of the book, and several machines.

Each device has a copy of the parameters and trains on its part of a batch. The ``Trainer`` has a
KVStore add up all gradients, with which it makes the same step on each.
"""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Any, Callable, Dict, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, gluon, nd
from mxnet.gluon.utils import split_and_load

from . import model
from .model import Net, Params, loss


def get_net(ctxs: Sequence[Context]) -> Tuple[Net, Params]:
    """Make the network, with the same new random weights on each context.

    As ``model.get_net``. The net uses the copy of the parameters on the context of X.
    """
    net, params = model.get_net(ctxs[0])
    params.reset_ctx(list(ctxs))
    net.hybridize()
    return net, params


def get_train_batch(
    net: Net, params: Params, lr: float, batch_size: int, kv: Any = "device"
) -> Callable:
    """Make the function that trains on a batch, of which each device has a part.

    As ``training.get_train_batch``. ``kv`` adds up the gradients of several devices and machines.
    """
    ctxs = next(iter(params.values())).list_ctx()
    # Each device takes the step itself: a server would take one with all that it adds up.
    trainer = gluon.Trainer(
        params, "sgd", {"learning_rate": lr}, kvstore=kv, update_on_kvstore=False
    )

    def train_batch(X, y):
        Xs, ys = (split_and_load(array, ctxs, even_split=False) for array in (X, y))
        with autograd.record():
            y_hats = [net(X) for X in Xs]
            ls = [loss(y_hat, y) for y_hat, y in zip(y_hats, ys)]
        for l in ls:
            l.backward()
        trainer.step(batch_size)
        return concatenated(ls), concatenated(y_hats)

    return train_batch


def concatenated(arrays: Sequence[nd.NDArray]) -> nd.NDArray:
    """Return the parts of a batch as one array, on the device of the first."""
    return nd.concat(*(array.as_in_context(arrays[0].context) for array in arrays), dim=0)


def get_parameters(params: Params) -> Dict[str, np.ndarray]:
    """Return copies of the parameters: W, (784, 10), and b, (10,), both float32."""
    return model.get_parameters(params)


def set_parameters(params: Params, W: np.ndarray, b: np.ndarray) -> None:
    """Set the parameters on each device to W, (784, 10), and b, (10,)."""
    model.set_parameters(params, W, b)
