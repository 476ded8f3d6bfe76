"""The training loop that both versions share: section 3.6.6 of the book, part 2 of the document.

Names, signature and results are those of ``d2lzh.train_ch3``. It differs in two ways: it waits
for MXNet once an epoch instead of three times a batch, and it gives its records back.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Callable, Iterable, List, Optional, Sequence, Tuple

import numpy as np
from mxnet import Context, autograd, cpu, gluon, nd
from mxnet.gluon import nn

from .console import progress
from .errors import Diverged

# How many batches' outputs may wait on the device; for batch size 1 an epoch has 60,000.
_KEPT = 1000


@dataclass
class Records:
    """What training gave, one number an epoch in each list.

    Parameters
    ----------
    loss : list of float
        Mean loss of the training examples, in nats, over the epoch's batches as they were met.
    train_acc : list of float
        Share of them whose predicted class is the true one.
    share_predicted_1 : list of float
        Share of them predicted as class 1, trouser: what the document prints as training accuracy,
        since it compares the predictions with 1 instead of with the labels.
    test_acc : list of float
        Share of the test examples whose predicted class is the true one, after the epoch.
    seconds : list of float
        Wall-clock time of the epoch's training, without the test.
    """

    loss: List[float] = field(default_factory=list)
    train_acc: List[float] = field(default_factory=list)
    share_predicted_1: List[float] = field(default_factory=list)
    test_acc: List[float] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)


def print_epoch(records: Records) -> None:
    """Print the last epoch as the document does."""
    print(_line(records, records.train_acc[-1]), flush=True)


def print_epoch_as_document(records: Records) -> None:
    """Print the last epoch with the document's error: the share of class 1 as ``train acc``."""
    print(_line(records, records.share_predicted_1[-1]), flush=True)


def _line(records: Records, train_acc: float) -> str:
    return "epoch %d, loss %.4f, train acc %.3f, test acc %.3f" % (
        len(records.loss),
        records.loss[-1],
        train_acc,
        records.test_acc[-1],
    )


def sgd(params: Sequence[nd.NDArray], lr: float, batch_size: int) -> None:
    """Take one step of mini-batch stochastic gradient descent, in place.

    Parameters
    ----------
    params : sequence of mxnet.nd.NDArray
        Parameters with their gradients, those of the batch's summed loss.
    lr : float
        Learning rate.
    batch_size : int
        Examples in a batch.

    Notes
    -----
    Section 3.2.6 of the book; ``d2lzh.sgd``.
    """
    for param in params:
        param -= lr * param.grad / batch_size


def evaluate_accuracy(data_iter: Iterable, net: Callable, ctx: Optional[Context] = None) -> float:
    """Tell the share of examples whose largest output is the one of their label.

    Parameters
    ----------
    data_iter : iterable of (X, y)
        Batches of images and labels.
    net : callable
        From X to one output a class, (batch, 10).
    ctx : mxnet.Context, optional
        Where the net lies, if not where the batches do.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    Section 3.6.5 of the book; ``d2lzh.evaluate_accuracy``.
    """
    right, n = [], 0
    for X, y in data_iter:
        if ctx is not None:
            X, y = X.as_in_context(ctx), y.as_in_context(ctx)
        right.append((net(X).argmax(axis=1) == y.astype("float32")).sum())
        n += y.size
    return sum(float(r.asscalar()) for r in right) / n


def train(
    net: Callable,
    train_iter: Iterable,
    test_iter: Iterable,
    loss: Callable,
    num_epochs: int,
    batch_size: int,
    params: Optional[Sequence[nd.NDArray]] = None,
    lr: Optional[float] = None,
    trainer: Optional[gluon.Trainer] = None,
    on_epoch: Callable[[Records], None] = print_epoch,
) -> Records:
    """Train and evaluate a model.

    Parameters
    ----------
    net : callable
        From X, (batch, 1, 28, 28), to one output a class, (batch, 10).
    train_iter, test_iter : iterable of (X, y)
        Batches of float32 images and integer labels.
    loss : callable
        From the net's outputs and y to one loss an example, (batch,).
    num_epochs : int
        Passes over the training set.
    batch_size : int
        What the summed gradients are divided by.
    params : sequence of mxnet.nd.NDArray, optional
        Parameters that :func:`sgd` updates, if there is no trainer.
    lr : float, optional
        Their learning rate.
    trainer : mxnet.gluon.Trainer, optional
        What updates the parameters otherwise.
    on_epoch : callable
        Called with the records after each epoch; prints the document's line by default.

    Returns
    -------
    Records
        Loss, accuracies and seconds, an epoch each.

    Raises
    ------
    Diverged
        If a loss or a parameter is no longer finite after an epoch.

    Notes
    -----
    ``train_ch3`` of the document and of d2lzh.
    """
    ctx = params[0].context if params else _context(net)
    forward = _forward(net, loss)
    records = Records()
    for epoch in range(num_epochs):
        start = time.perf_counter()
        kept, sums, n = [], np.zeros(3), 0
        for X, y in progress(train_iter, desc=f"epoch {epoch + 1}"):
            X, y = X.as_in_context(ctx), y.as_in_context(ctx)
            with autograd.record():
                l, y_hat = forward(X, y)
            # MXNet takes a vector's gradient for that of its sum, which the document writes out.
            l.backward()
            if trainer is None:
                sgd(params, lr, batch_size)
            else:
                trainer.step(batch_size)
            kept.append((l, y_hat, y))
            n += len(y)
            if len(kept) == _KEPT:
                sums += _count(kept)
        sums += _count(kept)
        nd.waitall()
        seconds = time.perf_counter() - start
        _check_finite(sums[0], net, params, records)
        records.loss.append(sums[0] / n)
        records.train_acc.append(sums[1] / n)
        records.share_predicted_1.append(sums[2] / n)
        records.test_acc.append(evaluate_accuracy(test_iter, net, ctx))
        records.seconds.append(seconds)
        on_epoch(records)
    return records


def _forward(net: Callable, loss: Callable) -> Callable:
    """Join network and loss; as one compiled graph where they are Gluon blocks."""
    layers = list(net) if isinstance(net, (nn.Sequential, nn.HybridSequential)) else [None]
    if all(isinstance(block, gluon.HybridBlock) for block in [loss, *layers]):
        return _Compiled(layers, loss)

    def forward(X, y):
        y_hat = net(X)
        return loss(y_hat, y), y_hat

    return forward


class _Compiled(gluon.HybridBlock):
    """A network's own layers and its loss, hybridized together."""

    def __init__(self, layers: Sequence[gluon.HybridBlock], loss: gluon.HybridBlock) -> None:
        super().__init__()
        self.layers = nn.HybridSequential()
        self.layers.add(*layers)
        self.loss = loss
        self.hybridize(static_alloc=True, static_shape=True)

    def hybrid_forward(self, F, X, y):
        y_hat = self.layers(X)
        # The predictions' gradient, all zeros, need not be added to the loss's.
        return self.loss(y_hat, y), F.BlockGrad(y_hat)


def _count(kept: List[Tuple[nd.NDArray, nd.NDArray, nd.NDArray]]) -> np.ndarray:
    """Sum up batches' losses, right predictions and predicted 1s; empties the list.

    All at once, since on a batch the sums cost more than the gradients.
    """
    if not kept:
        return np.zeros(3)
    losses, outputs, labels = (nd.concat(*arrays, dim=0) for arrays in zip(*kept))
    kept.clear()
    predicted, labels = outputs.asnumpy().argmax(axis=1), labels.asnumpy()
    loss_sum = losses.asnumpy().sum(dtype=np.float64)
    return np.array([loss_sum, (predicted == labels).sum(), (predicted == 1).sum()])


def _context(net: Callable) -> Context:
    """Tell where a Gluon network lies; for a plain function, as d2lzh, the CPU."""
    if isinstance(net, gluon.Block):
        for parameter in net.collect_params().values():
            return parameter.list_ctx()[0]
    return cpu()


def _check_finite(
    loss_sum: float, net: Callable, params: Optional[Sequence[nd.NDArray]], records: Records
) -> None:
    if params is None:
        params = [parameter.data() for parameter in net.collect_params().values()]
    if math.isfinite(loss_sum) and all(np.isfinite(p.asnumpy()).all() for p in params):
        return
    last = f"the last finite loss is {records.loss[-1]:.4f}" if records.loss else "it never was"
    raise Diverged(
        f"epoch {len(records.loss) + 1}: the loss or a parameter is no longer finite, {last}; "
        "a smaller --lr helps",
        records,
    )
