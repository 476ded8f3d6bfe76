"""The tutorial's loop, which both versions share: its part 2, section 3.6 of the book.

It knows nothing of how a batch is trained: it is handed one function for that.
"""

import math
import time
from dataclasses import dataclass, field
from typing import Callable, Iterable, List, Optional, Sequence, Tuple, Type, Union

import numpy as np
from mxnet import Context, cpu, gluon, nd

from ..console import progress, write_line
from ..errors import DataError, Diverged
from .counting import Each, Together


@dataclass
class Records:
    """What training gave, one number an epoch in each list.

    Parameters
    ----------
    loss : list of float
        Mean loss of the training examples, in nats, over the epoch's batches as they were met.
    train_acc : list of float
        Share of them whose predicted class is the true one.
    shares : list of list of float
        Share of them predicted as each class.
    test_acc : list of float
        Share of the test examples whose predicted class is the true one, after the epoch.
    seconds : list of float
        Wall-clock time of the epoch's training, without the test.
    """

    loss: List[float] = field(default_factory=list)
    train_acc: List[float] = field(default_factory=list)
    shares: List[List[float]] = field(default_factory=list)
    test_acc: List[float] = field(default_factory=list)
    seconds: List[float] = field(default_factory=list)

    @property
    def share_predicted_1(self) -> List[float]:
        """List the shares predicted as class 1, trouser.

        The tutorial prints them as training accuracy, since it compares the predictions with 1
        instead of with the labels.
        """
        return [of_class[1] for of_class in self.shares]


def epoch_line(records: Records, train_acc: Optional[float] = None) -> str:
    """Write the last epoch as the tutorial does; the training accuracy may be another number."""
    return "epoch %d, loss %.4f, train acc %.3f, test acc %.3f" % (
        len(records.loss),
        records.loss[-1],
        records.train_acc[-1] if train_acc is None else train_acc,
        records.test_acc[-1],
    )


def print_epoch(records: Records) -> None:
    """Print the last epoch as the tutorial does."""
    write_line(epoch_line(records))


def print_epoch_as_tutorial(records: Records) -> None:
    """Print the last epoch with the tutorial's error: the share of class 1 as ``train acc``."""
    write_line(epoch_line(records, records.share_predicted_1[-1]))


Total = Callable[[np.ndarray], np.ndarray]


def evaluate_accuracy(
    data_iter: Iterable,
    net: Callable,
    ctx: Union[Context, Sequence[Context], None] = None,
    total: Total = np.asarray,
) -> float:
    """Tell the share of examples whose largest output is the one of their label.

    Parameters
    ----------
    data_iter : iterable of (X, y)
        Batches of images and labels, or lists of a batch's shares on several devices.
    net : callable
        From X to one output a class, (batch, 10).
    ctx : mxnet.Context or sequence of these, optional
        Where the net lies, if not where the batches do; a batch is split over several.
    total : callable
        From the numbers of right predictions and of examples to those of all workers of a
        cluster.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    DataError
        If there is no batch.

    Notes
    -----
    Section 3.6.5 of the book; ``d2lzh.evaluate_accuracy``.
    """
    right, n = [], 0
    for batch in data_iter:
        for X, y in _split(batch, ctx):
            right.append((net(X).argmax(axis=1) == y.astype("float32")).sum())
            n += y.size
    all_right, n = total(np.array([sum(float(r.asscalar()) for r in right), n]))
    if not n:
        raise DataError("evaluate_accuracy: the iterator gave no batch: it is empty or used up")
    return all_right / n


def _split(batch: Sequence, ctx: Union[Context, Sequence[Context], None]) -> Iterable:
    if isinstance(batch[0], list):
        return zip(*batch)
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
    on_epoch: Callable[[Records], None] = print_epoch,
    parameters: Callable[[], Iterable[np.ndarray]] = tuple,
    counter: Union[Type[Together], Type[Each]] = Together,
    total: Total = np.asarray,
) -> Records:
    """Train for some epochs, and test after each.

    Parameters
    ----------
    train_batch : callable
        Trains on one batch, X and y; gives its losses, one an example, and the net's outputs.
        If X and y are lists of a batch's shares on several devices, it gives lists too.
    net : callable
        From X to one output a class, for the test.
    train_iter, test_iter : iterable of (X, y)
        Batches of float32 images and integer labels.
    num_epochs : int
        Passes over the training set.
    on_epoch : callable
        Called with the records after each epoch; prints the tutorial's line by default.
    parameters : callable
        Gives the parameters, which must be finite after each epoch.
    counter : type
        How batches are counted, of :mod:`gluon_softmax.training.counting`.
    total : callable
        From what was counted, 12 numbers and that of examples, to the sums over all workers of a
        cluster.

    Returns
    -------
    Records
        Loss, accuracies and seconds, an epoch each.

    Raises
    ------
    DataError
        If an epoch has no batch.
    Diverged
        If a loss or a parameter is no longer finite after an epoch.

    Notes
    -----
    ``train_ch3`` of the tutorial and of d2lzh, but that it waits for MXNet once an epoch, or every
    1000 batches, instead of three times a batch.
    """
    records = Records()
    for epoch in range(num_epochs):
        start = time.perf_counter()
        counts, n = counter(), 0
        for X, y in progress(train_iter, desc=f"epoch {epoch + 1}"):
            l, y_hat = train_batch(X, y)
            for share in zip(l, y_hat, y) if isinstance(y, list) else [(l, y_hat, y)]:
                counts.add(*share)
                n += share[2].size
        *sums, n = total(np.append(counts.sums(), n))
        if not n:
            raise DataError(
                f"epoch {epoch + 1}: the training iterator gave no batch: it is empty or used up"
            )
        nd.waitall()
        seconds = time.perf_counter() - start
        if not (math.isfinite(sums[0]) and all(np.isfinite(p).all() for p in parameters())):
            raise _diverged(records)
        records.loss.append(sums[0] / n)
        records.train_acc.append(sums[1] / n)
        records.shares.append([of_class / n for of_class in sums[2:]])
        records.test_acc.append(evaluate_accuracy(test_iter, net, total=total))
        records.seconds.append(seconds)
        on_epoch(records)
    return records


def _diverged(records: Records) -> Diverged:
    last = f"the last finite loss is {records.loss[-1]:.4f}" if records.loss else "it never was"
    return Diverged(
        f"epoch {len(records.loss) + 1}: the loss or a parameter is no longer finite, {last}; "
        "a smaller learning rate (--lr) helps",
        records,
    )
