import io
import re
import sys
import time

import d2lzh as d2l
import numpy as np
import pytest
from mxnet import autograd, gluon, nd

import concise.model
import scratch.model
import scratch.training
from gluon_softmax.errors import Diverged
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training import loop, metrics
from gluon_softmax.training.context import get_context
from gluon_softmax.training.loader import load_data_fashion_mnist
from gluon_softmax.training.loop import train_epochs
from gluon_softmax.training.run import Settings, seed_weights, train_run
from gluon_softmax.training.samplers import ShardedBatchSampler
from gluon_softmax.training.train_ch3 import train_ch3

CPU = get_context("cpu")
LINE = re.compile(r"epoch (\d+), loss (\d\.\d{4}), train acc (\d\.\d{3}), test acc (\d\.\d{3})")


def start():
    random = np.random.RandomState(0)
    return random.normal(0, 0.01, (784, 10)).astype(np.float32), np.zeros(10, np.float32)


def make(implementation):
    """Return a network with given weights: its implementation, the network and its parameters."""
    made = IMPLEMENTATIONS[implementation]
    net, params = made.get_net(CPU)
    W, b = start()
    made.set_parameters(params, W, b)
    return made, net, params


def train(implementation, batches, test_iter, epochs, batch_size=200, lr=0.1, **options):
    """Train an implementation from the given weights; return its records and parameters."""
    made, net, params = make(implementation)
    train_batch = made.get_train_batch(net, params, lr, batch_size)
    records = train_epochs(
        train_batch,
        net,
        batches,
        test_iter,
        epochs,
        parameters=lambda: made.get_parameters(params).values(),
        **options,
    )
    return records, list(made.get_parameters(params).values())


def as_d2lzh(train_ch3, implementation, batches, test_iter, epochs, batch_size):
    """Train an implementation's network by a function with d2lzh's signature."""
    made, net, params = make(implementation)
    loss = {"scratch": scratch.model.loss, "concise": concise.model.loss}[implementation]
    options = {"params": params, "lr": 0.1}
    if implementation == "concise":
        options = {"trainer": gluon.Trainer(params, "sgd", {"learning_rate": 0.1})}
    train_ch3(net, batches, test_iter, loss, epochs, batch_size, **options)
    return list(made.get_parameters(params).values())


@pytest.mark.parametrize("batch_size", [200, 170])
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_training_is_that_of_d2lzh(implementation, batch_size, sample, capsys):
    results = []
    for way in ("d2lzh's", "ours for any net", "the version's own"):
        data = load_data_fashion_mnist(batch_size, data=sample, seed=5)
        if way == "the version's own":
            _, parameters = train(implementation, *data, 3, batch_size)
        else:
            function = d2l.train_ch3 if way == "d2lzh's" else train_ch3
            parameters = as_d2lzh(function, implementation, *data, 3, batch_size)
        results.append((parameters, capsys.readouterr().out))
    (theirs, their_lines), *others = results
    assert len(LINE.findall(their_lines)) == 3
    for ours, our_lines in others:
        assert our_lines == their_lines
        # A compiled graph, like concise's, adds up in another order than single operators.
        atol = 1e-6 if implementation == "concise" and ours is others[1][0] else 0
        for a, b in zip(theirs, ours):
            np.testing.assert_allclose(a, b, rtol=0, atol=atol)


@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_records_are_what_numpy_counts(implementation, sample):
    batches = list(load_data_fashion_mnist(128, data=sample, seed=2)[0])
    _, test_iter = load_data_fashion_mnist(300, data=sample)
    # A learning rate of 0 leaves the parameters as they are, so that NumPy can follow.
    records, _ = train(implementation, batches, test_iter, 1, 128, 0.0, on_epoch=None)
    W, b = (array.astype(np.float64) for array in start())
    X = np.concatenate([X.asnumpy().reshape(-1, 784) for X, _ in batches]).astype(np.float64)
    y = np.concatenate([y.asnumpy() for _, y in batches])
    z = X @ W + b
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]
    assert records.loss[0] == pytest.approx(losses.mean(), rel=1e-6)
    assert records.train_acc[0] == (z.argmax(axis=1) == y).mean()
    predicted = np.bincount(z.argmax(axis=1), minlength=10) / len(z)
    assert len(set(predicted)) > 5
    assert records.proportions[0] == pytest.approx(predicted)
    assert records.share_predicted_1[0] == predicted[1]
    test_z = sample.test_images.reshape(-1, 784) / 255.0 @ W + b
    assert records.test_acc[0] == pytest.approx(
        (test_z.argmax(axis=1) == sample.test_labels).mean()
    )
    assert 0 < records.seconds[0] < 60


def test_sgd_is_that_of_d2lzh():
    random = np.random.RandomState(0)
    params = []
    for _ in range(2):
        param = nd.array(random.normal(size=(784, 10)))
        param.attach_grad()
        with autograd.record():
            (param * param * param).sum().backward()
        params.append(param)
    params[1][:] = params[0]
    params[1].grad[:] = params[0].grad
    d2l.sgd(params[:1], 0.1, 200)
    scratch.training.sgd(params[1:], 0.1, 200)
    np.testing.assert_array_equal(params[0].asnumpy(), params[1].asnumpy())


def test_many_small_batches_are_counted_in_pieces(sample, monkeypatch):
    whole = train_run(IMPLEMENTATIONS["concise"], sample, Settings(epochs=1), 0, on_epoch=None)
    monkeypatch.setattr(metrics, "KEPT", 2)
    pieces = train_run(IMPLEMENTATIONS["concise"], sample, Settings(epochs=1), 0, on_epoch=None)
    assert pieces.records.train_acc == whole.records.train_acc
    assert pieces.records.loss == pytest.approx(whole.records.loss, rel=1e-7)


@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_divergence_stops_and_keeps_what_was_finished(implementation, sample):
    with pytest.raises(
        Diverged, match=r"^training diverged in epoch 1: the loss is (nan|inf); try a smaller"
    ) as caught:
        train_run(IMPLEMENTATIONS[implementation], sample, Settings(lr=1e38), 0, on_epoch=None)
    assert caught.value.records.loss == []
    good, test_iter = load_data_fashion_mnist(200, data=sample, seed=0)
    bad = [(X * float("nan"), y) for X, y in good]

    class Turning:
        epoch = 0

        def __iter__(self):
            self.epoch += 1
            return iter(good if self.epoch < 4 else bad)

    with pytest.raises(Diverged, match=r"^training diverged in epoch 4: the loss is nan") as caught:
        train(implementation, Turning(), test_iter, 5)
    records = caught.value.records
    assert len(records.loss) == len(records.test_acc) == 3
    assert str(caught.value) == (
        f"training diverged in epoch 4: the loss is nan (last finite loss: {records.loss[2]:.4f}); "
        "try a smaller learning rate (--lr)"
    )


def test_a_loss_that_is_infinite_while_the_parameters_are_not(sample):
    data = load_data_fashion_mnist(200, data=sample, seed=0)
    _, net, _ = make("scratch")

    def train_batch(X, y):
        return nd.full(len(y), float("inf")), net(X)

    with pytest.raises(
        Diverged, match=r"^training diverged in epoch 1: the loss is inf; try a smaller"
    ):
        train_epochs(train_batch, net, *data, 5)


def test_a_parameter_that_is_not_finite_while_the_losses_are(sample):
    data = load_data_fashion_mnist(200, data=sample, seed=0)
    _, net, _ = make("scratch")

    def train_batch(X, y):
        return nd.zeros(len(y)), net(X)

    parameters = [np.zeros(3), np.array([0, np.nan])]
    with pytest.raises(
        Diverged, match=r"^training diverged in epoch 1: a parameter is not finite; try"
    ):
        train_epochs(train_batch, net, *data, 5, parameters=lambda: parameters)


def test_tutorials_error_on_request(sample, capsys):
    records = train_run(
        IMPLEMENTATIONS["scratch"],
        sample,
        Settings(epochs=2),
        0,
        on_epoch=loop.print_epoch_as_tutorial,
    ).records
    printed = [line[2] for line in LINE.findall(capsys.readouterr().out)]
    assert printed == [f"{share:.3f}" for share in records.share_predicted_1]
    assert printed != [f"{accuracy:.3f}" for accuracy in records.train_acc]
    assert len(set(printed)) == 2


def test_seconds_are_those_of_training_and_epochs_are_counted_from_1(sample, monkeypatch):
    data = load_data_fashion_mnist(200, data=sample, seed=0)
    named = []

    def slow(batches, desc):
        named.append(desc)
        for batch in batches:
            time.sleep(0.05)
            yield batch

    monkeypatch.setattr(loop, "progress", slow)
    monkeypatch.setattr(loop, "evaluate_accuracy", lambda *_, **options: time.sleep(0.2) or 0.5)
    start = time.perf_counter()
    records, _ = train("scratch", *data, 2)
    # Five batches an epoch; the evaluations do not count.
    assert min(records.seconds) > 0.25
    assert sum(records.seconds) < time.perf_counter() - start - 0.4
    assert named == ["epoch 1", "epoch 2"]


@pytest.mark.parametrize("show", [loop.print_epoch, loop.print_epoch_as_tutorial])
def test_each_epoch_is_seen_as_it_ends(show, monkeypatch):
    """Also in a pipe, where Python keeps lines back."""

    class Pipe(io.StringIO):
        def flush(self):
            seen.append(self.getvalue())

    seen = []
    monkeypatch.setattr(sys, "stdout", Pipe())
    share = [0.1] * 10
    show(
        loop.Records(loss=[0.5], train_acc=[0.8], test_acc=[0.7], seconds=[1], proportions=[share])
    )
    column = "0.800" if show is loop.print_epoch else "0.100"
    assert seen[-1] == f"epoch 1, loss 0.5000, train acc {column}, test acc 0.700\n"


def test_same_seed_same_numbers(sample):
    for implementation in ("scratch", "concise"):
        first, again, other = (
            train_run(
                IMPLEMENTATIONS[implementation],
                sample,
                Settings(epochs=2),
                seed,
                on_epoch=None,
            )
            for seed in (2**32 - 1, 2**32 - 1, 1)
        )
        assert first.records.loss == again.records.loss
        assert first.accuracy_before == again.accuracy_before
        np.testing.assert_array_equal(first.parameters["W"], again.parameters["W"])
        assert first.records.loss != other.records.loss


def test_seeds_at_both_ends():
    drawn, orders = set(), set()
    for seed in (0, 1, 2**31 - 1, 2**31, 2**32 - 1):
        seed_weights(seed)
        drawn.add(float(nd.random.normal(shape=(1,)).asscalar()))
        orders.add(tuple(ShardedBatchSampler(20, 5, np.random.RandomState(seed)).indices()))
    assert len(drawn) == len(orders) == 5
