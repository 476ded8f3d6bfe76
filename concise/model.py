"""Part 3 of the tutorial, section 3.7 of the book: model and loss, put together by Gluon."""

if __name__ == "__main__":
    raise SystemExit(f"error: {__file__}: use `python -m scratch` or `python -m concise`")

from typing import Dict, Tuple

import numpy as np
from mxnet import Context, gluon, init, nd
from mxnet.gluon import ParameterDict as Params
from mxnet.gluon import nn
from mxnet.gluon.nn import HybridSequential as Net

num_outputs = 10


def get_net(ctx: Context) -> Tuple[Net, Params]:
    """Make the network, with new random weights on a context.

    Parameters
    ----------
    ctx : mxnet.Context
        Where its parameters lie.

    Returns
    -------
    net : callable
        From X, float32 (batch, 1, 28, 28), to logits, float32 (batch, 10).
    params : mapping
        Weight, (10, 784), normal with standard deviation 0.01, and bias, (10,), zeros.
    """
    net = nn.HybridSequential()  # The tutorial's nn.Sequential, in the form that can be compiled.
    net.add(nn.Dense(num_outputs))
    net.initialize(init.Normal(sigma=0.01), ctx=ctx)
    return net, net.collect_params()


loss = gluon.loss.SoftmaxCrossEntropyLoss()


def get_parameters(params: Params) -> Dict[str, np.ndarray]:
    """Return copies of the parameters: W, (784, 10), and b, (10,), both float32."""
    weight, bias = (param.list_data()[0].asnumpy() for param in params.values())
    return {"W": weight.T, "b": bias}


def set_parameters(params: Params, W: np.ndarray, b: np.ndarray) -> None:
    """Set the parameters to W, (784, 10), and b, (10,)."""
    weight, bias = params.values()
    weight.set_data(nd.array(W.T))
    bias.set_data(nd.array(b))
