import numpy as np
import pytest
from mxnet import nd

from gluon_softmax.training import metrics


def batches(count, size=7):
    random = np.random.RandomState(count)
    for k in range(count):
        n = size if k < count - 1 else 3
        losses, outputs = random.rand(n).astype("f"), random.rand(n, 10).astype("f")
        yield losses, outputs, random.randint(0, 10, n).astype("int32")


@pytest.mark.parametrize("kind", [metrics.DeferredSums, metrics.ImmediateSums])
@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_sums_are_those_of_numpy(kind, count, monkeypatch):
    monkeypatch.setattr(metrics, "KEPT", 3)
    counts = kind()
    expected = np.zeros(12)
    for losses, outputs, labels in batches(count):
        counts.add(nd.array(losses), nd.array(outputs), nd.array(labels, dtype="int32"))
        assert len(counts._kept) < 3
        predicted = outputs.argmax(axis=1)
        of_class = [(predicted == k).sum() for k in range(10)]
        expected += [losses.sum(), (predicted == labels).sum(), *of_class]
    for _ in range(2):
        np.testing.assert_allclose(counts.sums(), expected, rtol=1e-6)


def test_no_digits_are_lost_among_many_batches():
    counts = metrics.DeferredSums()
    outputs, labels = nd.zeros((1000, 10)), nd.zeros(1000)
    for _ in range(500):
        counts.add(nd.full(1000, 2.0**25 + 4), outputs, labels)
    assert counts.sums()[0] == 500_000 * (2.0**25 + 4)


def test_batches_are_counted_before_they_change():
    counts = metrics.ImmediateSums()
    l, y_hat, y = nd.ones(4), nd.zeros((4, 10)), nd.zeros(4)
    counts.add(l, y_hat, y)
    l[:] = 7
    y_hat[:, 5] = 1
    y[:] = 3
    assert counts.sums().tolist() == [4, 4, 4, *[0] * 9]
