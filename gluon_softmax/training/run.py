"""One training run of either implementation, from its settings to its records.

The caller passes in the implementation: a package with the modules ``model``, ``training`` and
``parallel``, such as ``scratch`` and ``concise``, which this package does not import.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Callable, Optional, Tuple, Union

import mxnet as mx
import numpy as np

from ..cluster.worker_group import WorkerGroup
from ..data.fashion_mnist import FashionMNIST
from .defaults import BATCH_SIZE, EPOCHS, LR
from .loader import load_data_fashion_mnist
from .loop import Records, evaluate_accuracy, print_epoch, train_epochs


@dataclass(frozen=True)
class Settings:
    """Hyperparameters, device and data loader of a run; the defaults are the tutorial's.

    If ``ctx`` contains several devices, each batch is split over them.
    """

    epochs: int = EPOCHS
    batch_size: int = BATCH_SIZE
    lr: float = LR
    ctx: Union[mx.Context, Tuple[mx.Context, ...]] = field(default_factory=mx.cpu)
    loader: str = "resident"
    num_workers: Optional[int] = None


@dataclass(frozen=True)
class Run:
    """Results of a run.

    Parameters
    ----------
    implementation : {"scratch", "concise"}
        The implementation.
    seed : int
        Seed of initial weights and shuffling.
    accuracy_before : float
        Test accuracy before training, 0 to 1.
    records : gluon_softmax.training.loop.Records
        Metrics of each epoch.
    parameters : tuple of numpy.ndarray of float32
        W, (784, 10), and b, (10,), after training.
    """

    implementation: str
    seed: int
    accuracy_before: float
    records: Records
    parameters: Tuple[np.ndarray, np.ndarray]


def train_run(
    implementation: ModuleType,
    data: FashionMNIST,
    settings: Settings,
    seed: int,
    start: Optional[Tuple[np.ndarray, np.ndarray]] = None,
    on_start: Callable[[float], Any] = lambda accuracy: None,
    on_epoch: Callable[[Records], Any] = print_epoch,
    group: Optional[WorkerGroup] = None,
) -> Run:
    """Train one implementation.

    Parameters
    ----------
    implementation : module
        The implementation.
    data : FashionMNIST
        The data set.
    settings : Settings
        Epochs, batch size and so on.
    seed : int
        Seed of initial weights and shuffling, 0 to 2**32 - 1.
    start : tuple of numpy.ndarray, optional
        Initial W and b, instead of random ones.
    on_start : callable
        Called with the test accuracy before training.
    on_epoch : callable
        Called with the records after each epoch.
    group : WorkerGroup, optional
        The workers of a cluster that train together, including this process.

    Returns
    -------
    Run
        Records and trained parameters.

    Raises
    ------
    Diverged
        If a loss or a parameter is not finite after an epoch.
    """
    model, training = implementation.model, implementation.training
    ctx = settings.ctx
    if group is not None or isinstance(ctx, tuple):
        model = training = implementation.parallel
        ctx = ctx if isinstance(ctx, tuple) else (ctx,)
    seed_weights(seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size,
        data=data,
        loader=settings.loader,
        num_workers=settings.num_workers,
        ctx=ctx,
        seed=seed,
        shard=None if group is None else (group.rank, group.num_workers),
    )
    net, params = model.get_net(ctx)
    if start is not None:
        model.set_parameters(params, *start)
    options = {} if group is None else {"kv": group.kv}
    train_batch = training.get_train_batch(net, params, settings.lr, settings.batch_size, **options)
    total = np.asarray if group is None else group.total
    accuracy_before = evaluate_accuracy(test_iter, net, total=total)
    on_start(accuracy_before)
    records = train_epochs(
        train_batch,
        net,
        train_iter,
        test_iter,
        settings.epochs,
        on_epoch,
        lambda: model.get_parameters(params),
        total=total,
    )
    return Run(
        implementation.__name__, seed, accuracy_before, records, model.get_parameters(params)
    )


def seed_weights(seed: int) -> None:
    """Seed MXNet's random numbers, which give the initial weights."""
    # MXNet reads the seed as a signed 32-bit number.
    mx.random.seed(seed if seed < 2**31 else seed - 2**32)


def predict(
    implementation: ModuleType,
    parameters: Tuple[np.ndarray, np.ndarray],
    images: np.ndarray,
    ctx: mx.Context,
) -> np.ndarray:
    """Return the network's outputs for images.

    Parameters
    ----------
    implementation : module
        The implementation whose network to use.
    parameters : tuple of numpy.ndarray of float32
        W, (784, 10), and b, (10,).
    images : numpy.ndarray of uint8
        Shape (count, 28, 28, 1).
    ctx : mxnet.Context
        Device for the computation.

    Returns
    -------
    numpy.ndarray of float32
        Shape (count, 10), probabilities (scratch) or logits (concise); the largest value in a row
        is the predicted class.
    """
    net, params = implementation.model.get_net(ctx)
    implementation.model.set_parameters(params, *parameters)
    return net(mx.nd.image.to_tensor(mx.nd.array(images, dtype=np.uint8, ctx=ctx))).asnumpy()
