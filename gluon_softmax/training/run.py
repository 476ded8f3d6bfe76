"""One training run of either version, from its settings to its records.

A version is handed in: a package with the modules ``model`` and ``training`` of ``scratch`` and
``concise``, which this room does not know.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Callable, Optional, Tuple, Union

import mxnet as mx
import numpy as np

from ..cluster.team import Team
from ..data.fashion_mnist import FashionMNIST
from .loader import load_data_fashion_mnist
from .loop import Records, evaluate_accuracy, print_epoch, train_epochs


@dataclass(frozen=True)
class Settings:
    """What a run depends on beside data and seed; the defaults are the tutorial's.

    Each batch is split over the devices, if ``ctx`` names several.
    """

    epochs: int = 5
    batch_size: int = 200
    lr: float = 0.1
    ctx: Union[mx.Context, Tuple[mx.Context, ...]] = field(default_factory=mx.cpu)
    loader: str = "resident"
    num_workers: Optional[int] = None


@dataclass(frozen=True)
class Run:
    """What a run gave.

    Parameters
    ----------
    version : {"scratch", "concise"}
        Which version was trained.
    seed : int
        Of the initial weights and the shuffling.
    accuracy_before : float
        Test accuracy before training, 0 to 1.
    records : gluon_softmax.training.loop.Records
        An epoch each.
    parameters : tuple of numpy.ndarray of float32
        W, (784, 10), and b, (10,), after training.
    """

    version: str
    seed: int
    accuracy_before: float
    records: Records
    parameters: Tuple[np.ndarray, np.ndarray]


def train_version(
    version: ModuleType,
    data: FashionMNIST,
    settings: Settings,
    seed: int,
    start: Optional[Tuple[np.ndarray, np.ndarray]] = None,
    on_start: Callable[[float], Any] = lambda accuracy: None,
    on_epoch: Callable[[Records], Any] = print_epoch,
    team: Optional[Team] = None,
) -> Run:
    """Train one version.

    Parameters
    ----------
    version : module
        Which one.
    data : FashionMNIST
        The data set.
    settings : Settings
        Epochs, batch size and so on.
    seed : int
        Of initial weights and shuffling, 0 to 2**32 - 1.
    start : tuple of numpy.ndarray, optional
        W and b to start from, instead of random ones.
    on_start : callable
        Called with the test accuracy before training.
    on_epoch : callable
        Called with the records after each epoch.
    team : Team, optional
        The workers of a cluster that train together; this process is one of them.

    Returns
    -------
    Run
        Records and trained parameters.

    Raises
    ------
    Diverged
        If a loss or a parameter is no longer finite after an epoch.
    """
    # Each has all that is asked of it here.
    model, training = version.model, version.training
    ctx = settings.ctx
    if team is not None or isinstance(ctx, tuple):
        model = training = version.parallel
        ctx = ctx if isinstance(ctx, tuple) else (ctx,)
    seed_weights(seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size,
        data=data,
        loader=settings.loader,
        num_workers=settings.num_workers,
        ctx=ctx,
        seed=seed,
        share=None if team is None else (team.rank, team.num_workers),
    )
    net, params = model.get_net(ctx)
    if start is not None:
        model.set_parameters(params, *start)
    options = {} if team is None else {"kv": team.kv}
    train_batch = training.get_train_batch(net, params, settings.lr, settings.batch_size, **options)
    total = np.asarray if team is None else team.total
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
    return Run(version.__name__, seed, accuracy_before, records, model.get_parameters(params))


def seed_weights(seed: int) -> None:
    """Seed MXNet's random numbers, from which the initial weights are drawn."""
    # MXNet reads the seed as a signed 32-bit number.
    mx.random.seed(seed if seed < 2**31 else seed - 2**32)


def predict(
    version: ModuleType,
    parameters: Tuple[np.ndarray, np.ndarray],
    images: np.ndarray,
    ctx: mx.Context,
) -> np.ndarray:
    """Predict classes with given parameters.

    Parameters
    ----------
    version : module
        Whose network to use.
    parameters : tuple of numpy.ndarray of float32
        W, (784, 10), and b, (10,).
    images : numpy.ndarray of uint8
        Shape (count, 28, 28, 1).
    ctx : mxnet.Context
        Where to compute.

    Returns
    -------
    numpy.ndarray of float32
        The network's outputs, (count, 10): probabilities (scratch) or logits (concise); the
        largest in a row is the predicted class.
    """
    net, params = version.model.get_net(ctx)
    version.model.set_parameters(params, *parameters)
    return net(mx.nd.image.to_tensor(mx.nd.array(images, dtype=np.uint8, ctx=ctx))).asnumpy()
