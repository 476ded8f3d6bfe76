"""Part 2 of the tutorial, section 3.6 of the book: model and loss, written out on NDArray."""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Callable, Dict, List, Tuple

import numpy as np
from mxnet import Context, nd

Net = Callable[[nd.NDArray], nd.NDArray]
Params = List[nd.NDArray]
num_inputs, num_outputs = 784, 10


def softmax(X: nd.NDArray) -> nd.NDArray:
    """Turn logits, (batch, 10), into probabilities, of which each row sums to 1."""
    # The tutorial's c is the maximum of the whole batch: a row 104 below it becomes 0/0.
    c = nd.max(X.detach(), axis=1, keepdims=True)  # It cancels out, so it needs no gradient.
    X_exp = (X - c).exp()
    partition = X_exp.sum(axis=1, keepdims=True)
    return X_exp / partition


def get_net(ctx: Context) -> Tuple[Net, Params]:
    """Make the network, with new random weights on a context.

    Parameters
    ----------
    ctx : mxnet.Context
        Where its parameters lie.

    Returns
    -------
    net : callable
        From X, float32 (batch, 1, 28, 28), to probabilities, float32 (batch, 10).
    params : list
        W, (784, 10), normal with standard deviation 0.01, and b, (10,), zeros.
    """
    W = nd.random.normal(scale=0.01, shape=(num_inputs, num_outputs), ctx=ctx)
    b = nd.zeros(num_outputs, ctx=ctx)
    W.attach_grad()
    b.attach_grad()

    def net(X):
        return softmax(nd.dot(X.reshape((-1, num_inputs)), W) + b)

    return net, [W, b]


def cross_entropy(y_hat: nd.NDArray, y: nd.NDArray) -> nd.NDArray:
    """Compute each example's loss, in nats, (batch,); infinite for a probability of 0."""
    return -nd.pick(y_hat, y).log()


loss = cross_entropy


def get_parameters(params: Params) -> Dict[str, np.ndarray]:
    """Return copies of the parameters: W, (784, 10), and b, (10,), both float32."""
    W, b = params
    return {"W": W.asnumpy(), "b": b.asnumpy()}


def set_parameters(params: Params, W: np.ndarray, b: np.ndarray) -> None:
    """Set the parameters to W, (784, 10), and b, (10,)."""
    params[0][:] = W
    params[1][:] = b
