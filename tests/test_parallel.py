"""Several devices give the digits of one; for MXNet, ``cpu(1)`` is not ``cpu(0)``."""

import dataclasses

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet import nd

import scratch.parallel
from gluon_softmax.errors import UsageError
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training.loader import load_data_fashion_mnist
from gluon_softmax.training.loop import evaluate_accuracy
from gluon_softmax.training.run import Settings, train_run

both = pytest.mark.parametrize("implementation", IMPLEMENTATIONS)


def devices(count):
    return tuple(mx.cpu(number) for number in range(count))


def run(implementation, data, **settings):
    return train_run(IMPLEMENTATIONS[implementation], data, Settings(**settings), 3, on_epoch=None)


def assert_same(ours, single):
    # Rounding changes one or two of 60,000 predictions.
    for name, bound in (
        ("loss", 1e-5),
        ("train_acc", 5e-5),
        ("test_acc", 2e-4),
        ("proportions", 5e-5),
    ):
        ours_, single_ = (getattr(run.records, name) for run in (ours, single))
        assert np.abs(np.subtract(ours_, single_)).max() <= bound, name
    assert ours.accuracy_before == single.accuracy_before
    for name, array in single.parameters.items():
        assert np.abs(ours.parameters[name] - array).max() <= 1e-4


# 1000 images: the last batch of 170 has 150, that of 7 has 6, which leaves one for a device.
@pytest.mark.slow
@pytest.mark.parametrize(("count", "batch_size"), [(2, 170), (4, 7)])
@both
def test_digits_of_one_device(implementation, count, batch_size, sample):
    settings = {"epochs": 2, "batch_size": batch_size, "lr": 0.1 if batch_size > 7 else 0.01}
    assert_same(
        run(implementation, sample, ctx=devices(count), **settings),
        run(implementation, sample, **settings),
    )


@pytest.mark.slow
@both
def test_digits_of_one_device_by_the_tutorials_loader(implementation, sample):
    settings = {"epochs": 1, "batch_size": 334, "loader": "per-sample", "num_workers": 2}
    assert_same(
        run(implementation, sample, ctx=devices(3), **settings),
        run(implementation, sample, **settings),
    )


@pytest.mark.full_data
@both
def test_digits_of_one_device_on_the_whole_data_set(implementation, official):
    assert_same(run(implementation, official, ctx=devices(4)), run(implementation, official))


@both
def test_each_device_gets_its_part(implementation, sample, monkeypatch):
    ctxs, seen = devices(3), []
    part = IMPLEMENTATIONS[implementation].parallel

    def get_net(ctxs):
        net, params = part.get_net(ctxs)
        return lambda X: seen.append((X.context, len(X))) or net(X), params

    watched = dataclasses.replace(part, get_net=get_net)
    settings = Settings(epochs=1, batch_size=200, ctx=ctxs)
    train_run(
        dataclasses.replace(IMPLEMENTATIONS[implementation], parallel=watched),
        sample,
        settings,
        3,
        on_epoch=None,
    )
    for ctx in ctxs:
        # Two evaluations of 300 images in batches of 200, and five batches between them.
        sizes = [size for context, size in seen if context == ctx]
        assert len(sizes) == 2 + 5 + 2
        assert set(sizes[2:7]) <= {66, 67, 68}
    assert sum(size for _, size in seen) == 300 + 1000 + 300


@pytest.mark.parametrize("loader", ["resident", "per-sample"])
# The last batch has 4 of 1000 images, or as many as the others.
@pytest.mark.parametrize("batch_size", [332, 200])
def test_each_rank_gets_its_shard(loader, batch_size, sample):
    options = {"data": sample, "seed": 1, "loader": loader, "num_workers": 0}
    whole, whole_test = load_data_fashion_mnist(batch_size, **options)
    loaders = [load_data_fashion_mnist(batch_size, shard=(rank, 3), **options) for rank in range(3)]
    assert [len(train_iter) for train_iter, _ in loaders] == [len(whole)] * 3
    for (X, y), *shards in zip(whole, *(train_iter for train_iter, _ in loaders)):
        for rank, (X_of_rank, y_of_rank) in enumerate(shards):
            assert (y_of_rank.asnumpy() == y.asnumpy()[rank::3]).all()
            assert (X_of_rank.asnumpy() == X.asnumpy()[rank::3]).all()
    tested = [y.asnumpy() for _, test_iter in loaders for _, y in test_iter]
    assert sorted(np.concatenate(tested)) == sorted(sample.test_labels)
    assert len(whole_test) == len(loaders[0][1])


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
    train_iter, test_iter = load_data_fashion_mnist(4, data=sample, seed=1)
    train_batch = part.get_train_batch(net, params, 0.1, 4)
    before = evaluate_accuracy(test_iter, net, ctxs)
    for X, y in train_iter:
        train_batch(X, y)
    X = nd.array(sample.test_images / 255).transpose((0, 3, 1, 2))
    outputs = [net(X.as_in_context(ctx)).asnumpy() for ctx in ctxs]
    assert (outputs[0] == outputs[1]).all()
    assert (outputs[0] == outputs[2]).all()
    test = [(X, nd.array(sample.test_labels))]
    after = evaluate_accuracy(test_iter, net, ctxs)
    assert after == pytest.approx(d2l.evaluate_accuracy(test, net, [mx.cpu()]))
    assert after > before + 0.3


@both
def test_one_device_alone_is_trained_by_the_tutorials_code(implementation, sample):
    alone = dataclasses.replace(IMPLEMENTATIONS[implementation], parallel=None)
    settings = Settings(epochs=1)
    assert train_run(alone, sample, settings, 3, on_epoch=None).records.loss
    with pytest.raises(UsageError, match=f"^{implementation} trains on one device only$"):
        train_run(alone, sample, Settings(ctx=devices(2)), 3)


@both
def test_more_devices_than_examples_in_the_last_batch(implementation, sample):
    # 1000 images: the last batch of 333 has one.
    with pytest.raises(UsageError) as raised:
        run(implementation, sample, batch_size=333, ctx=devices(2))
    assert str(raised.value) == (
        "--ctx: 2 devices need 2 examples in each batch, but the last batch of an epoch has 1: "
        "choose fewer devices or another --batch-size"
    )
    assert run(implementation, sample, batch_size=334, ctx=devices(2), epochs=1).records.loss


def test_more_workers_than_examples_in_the_last_batch(sample):
    for batch_size, last in ((333, 1), (2, 2)):
        with pytest.raises(UsageError) as raised:
            load_data_fashion_mnist(batch_size, data=sample, shard=(0, 3))
        assert str(raised.value) == (
            "3 workers need 3 examples in each batch, but the last batch of an epoch has "
            f"{last}: choose fewer workers or another batch size"
        )
    assert len(load_data_fashion_mnist(334, data=sample, shard=(0, 3))[0]) == 3
