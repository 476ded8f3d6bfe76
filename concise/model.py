"""The model and its loss, put together from Gluon's parts."""

from typing import Tuple

import numpy as np
from mxnet import Context, gluon, init, nd
from mxnet.gluon import nn

num_outputs = 10


def get_net(ctx: Context) -> Tuple[nn.Sequential, gluon.ParameterDict]:
    """Make the network with new random weights.

    Parameters
    ----------
    ctx : mxnet.Context
        Where its parameters lie.

    Returns
    -------
    net : mxnet.gluon.nn.Sequential
        From X, (batch, 1, 28, 28), to logits, (batch, 10).
    params : mxnet.gluon.ParameterDict
        Weight, (10, 784), normal with standard deviation 0.01, and bias, (10,), zeros; both are
        made when the first batch tells the number of inputs.
    """
    net = nn.Sequential()
    net.add(nn.Dense(num_outputs))
    net.initialize(init.Normal(sigma=0.01), ctx=ctx)
    return net, net.collect_params()


loss = gluon.loss.SoftmaxCrossEntropyLoss()


def get_parameters(params: gluon.ParameterDict) -> Tuple[np.ndarray, np.ndarray]:
    """Copy the parameters out: W, (784, 10), and b, (10,), both float32."""
    weight, bias = params.values()
    return weight.data().asnumpy().T, bias.data().asnumpy()


def set_parameters(params: gluon.ParameterDict, W: np.ndarray, b: np.ndarray) -> None:
    """Copy W, (784, 10), and b, (10,), into the parameters."""
    weight, bias = params.values()
    weight.set_data(nd.array(W.T))
    bias.set_data(nd.array(b))
