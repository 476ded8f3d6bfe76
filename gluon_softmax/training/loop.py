"""The tutorial's training loop, shared by both implementations (part 2; section 3.6 of the book).

The caller passes in the function that trains on one batch.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple, Type, Union

import numpy as np
from mxnet import Context, cpu, gluon, nd

from ..console import progress, write_line
from ..errors import DataError, Diverged
from .metrics import DeferredSums


@dataclass
class Records:
    """Metrics of training, one value per epoch in each list.

    Parameters
    ----------
    loss : list of float
        Mean loss of the training examples, in nats, each taken before its batch's update.
    train_acc : list of float
        Accuracy on the training examples, likewise.
    proportions : list of list of float
        Proportion of the training examples predicted as each class.
    test_acc : list of float
        Accuracy on the test set after the epoch.
    seconds : list of float
        Wall-clock time of the epoch's training, without the evaluation.
    """

    loss: List[float] = field(default_factory=list)
    train_acc: List[float] = field(default_factory=list)
    proportions: List[List[float]] = field(default_factory=list)
    test_acc: List[float] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)

    @property
    def share_predicted_1(self) -> List[float]:
        """Return the proportions predicted as class 1, trouser.

        The tutorial prints them as training accuracy: it compares the predictions with 1 instead
        of the labels.
        """
        return [of_class[1] for of_class in self.proportions]


def epoch_line(records: Records, train_acc: Optional[float] = None) -> str:
    """Format the last epoch as the tutorial does, optionally with another training accuracy."""
    return "epoch %d, loss %.4f, train acc %.3f, test acc %.3f" % (
        len(records.loss),
        records.loss[-1],
        records.train_acc[-1] if train_acc is None else train_acc,
        records.test_acc[-1],
    )


def print_epoch(records: Records) -> None:
    """Print the last epoch in the tutorial's format."""
    write_line(epoch_line(records))


def print_epoch_as_tutorial(records: Records) -> None:
    """Print the last epoch with the tutorial's bug: the proportion of class 1 as ``train acc``."""
    write_line(epoch_line(records, records.share_predicted_1[-1]))


Total = Callable[[np.ndarray], np.ndarray]
Contexts = Union[Context, Sequence[Context], None]


def evaluate_accuracy(
    data_iter: Iterable,
    net: Callable,
    ctx: Contexts = None,
    total: Total = np.asarray,
) -> float:
    """Return the accuracy: the proportion of examples whose largest output is their label's.

    Parameters
    ----------
    data_iter : iterable of (X, y)
        Batches of images and labels.
    net : callable
        Maps X to one output per class, (batch, 10).
    ctx : mxnet.Context or sequence of these, optional
        Context of the net, by default that of the batches; several split each batch.
    total : callable
        Maps the numbers of correct predictions and of examples to their sums over all workers of
        a cluster.

    Returns
    -------
    float
        Accuracy, 0 to 1.

    Raises
    ------
    DataError
        If the iterator yields no batch.

    Notes
    -----
    Section 3.6.6 of the book; ``d2lzh.evaluate_accuracy``.
    """
    right, n = [], 0
    for batch in data_iter:
        for X, y in _split(batch, ctx):
            right.append((net(X).argmax(axis=1) == y.astype("float32")).sum())
            n += y.size
    all_right, n = total(np.array([sum(float(r.asscalar()) for r in right), n]))
    if not n:
        raise DataError("evaluate_accuracy: the iterator yields no batch: it is empty or exhausted")
    return all_right / n


def _split(batch: Sequence[nd.NDArray], ctx: Contexts) -> Iterable:
    if ctx is None:
        ctx = getattr(batch[0], "context", cpu())
    contexts = [ctx] if isinstance(ctx, Context) else ctx[: len(batch[0])]
    split = gluon.utils.split_and_load
    return zip(*(split(array, contexts, even_split=False) for array in batch))


def train_epochs(
    train_batch: Callable[[nd.NDArray, nd.NDArray], Tuple[nd.NDArray, nd.NDArray]],
    net: Callable,
    train_iter: Iterable,
    test_iter: Iterable,
    num_epochs: int,
    on_epoch: Optional[Callable[[Records], Any]] = print_epoch,
    parameters: Callable[[], Iterable[np.ndarray]] = tuple,
    counter: Type[DeferredSums] = DeferredSums,
    total: Total = np.asarray,
    ctx: Contexts = None,
) -> Records:
    """Train for some epochs, and evaluate after each.

    Parameters
    ----------
    train_batch : callable
        Trains on one batch, X and y; returns one loss per example and the net's outputs.
    net : callable
        Maps X to one output per class, for the evaluation.
    train_iter, test_iter : iterable of (X, y)
        Batches of float32 images and integer labels.
    num_epochs : int
        Number of epochs.
    on_epoch : callable, optional
        Called with the records after each epoch; prints the tutorial's line by default.
    parameters : callable
        Returns the parameters, which must be finite after each epoch.
    counter : type
        Class of :mod:`gluon_softmax.training.metrics` that adds up the batches.
    total : callable
        Maps an epoch's 12 sums and number of examples to their sums over all workers of a cluster.
    ctx : mxnet.Context or sequence of these, optional
        Context of the net for the evaluation, as in :func:`evaluate_accuracy`.

    Returns
    -------
    Records
        Loss, accuracies and seconds of each epoch.

    Raises
    ------
    DataError
        If an epoch has no batch.
    Diverged
        If a loss or a parameter is not finite after an epoch.

    Notes
    -----
    ``train_ch3`` of the tutorial and of d2lzh, except that it waits for MXNet once an epoch, or
    every 1000 batches, instead of three times a batch.
    """
    records = Records()
    for epoch in range(num_epochs):
        start = time.perf_counter()
        counts, n = counter(), 0
        for X, y in progress(train_iter, desc=f"epoch {epoch + 1}"):
            l, y_hat = train_batch(X, y)
            counts.add(l, y_hat, y)
            n += y.size
        *sums, n = total(np.append(counts.sums(), n))
        if not n:
            raise DataError(
                f"epoch {epoch + 1}: the training iterator yields no batch: it is empty or "
                "exhausted"
            )
        nd.waitall()
        seconds = time.perf_counter() - start
        if not (math.isfinite(sums[0]) and all(np.isfinite(p).all() for p in parameters())):
            raise _diverged(records, sums[0])
        records.loss.append(sums[0] / n)
        records.train_acc.append(sums[1] / n)
        records.proportions.append([of_class / n for of_class in sums[2:]])
        records.test_acc.append(evaluate_accuracy(test_iter, net, ctx, total))
        records.seconds.append(seconds)
        if on_epoch is not None:
            on_epoch(records)
    return records


def _diverged(records: Records, loss_sum: float) -> Diverged:
    epochs = len(records.loss)
    what = "a parameter is not finite" if math.isfinite(loss_sum) else f"the loss is {loss_sum}"
    last = f" (last finite loss: {records.loss[-1]:.4f})" if epochs else ""
    return Diverged(
        f"training diverged in epoch {epochs + 1}: {what}{last}; try a smaller learning rate "
        "(--lr)",
        records,
    )
