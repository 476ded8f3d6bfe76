"""Comparison of scratch and concise: equal up to rounding, until probabilities underflow."""

import sys
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from mxnet import autograd, nd

import concise.model
import concise.training
import scratch.model
import scratch.training

from ..console import progress
from ..data.fashion_mnist import FashionMNIST
from ..errors import Diverged
from ..implementations import IMPLEMENTATIONS
from ..training.loader import load_data_fashion_mnist
from ..training.run import Settings, seed_weights, train_run

# Both compute the same function of the same float32 numbers, but in different orders, and rounding
# errors accumulate. Over the tutorial's five epochs the largest differences observed were 2e-4 (an
# example's loss), 6e-5 (gradient of the summed loss) and 1e-5 (parameters).
BOUNDS = {"loss": 1e-3, "gradient": 1e-3, "parameters": 1e-4}
GAPS = (1, 10, 30, 60, 80, 87, 95, 104, 120, 1000, 10000)


class Differences(NamedTuple):
    """Differences between the implementations.

    ``largest`` has the largest absolute difference over all steps of an example's loss (nats), of
    an entry of the summed loss's gradient, and of a parameter after the step. ``at_first`` has the
    same at the first step, before rounding errors accumulate, and ``at_the_end`` that of a
    parameter after the last step. ``same_predictions`` is the proportion of test examples, 0 to 1.
    """

    largest: Dict[str, float]
    at_first: Dict[str, float]
    at_the_end: float
    same_predictions: float
    steps: int


def compare_steps(data: FashionMNIST, settings: Settings, seed: int) -> Differences:
    """Train both implementations in lockstep, from the same weights with the same batches."""
    ctx = settings.ctx
    seed_weights(seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size,
        data=data,
        loader=settings.loader,
        num_workers=settings.num_workers,
        ctx=ctx,
        seed=seed,
    )
    net, params = scratch.model.get_net(ctx)
    gluon_net, gluon_params = concise.model.get_net(ctx)
    concise.model.set_parameters(gluon_params, **scratch.model.get_parameters(params))
    rates = settings.lr, settings.batch_size
    by_hand = scratch.training.get_train_batch(net, params, *rates)
    by_gluon = concise.training.get_train_batch(gluon_net, gluon_params, *rates)
    found = []
    for epoch in range(settings.epochs):
        differences = []
        for X, y in progress(train_iter, desc=f"epoch {epoch + 1}"):
            losses, _ = by_hand(X, y)
            gluon_losses, _ = by_gluon(X, y)
            weight, bias = gluon_params.values()
            # The step does not change the gradients.
            gradient = _apart(
                [param.grad for param in params], [weight.grad(ctx).T, bias.grad(ctx)]
            )
            updated = _apart(params, [weight.data(ctx).T, bias.data(ctx)])
            differences.append(
                nd.concat(_apart([losses], [gluon_losses]), gradient, updated, dim=0)
            )
        found.append(nd.stack(*differences).asnumpy())
    of_steps = np.concatenate(found)
    same, count = 0.0, 0
    for X, _ in test_iter:
        same += (net(X).argmax(axis=1) == gluon_net(X).argmax(axis=1)).sum().asscalar()
        count += len(X)
    return Differences(
        # Not nanmax, which would hide a difference that is nan.
        dict(zip(BOUNDS, of_steps.max(axis=0).tolist())),
        dict(zip(BOUNDS, of_steps[0].tolist())),
        float(updated.asscalar()),
        same / count,
        len(of_steps),
    )


def _apart(ours: Sequence[nd.NDArray], theirs: Sequence[nd.NDArray]) -> nd.NDArray:
    """Return the largest absolute difference of any entries, on the device; shape (1,)."""
    return nd.concat(*[nd.abs(a - b).max() for a, b in zip(ours, theirs)], dim=0).max()


def _tutorial(z: nd.NDArray, y: nd.NDArray) -> nd.NDArray:
    """Return the tutorial's cross-entropy of the tutorial's softmax."""
    X_exp = (z - nd.max(z)).exp()
    return -nd.pick(X_exp / X_exp.sum(axis=1, keepdims=True), y).log()


WAYS: Dict[str, Callable] = {
    "tutorial": _tutorial,
    "scratch": lambda z, y: scratch.model.loss(scratch.model.softmax(z), y),
    "Gluon": concise.model.loss,
}


class Stability(NamedTuple):
    """Results of four formulas for one gap: the largest logit minus the true class's logit.

    By formula: the example's loss, and its derivative with respect to the true class's logit.
    """

    gap: float
    losses: Dict[str, float]
    gradients: Dict[str, float]


def stability() -> List[Stability]:
    """Return loss and gradient of an example as its true class becomes less probable.

    A gap is the difference between the largest logit and all nine others, including the true
    class's. The formulas are ``float64`` (exact, by NumPy), ``tutorial`` (its own softmax and
    cross-entropy), ``scratch`` and ``Gluon``. In float32, 1/exp(-89) overflows and exp(-104) is 0.
    """
    table = []
    for gap in GAPS:
        logits = np.zeros(10, np.float64)
        logits[0] = gap
        losses, gradients = {}, {}
        losses["float64"], gradients["float64"] = _truth(logits)
        for way, loss in WAYS.items():
            losses[way], gradients[way] = _in_mxnet(loss, logits[np.newaxis])
        table.append(Stability(gap, losses, gradients))
    return table


def far_rows() -> List[Tuple[float, ...]]:
    """Return the loss of an example whose logits are far below those of another in its batch.

    Each row is a gap with the losses of the tutorial, which subtracts the maximum of the whole
    batch, of scratch and of Gluon; the exact value is always log(10) = 2.3026.
    """
    rows = []
    for gap in GAPS:
        logits = np.stack([np.zeros(10), np.full(10, -gap)])
        z = nd.array(logits, dtype="float32")
        y = nd.array([1, 1], dtype="int32")
        rows.append((gap, *(float(loss(z, y)[1].asscalar()) for loss in WAYS.values())))
    return rows


def _truth(logits: np.ndarray) -> Tuple[float, float]:
    shifted = logits - logits.max()
    log_partition = np.log(np.exp(shifted).sum())
    return float(log_partition - shifted[1]), float(np.exp(shifted[1] - log_partition) - 1)


def _in_mxnet(loss: Callable, logits: np.ndarray) -> Tuple[float, float]:
    z = nd.array(logits, dtype="float32")
    z.attach_grad()
    with autograd.record():
        value = loss(z, nd.array([1], dtype="int32"))
    value.backward()
    return float(value.asscalar()), float(z.grad[0, 1].asscalar())


def compare(data: FashionMNIST, settings: Settings, seed: int) -> bool:
    """Compare differences, speed and numerical stability of the implementations, and print them.

    Returns whether the differences are within the bounds.
    """
    found = compare_steps(data, settings, seed)
    print(f"Side by side over {found.steps} steps, from the same weights with the same batches")
    holds = True
    for name, largest in found.largest.items():
        # False for nan.
        within = bool(largest <= BOUNDS[name])
        holds = holds and within
        print(
            f"  largest difference of {name:10} {largest:.1e}  "
            f"{'within' if within else 'BEYOND'} the bound {BOUNDS[name]:.0e}"
        )
    if not holds:
        print(f"  {_cause(found)}")
    print(f"  parameters after the last step        {found.at_the_end:.1e}")
    print(f"  test images with equal predictions    {found.same_predictions:.2%}")
    if sys.platform == "win32":
        print(
            "On Windows, a seed gives other initial weights than on Linux, so the digits of a\n"
            "table differ. With the same initial weights (--start-from) they are equal."
        )

    print("\nTraining speed: time per epoch")
    for name, implementation in IMPLEMENTATIONS.items():
        try:
            run = train_run(implementation, data, settings, seed, on_epoch=None)
        except Diverged as error:
            print(f"  {name:10} {error}")
            continue
        seconds = np.median(run.records.seconds)
        print(f"  {name:10} {seconds:.3f} s, {len(data.train_labels) / seconds:,.0f} images/s")

    print("\nWhere they differ: an example whose true class's logit is `gap` below the largest")
    print(f"{'':7}|{'loss':^37}|{'gradient for that logit':^36}".rstrip())
    ways = ("float64", *WAYS)
    heads = "".join(f"{way:>9}" for way in ways)
    print(f"{'gap':>6} |{heads} |{heads}")
    for row in stability():
        print(f"{row.gap:>6g} |{_cells(row.losses, ways, 2)} |{_cells(row.gradients, ways, 3)}")
    print(
        "tutorial and scratch: the gradient is nan when 1/exp(-gap) overflows, and the loss is\n"
        "inf when exp(-gap) underflows to 0. Gluon computes the log-probability directly; this is\n"
        "what the tutorial means by numerically more stable."
    )
    print("\nLoss of an example with ten equal logits, `gap` below those of another in its batch")
    print(f"{'gap':>6} |{heads}")
    for gap, *losses in far_rows():
        print(f"{gap:>6g} |" + "".join(f"{loss:9.4f}" for loss in (np.log(10), *losses)))
    print("The tutorial's softmax subtracts the maximum of the batch, scratch that of each row.")
    return holds


def _cause(found: Differences) -> str:
    if not all(found.at_first[name] <= bound for name, bound in BOUNDS.items()):
        return "They differ at the first step; rounding does not explain that."
    if not np.isfinite(list(found.largest.values())).all():
        return (
            "They agree at the first step. Later a probability underflowed to 0 in float32, and\n"
            "  scratch computes its logarithm (see below). Try a smaller --lr."
        )
    return (
        "They agree at the first step. Then rounding errors of float32 accumulate from step to\n"
        "  step. The bounds are for the tutorial's settings."
    )


def _cells(values: Dict[str, float], ways: Sequence[str], digits: int) -> str:
    return "".join(f"{values[way]:9.{digits}f}" for way in ways)
