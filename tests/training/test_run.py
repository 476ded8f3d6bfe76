import mxnet as mx
import numpy as np
import pytest

from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training import run as runs
from gluon_softmax.training.run import Settings


def test_defaults_are_the_tutorials():
    settings = Settings()
    assert (settings.epochs, settings.batch_size, settings.lr) == (5, 200, 0.1)
    assert settings.ctx == mx.cpu()


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_run(implementation, sample):
    started = []
    run = runs.train_run(
        IMPLEMENTATIONS[implementation],
        sample,
        Settings(epochs=3),
        5,
        on_start=started.append,
        on_epoch=lambda records: started.append(len(records.loss)),
    )
    assert started == [run.accuracy_before, 1, 2, 3]
    assert (run.implementation, run.seed) == (implementation, 5)
    W, b = run.parameters["W"], run.parameters["b"]
    assert (W.shape, b.shape) == ((784, 10), (10,))
    # The parameters are those of the last accuracy.
    flat = sample.test_images.reshape(300, 784) / 255
    accuracy = ((flat @ W + b).argmax(axis=1) == sample.test_labels).mean()
    assert run.records.test_acc[-1] == pytest.approx(accuracy)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_start_from_given_parameters(implementation, sample):
    W = np.random.RandomState(0).normal(0, 0.1, (784, 10)).astype("f")
    b = np.arange(10, dtype="f")
    run = runs.train_run(
        IMPLEMENTATIONS[implementation],
        sample,
        Settings(epochs=1),
        0,
        start={"W": W, "b": b},
        on_epoch=None,
    )
    flat = sample.test_images.reshape(300, 784) / 255
    expected = ((flat @ W + b).argmax(axis=1) == sample.test_labels).mean()
    assert run.accuracy_before == pytest.approx(expected)
    again = runs.train_run(
        IMPLEMENTATIONS[implementation],
        sample,
        Settings(epochs=1),
        0,
        start={"W": W, "b": b},
        on_epoch=None,
    )
    np.testing.assert_array_equal(run.parameters["W"], again.parameters["W"])


def test_the_seed_is_that_of_the_shuffling_too(sample):
    start = {"W": np.zeros((784, 10), "f"), "b": np.zeros(10, "f")}
    losses = [
        runs.train_run(
            IMPLEMENTATIONS["concise"],
            sample,
            Settings(epochs=1),
            seed,
            start,
            on_epoch=None,
        ).records.loss
        for seed in (1, 1, 2)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_the_settings_reach_the_data_loader(sample, monkeypatch):
    asked = []
    load = runs.load_data_fashion_mnist

    def load_data(*args, **kwargs):
        asked.append((args[0], kwargs))
        return load(*args, **kwargs)

    monkeypatch.setattr(runs, "load_data_fashion_mnist", load_data)
    settings = Settings(1, 50, 0.1, mx.cpu(1), "per-sample", 0)
    runs.train_run(IMPLEMENTATIONS["concise"], sample, settings, 9, on_epoch=None)
    expected = {
        "data": sample,
        "loader": "per-sample",
        "num_workers": 0,
        "ctx": mx.cpu(1),
        "shard": None,
        "seed": 9,
    }
    assert asked == [(50, expected)]


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_predict(implementation, sample):
    random = np.random.RandomState(0)
    W, b = random.normal(size=(784, 10)).astype("f"), random.normal(size=10).astype("f")
    outputs = runs.predict(
        IMPLEMENTATIONS[implementation], {"W": W, "b": b}, sample.test_images, mx.cpu()
    )
    logits = sample.test_images.reshape(300, 784) / 255 @ W + b
    np.testing.assert_array_equal(outputs.argmax(axis=1), logits.argmax(axis=1))
    exact = np.exp(logits - logits.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(outputs, exact, rtol=1e-3, atol=1e-6)
