"""One training run of either implementation, from its settings to its records.

This package imports no implementation: the caller passes it in.
"""

from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Tuple, Union

import mxnet as mx
import numpy as np

from ..cluster.worker_group import WorkerGroup
from ..data.fashion_mnist import FashionMNIST
from ..errors import UsageError
from .defaults import BATCH_SIZE, EPOCHS, LR
from .implementation import Implementation, Parameters
from .loader import load_data_fashion_mnist
from .loop import Records, evaluate_accuracy, print_epoch, train_epochs
from .samplers import last_batch_size


@dataclass(frozen=True)
class Settings:
    """Hyperparameters, device and data loader of a run.

    The default hyperparameters are the tutorial's, the default loader is the fast one. If ``ctx``
    contains several devices, each batch is split over them.
    """

    epochs: int = EPOCHS
    batch_size: int = BATCH_SIZE
    lr: float = LR
    ctx: Union[mx.Context, Tuple[mx.Context, ...]] = field(default_factory=mx.cpu)
    loader: str = "resident"
    num_workers: Optional[int] = None


@dataclass(frozen=True)
class Run:
    """Results of a run: test accuracy before training, 0 to 1, records, and trained parameters.

    The seed is that of initial weights and shuffling. The parameters are float32, by name.
    """

    implementation: str
    seed: int
    accuracy_before: float
    records: Records
    parameters: Parameters


def train_run(
    implementation: Implementation,
    data: FashionMNIST,
    settings: Settings,
    seed: int,
    start: Optional[Parameters] = None,
    on_start: Optional[Callable[[float], Any]] = None,
    on_epoch: Optional[Callable[[Records], Any]] = print_epoch,
    group: Optional[WorkerGroup] = None,
) -> Run:
    """Train one implementation.

    Parameters
    ----------
    implementation : Implementation
        The implementation.
    data : FashionMNIST
        The data set.
    settings : Settings
        Epochs, batch size and so on.
    seed : int
        Seed of initial weights and shuffling, 0 to 2**32 - 1.
    start : dict of str to numpy.ndarray, optional
        Initial parameters, instead of random ones.
    on_start : callable, optional
        Called with the test accuracy before training.
    on_epoch : callable, optional
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
    UsageError
        If the implementation trains on one device only, or the last batch of an epoch has too few
        examples for all devices.
    """
    ctxs = settings.ctx if isinstance(settings.ctx, tuple) else (settings.ctx,)
    is_parallel = group is not None or isinstance(settings.ctx, tuple)
    if is_parallel:
        if implementation.parallel is None:
            raise UsageError(f"{implementation.name} trains on one device only")
        implementation = implementation.parallel
    seed_weights(seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size,
        data=data,
        loader=settings.loader,
        num_workers=settings.num_workers,
        ctx=ctxs[0],
        seed=seed,
        shard=None if group is None else (group.rank, group.num_workers),
    )
    last = last_batch_size(len(data.train_labels), settings.batch_size)
    if group is not None:
        last //= group.num_workers
    if last < len(ctxs):
        raise UsageError(
            f"--ctx: {len(ctxs)} devices need {len(ctxs)} examples in each batch, but the last "
            f"batch of an epoch has {last}: choose fewer devices or another --batch-size"
        )
    net, params = implementation.get_net(ctxs if is_parallel else ctxs[0])
    if start is not None:
        implementation.set_parameters(params, **start)
    options = {} if group is None else {"kv": group.kv}
    train_batch = implementation.get_train_batch(
        net, params, settings.lr, settings.batch_size, **options
    )
    total = np.asarray if group is None else group.total
    accuracy_before = evaluate_accuracy(test_iter, net, ctxs, total)
    if on_start is not None:
        on_start(accuracy_before)
    records = train_epochs(
        train_batch,
        net,
        train_iter,
        test_iter,
        settings.epochs,
        on_epoch,
        lambda: implementation.get_parameters(params).values(),
        total=total,
        ctx=ctxs,
    )
    return Run(
        implementation.name, seed, accuracy_before, records, implementation.get_parameters(params)
    )


def seed_weights(seed: int) -> None:
    """Seed MXNet's random numbers, which give the initial weights."""
    # MXNet reads the seed as a signed 32-bit number.
    mx.random.seed(seed if seed < 2**31 else seed - 2**32)


def predict(
    implementation: Implementation,
    parameters: Parameters,
    images: np.ndarray,
    ctx: mx.Context,
) -> np.ndarray:
    """Return the class probabilities of images, uint8 (count, 28, 28, 1).

    The probabilities are float32 (count, 10). Each row sums to 1.
    """
    net, params = implementation.get_net(ctx)
    implementation.set_parameters(params, **parameters)
    outputs = net(mx.nd.image.to_tensor(mx.nd.array(images, dtype=np.uint8, ctx=ctx)))
    return implementation.probabilities(outputs.asnumpy())
