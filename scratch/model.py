"""The model and its loss, written out on NDArray."""

from typing import Callable, List, Tuple

import numpy as np
from mxnet import Context, nd

num_inputs = 784
num_outputs = 10
# The least that a logit may lie below its row's largest: exp(-80) = 2e-35 still has an inverse in
# float32, which the gradient of the logarithm takes.
lowest = -80


def softmax(X: nd.NDArray) -> nd.NDArray:
    """Turn each row of logits into probabilities.

    Parameters
    ----------
    X : mxnet.nd.NDArray of float32
        Logits, shape (batch, 10).

    Returns
    -------
    mxnet.nd.NDArray of float32
        Probabilities, shape (batch, 10); each row sums to 1.

    Notes
    -----
    Part 2 of the document, but for c. ``gluon_softmax compare`` shows both.
    """
    # The document's c is the maximum over the whole batch. That prevents overflow, but a row 104
    # below it is all zeros, and 0/0 is not a number; hence each row's own. It cancels out, so no
    # gradient is asked of it. And a probability of 0 would have the logarithm -inf; hence `lowest`.
    c = nd.max(X.detach(), axis=1, keepdims=True)
    X_exp = nd.maximum(X - c, lowest).exp()
    partition = X_exp.sum(axis=1, keepdims=True)
    return X_exp / partition


def get_net(ctx: Context) -> Tuple[Callable, List[nd.NDArray]]:
    """Make the network with new random weights.

    Parameters
    ----------
    ctx : mxnet.Context
        Where its parameters lie.

    Returns
    -------
    net : callable
        From X, (batch, 1, 28, 28), to probabilities, (batch, 10).
    params : list of mxnet.nd.NDArray
        ``W``, (784, 10), normal with standard deviation 0.01, and ``b``, (10,), zeros.
    """
    W = nd.random.normal(scale=0.01, shape=(num_inputs, num_outputs), ctx=ctx)
    b = nd.zeros(num_outputs, ctx=ctx)
    W.attach_grad()
    b.attach_grad()

    def net(X):
        return softmax(nd.dot(X.reshape((-1, num_inputs)), W) + b)

    return net, [W, b]


def cross_entropy(y_hat: nd.NDArray, y: nd.NDArray) -> nd.NDArray:
    """Compute the loss of each example.

    Parameters
    ----------
    y_hat : mxnet.nd.NDArray of float32
        Probabilities, shape (batch, 10).
    y : mxnet.nd.NDArray
        Labels, shape (batch,), any numeric dtype.

    Returns
    -------
    mxnet.nd.NDArray of float32
        Minus the logarithm of the true class's probability, in nats, shape (batch,); with
        :func:`softmax` at most 80 + log(10), where Gluon's loss grows on.

    Notes
    -----
    Part 2 of the document. Its introduction puts a small delta inside the logarithm, its code does
    not; nor is one needed here, as :func:`softmax` gives no 0.
    """
    return -nd.pick(y_hat, y).log()


loss = cross_entropy


def get_parameters(params: List[nd.NDArray]) -> Tuple[np.ndarray, np.ndarray]:
    """Copy the parameters out: W, (784, 10), and b, (10,), both float32."""
    W, b = params
    return W.asnumpy(), b.asnumpy()


def set_parameters(params: List[nd.NDArray], W: np.ndarray, b: np.ndarray) -> None:
    """Copy W, (784, 10), and b, (10,), into the parameters."""
    params[0][:] = W
    params[1][:] = b
