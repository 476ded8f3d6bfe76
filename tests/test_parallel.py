"""Several devices give the digits of one; to MXNet, ``cpu(1)`` is not ``cpu(0)``."""

import dataclasses

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

import scratch.parallel
from gluon_softmax.errors import UsageError
from gluon_softmax.reproduction.implementations import IMPLEMENTATIONS
from gluon_softmax.training.loader import load_data_fashion_mnist
from gluon_softmax.training.loop import evaluate_accuracy
from gluon_softmax.training.run import Settings, train_run

both = pytest.mark.parametrize("implementation", IMPLEMENTATIONS)


def devices(count):
    return tuple(mx.cpu(number) for number in range(count))


def run(implementation, data, **settings):
    return train_run(
        IMPLEMENTATIONS[implementation], data, Settings(**settings), 3, on_epoch=lambda _: None
    )


def assert_same(ours, single):
    # Of 60,000 examples, rounding turns one or two predictions.
    for name, bound in (("loss", 1e-5), ("train_acc", 5e-5), ("test_acc", 2e-4), ("shares", 5e-5)):
        ours_, single_ = (getattr(run.records, name) for run in (ours, single))
        assert np.abs(np.subtract(ours_, single_)).max() <= bound, name
    assert ours.accuracy_before == single.accuracy_before
    for ours_, single_ in zip(ours.parameters, single.parameters):
        assert np.abs(ours_ - single_).max() <= 1e-4


# 1000 images: the last batch of 170 has 150, that of 7 has 6; one example is on one device only,
# and of three, with four devices, one has none.
@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [170, 7, 3, 1])
@pytest.mark.parametrize("count", [2, 4])
@both
def test_digits_of_one_device(implementation, count, batch_size, sample):
    # The tutorial's rate with batches of one goes astray on every device alike.
    settings = {"epochs": 5 if batch_size > 7 else 1, "batch_size": batch_size, "lr": 0.01}
    if batch_size > 7:
        settings["lr"] = 0.1
    assert_same(
        run(implementation, sample, ctx=devices(count), **settings),
        run(implementation, sample, **settings),
    )


@pytest.mark.slow
@both
def test_digits_of_one_device_by_the_tutorials_feed(implementation, sample):
    settings = {"epochs": 2, "batch_size": 333, "loader": "per-sample", "num_workers": 2}
    assert_same(
        run(implementation, sample, ctx=devices(3), **settings),
        run(implementation, sample, **settings),
    )


@pytest.mark.full_data
@both
def test_digits_of_one_device_on_the_whole_data_set(implementation, official):
    assert_same(run(implementation, official, ctx=devices(4)), run(implementation, official))


@pytest.mark.parametrize("resize", [None, 14])
@pytest.mark.parametrize("loader", ["resident", "per-sample"])
def test_each_device_gets_its_share(loader, resize, sample):
    ctxs = devices(3)
    options = {"data": sample, "seed": 1, "loader": loader, "num_workers": 0, "resize": resize}
    feeds = [load_data_fashion_mnist(200, ctx=ctx, **options) for ctx in (ctxs, None)]
    for shared, whole in zip(*feeds):
        assert len(shared) == len(whole)
        for (Xs, ys), (X, y) in zip(shared, whole):
            assert [x.context for x in Xs] == [y.context for y in ys] == list(ctxs)
            assert max(len(x) for x in Xs) < 2 / 3 * len(X)
            assert all(x.shape[2:] == (resize or 28,) * 2 for x in Xs)
            together, expected = (
                sorted((label, image.tobytes()) for image, label in zip(X.asnumpy(), y.asnumpy()))
                for X, y in (
                    [nd.concat(*(a.as_in_context(mx.cpu()) for a in b), dim=0) for b in (Xs, ys)],
                    (X, y),
                )
            )
            assert together == expected


@pytest.mark.parametrize("loader", ["resident", "per-sample"])
def test_workers_share_each_batch(loader, sample):
    options = {"data": sample, "seed": 1, "loader": loader, "num_workers": 0}
    # Of the last batch, 1 example, the first worker alone has something.
    batch_size = 333
    whole, _ = load_data_fashion_mnist(batch_size, **options)
    feeds = [
        load_data_fashion_mnist(batch_size, shard=(worker, 3), **options)[0] for worker in range(3)
    ]
    assert [len(feed) for feed in feeds] == [len(whole)] * 3 == [4] * 3
    assert [len(list(feed)) for feed in (whole, *feeds)] == [4] * 4
    for (X, y), *shares in zip(whole, *feeds):
        for worker, (Xs, ys) in enumerate(shares):
            expected = y.asnumpy()[worker::3]
            assert len(Xs) == len(ys) == min(1, len(expected))
            if len(ys):
                assert (ys[0].asnumpy() == expected).all()
                assert (Xs[0].asnumpy() == X.asnumpy()[worker::3]).all()


def test_allreduce_is_that_of_the_book():
    arrays = [nd.ones((1, 2), ctx=mx.cpu(i)) * (i + 1) for i in range(3)]
    scratch.parallel.allreduce(arrays)
    assert [(a.context, a.asnumpy().tolist()) for a in arrays] == [
        (mx.cpu(i), [[6.0, 6.0]]) for i in range(3)
    ]


@pytest.mark.slow
@both
def test_copies_stay_the_same(implementation, sample):
    part = IMPLEMENTATIONS[implementation].parallel
    ctxs = devices(3)
    net, params = part.get_net(ctxs)
    train_iter, test_iter = load_data_fashion_mnist(2, data=sample, ctx=ctxs, seed=1)
    train_batch = part.get_train_batch(net, params, 0.1, 2)
    before = evaluate_accuracy(test_iter, net)
    for Xs, ys in train_iter:
        train_batch(Xs, ys)
    X = nd.array(sample.test_images / 255).transpose((0, 3, 1, 2))
    outputs = [net(X.as_in_context(ctx)).asnumpy() for ctx in ctxs]
    assert (outputs[0] == outputs[1]).all()
    assert (outputs[0] == outputs[2]).all()
    test = [(X, nd.array(sample.test_labels))]
    after = evaluate_accuracy(test_iter, net)
    assert after == pytest.approx(d2l.evaluate_accuracy(test, net, [mx.cpu()]))
    assert after > before + 0.3


@both
def test_one_device_alone_is_trained_by_the_tutorials_code(implementation, sample, monkeypatch):
    monkeypatch.setattr(IMPLEMENTATIONS[implementation].parallel, "get_net", None)
    assert run(implementation, sample, epochs=1).records.loss


@pytest.mark.bad_input
def test_more_devices_or_workers_than_examples(sample):
    few = dataclasses.replace(
        sample, test_images=sample.test_images[:2], test_labels=sample.test_labels[:2]
    )
    with pytest.raises(UsageError, match=r"^3 devices are too many for 2 examples$"):
        load_data_fashion_mnist(200, data=few, ctx=devices(3))
    for batch_size, data in ((200, few), (2, sample)):
        with pytest.raises(UsageError, match=r"^3 workers are too many for batches of 2 examples$"):
            load_data_fashion_mnist(batch_size, data=data, shard=(0, 3))
    # As many as there are examples is enough.
    assert len(load_data_fashion_mnist(200, data=few, ctx=devices(2))[1]) == 1
    assert len(load_data_fashion_mnist(2, data=few, shard=(1, 2))[1]) == 1
