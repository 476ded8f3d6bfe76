"""Arrays of one element, which NumPy 2.4 takes no longer for numbers."""

import copy
import pickle
import warnings
from types import SimpleNamespace

import mxnet as mx
import numpy as np
import pytest

from gluon_softmax.revival import one_element
from gluon_softmax.revival.one_element import OneElement


@pytest.fixture
def mended(monkeypatch):
    """MXNet's class as on NumPy 2.4, whatever NumPy is here."""

    class NDArray(mx.nd.NDArray):
        __slots__ = ()

    monkeypatch.setattr(one_element, "VERSION", (2, 4))
    monkeypatch.setattr(one_element, "note", lambda *words: None)
    one_element.mend(SimpleNamespace(NDArray=NDArray))
    return NDArray.asnumpy


def test_the_book_prints_its_loss(mended):
    l = mx.nd.array([0.25, 0.75]).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "epoch %d, loss %f" % (1, mended(l)) == "epoch 1, loss 0.500000"
        assert float(mended(l)) == 0.5
        assert int(mended(mx.nd.array([7]))) == 7
        assert round(float(mended(mx.nd.array([[2.5]]))), 1) == 2.5


def test_only_where_there_is_one(mended):
    assert type(mended(mx.nd.ones((2,)))) is np.ndarray
    one = mended(mx.nd.ones((1,)))
    assert type(one) is OneElement
    with pytest.raises(TypeError):
        float(one + np.ones(3))


def test_it_stays_one(mended):
    one = mended(mx.nd.array([3]))
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one), one.copy()):
        assert type(other) is OneElement
        assert float(other) == 3
    assert float(one * 2 + 1) == 7
    assert float(np.sqrt(one * 3)) == 3
    assert float(one.reshape(1, 1)) == 3


def test_it_is_an_array_to_all_else(mended):
    one, plain = mended(mx.nd.array([0.5])), np.array([0.5], "float32")
    assert (repr(one), str(one), f"{one!s}") == (repr(plain), str(plain), f"{plain!s}")
    assert repr([one]) == repr([plain])
    assert one.tolist() == [0.5]
    assert (one.shape, one.dtype, len(one)) == ((1,), np.float32, 1)
    assert mx.nd.array(one).asscalar() == 0.5


def test_older_numpys_are_left_alone(monkeypatch):
    asnumpy = mx.nd.NDArray.asnumpy
    module = SimpleNamespace(NDArray=type("NDArray", (), {"asnumpy": asnumpy}))
    monkeypatch.setattr(one_element, "note", lambda *words: None)
    monkeypatch.setattr(one_element, "VERSION", (2, 3))
    one_element.mend(module)
    assert module.NDArray.asnumpy is asnumpy


def test_as_it_is_here():
    with warnings.catch_warnings():
        # From NumPy 1.25 to 2.3 it warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        assert "%f" % mx.nd.ones((3,)).mean().asnumpy() == "1.000000"
