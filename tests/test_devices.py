"""Everything on a second device, like a GPU: for MXNet, ``cpu(1)`` is not ``cpu(0)``."""

import dataclasses
import sys

import mxnet as mx
import pytest

from gluon_softmax.comparison import compare
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.reproduction import report
from gluon_softmax.reproduction.answer import judge
from gluon_softmax.reproduction.reproduce import reproduce
from gluon_softmax.training.run import Settings, predict, train_run

# Functions that copy parameters to their device, and the tutorial's example of nd.pick.
ELSEWHERE = {"set_parameters", "find_exact_results"}
SECOND = Settings(epochs=2, ctx=mx.cpu(1))


@pytest.fixture
def devices(monkeypatch):
    """Record the devices of all new arrays, except those in ``ELSEWHERE``.

    Gluon draws initial weights on the first CPU, for any device.
    """
    found = set()
    base = mx.nd.NDArray.__mro__[1]
    init = base.__init__

    def noted(array, *args, **kwargs):
        init(array, *args, **kwargs)
        frame = sys._getframe()
        while frame is not None:
            code = frame.f_code
            if code.co_filename == mx.gluon.parameter.__file__ or code.co_name in ELSEWHERE:
                return
            frame = frame.f_back
        found.add(array.context)

    monkeypatch.setattr(base, "__init__", noted)
    return found


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_training_and_predicting(name, sample, devices):
    trained = train_run(IMPLEMENTATIONS[name], sample, SECOND, 0)
    outputs = predict(IMPLEMENTATIONS[name], trained.parameters, sample.test_images, mx.cpu(1))
    assert devices == {mx.cpu(1)}

    on_the_first = train_run(IMPLEMENTATIONS[name], sample, Settings(epochs=2), 0)
    assert devices == {mx.cpu(0), mx.cpu(1)}
    assert trained.records.loss == on_the_first.records.loss
    assert trained.records.test_acc == on_the_first.records.test_acc
    again = predict(IMPLEMENTATIONS[name], trained.parameters, sample.test_images, mx.cpu(0))
    assert (outputs == again).all()


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_several_without_the_first(name, sample, devices):
    ctx = (mx.cpu(1), mx.cpu(2))
    trained = train_run(IMPLEMENTATIONS[name], sample, Settings(epochs=1, ctx=ctx), 0)
    assert devices == set(ctx)
    assert len(trained.records.loss) == 1


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_the_tutorials_loader_uses_the_device(name, sample):
    runs = [
        train_run(IMPLEMENTATIONS[name], sample, dataclasses.replace(SECOND, loader=loader), 0)
        for loader in ("per-sample", "resident")
    ]
    assert runs[0].records.loss == runs[1].records.loss


def test_comparing(sample, devices):
    compare.compare_steps(sample, SECOND, seed=0)
    assert devices == {mx.cpu(1)}


@pytest.mark.slow
def test_the_reproduction_and_its_report(sample, devices, tmp_path):
    official = dataclasses.replace(sample, edition="official")
    found = reproduce(official, SECOND, seed=0, runs=2, read=False)
    report.write_report(judge(found), tmp_path, "command")
    assert devices == {mx.cpu(1)}
