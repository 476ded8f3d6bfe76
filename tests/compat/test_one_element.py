"""One-element arrays, which NumPy 2.4 no longer converts to numbers."""

import copy
import pickle
import warnings
from types import SimpleNamespace

import mxnet as mx
import numpy as np
import pytest

from gluon_softmax.compat import one_element
from gluon_softmax.compat.one_element import OneElement


@pytest.fixture
def patched(monkeypatch):
    """``asnumpy`` as on NumPy 2.4, whatever NumPy is here."""

    class NDArray(mx.nd.NDArray):
        __slots__ = ()

    monkeypatch.setattr(one_element, "VERSION", (2, 4))
    monkeypatch.setattr(one_element, "note", lambda *words: None)
    one_element.patch(SimpleNamespace(NDArray=NDArray))
    return NDArray.asnumpy


def test_the_book_prints_its_loss(patched):
    l = mx.nd.array([0.25, 0.75]).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "epoch %d, loss %f" % (1, patched(l)) == "epoch 1, loss 0.500000"
        assert float(patched(l)) == 0.5
        assert int(patched(mx.nd.array([7]))) == 7
        assert round(float(patched(mx.nd.array([[2.5]]))), 1) == 2.5


def test_only_where_there_is_one(patched):
    one = patched(mx.nd.ones((1,)))
    assert type(one) is OneElement
    for several in (one + np.ones(3), patched(mx.nd.ones((2,))), patched(mx.nd.ones((2, 1)))[:0]):
        for convert in (float, int):
            with pytest.raises(TypeError):
                convert(several)


def test_a_slice_of_one_element_is_a_number(patched):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        two = patched(mx.nd.array([4.0, 3.0]))
        assert float(two[:1]) == 4
        assert int(two[1:]) == 3
        assert "%f" % (two * 2)[1:] == "6.000000"
        weights = patched(mx.nd.array([[2.5], [1.5]]))
        assert [float(row) for row in weights] == [2.5, 1.5]
        assert float(weights[weights > 2]) == 2.5
        assert float(weights.sum(axis=0)) == 4
        assert float(weights.T @ weights) == 8.5


COMPUTED = {
    "sum": lambda x: x.sum(),
    "numpy.sum": np.sum,
    "mean": lambda x: x.mean(),
    "std": np.std,
    "max": lambda x: x.max(),
    "argmax": lambda x: x.argmax(),
    "numpy.argmin": np.argmin,
    "all": lambda x: (x > 0).all(),
    "any": lambda x: np.any(x > 3),
    "dot": lambda x: np.dot(x[0], x[1]),
    "@": lambda x: x[0] @ x[1],
    "trace": np.trace,
    "norm": np.linalg.norm,
    "median": np.median,
    "percentile": lambda x: np.percentile(x, 30),
    "element": lambda x: x[1, 2],
    "take": lambda x: x.take(2),
    "vdot": lambda x: np.vdot(x, x),
    "einsum": lambda x: np.einsum("ij->", x),
    "searchsorted": lambda x: np.searchsorted(x[0], 2.0),
    "round": lambda x: np.round(x.mean(), 2),
    "sum + 1": lambda x: np.exp(x.sum()) + x.mean(),
    "rows": lambda x: x.argmax(axis=1)[0],
    "copy": np.array,
    "where": lambda x: np.where(x > 2, x, 0)[0, 0],
}


@pytest.mark.skipif(np.__version__ < "2", reason="only from NumPy 2.4 on are there such arrays")
@pytest.mark.parametrize("name", COMPUTED)
def test_what_is_computed_has_the_type_of_numpys(name, patched):
    """Without __array_wrap__ a sum would be an array, which no dictionary takes as a key."""
    values = [[1.0, 5.0, 2.0], [4.0, 3.0, 6.0]]
    ours = COMPUTED[name](patched(mx.nd.array(values)))
    theirs = COMPUTED[name](np.array(values, "float32"))
    assert type(ours) is type(theirs)
    np.testing.assert_array_equal(ours, theirs)


def test_a_larger_array_is_pickled_as_a_plain_one(patched):
    """So that a file of them can be loaded where this package is not installed."""
    several = patched(mx.nd.array([[1, 2], [3, 4]]))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(several, protocol)
        assert b"gluon_softmax" not in pickled
        again = pickle.loads(pickled)
        assert type(again) is np.ndarray
        np.testing.assert_array_equal(again, several)


def test_what_is_copied_into_a_plain_array_is_numpys():
    """What the module says cannot be changed."""
    assert type(np.array(np.ones(1).view(OneElement))) is np.ndarray
    assert type(np.concatenate([np.ones(1).view(OneElement)] * 2)) is np.ndarray


def test_numpys_functions_take_an_ndarray():
    x = mx.nd.array([[1, 2], [3, 4]])
    assert np.all(mx.nd.array([5]) == 5)
    assert not np.all(mx.nd.array([5, 6]) == 5)
    assert np.array_equal(x, mx.nd.array([[1, 2], [3, 4]]))
    assert not np.array_equal(x, x + 1)
    plain = np.array(x)
    assert (plain.shape, plain.dtype) == ((2, 2), np.float32)
    np.testing.assert_array_equal(plain, [[1, 2], [3, 4]])
    assert np.array(x, dtype="int64").dtype == np.int64
    np.testing.assert_array_equal(np.array([x[0], x[1]]), plain)
    # A copy, to which a program may write.
    plain[:] = 0
    assert x.sum().asscalar() == 10
    # As before, where MXNet's own array decides.
    assert type(np.float32(2) * x) is mx.nd.NDArray
    both = np.all(mx.np.array([[1, 0], [1, 1]]), axis=0)
    assert both.tolist() == [True, False]


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 does not ask for it")
def test_an_ndarray_is_never_shared():
    with pytest.raises(ValueError, match="cannot become a NumPy array without a copy"):
        np.array(mx.nd.ones(2), copy=False)


def test_it_stays_one(patched):
    one = patched(mx.nd.array([3]))
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one), one.copy()):
        assert type(other) is OneElement
        assert float(other) == 3
    assert float(one * 2 + 1) == 7
    assert float(np.sqrt(one * 3)) == 3
    assert float(one.reshape(1, 1)) == 3


def test_it_is_an_array_to_all_else(patched):
    one, plain = patched(mx.nd.array([0.5])), np.array([0.5], "float32")
    assert (repr(one), str(one), f"{one!s}") == (repr(plain), str(plain), f"{plain!s}")
    assert repr([one]) == repr([plain])
    assert one.tolist() == [0.5]
    assert (one.shape, one.dtype, len(one)) == ((1,), np.float32, 1)
    assert mx.nd.array(one).asscalar() == 0.5


def test_older_numpys_are_left_alone(monkeypatch):
    asnumpy = mx.nd.NDArray.asnumpy
    monkeypatch.setattr(one_element, "note", lambda *words: None)
    for version, converts in (((2, 3), True), ((1, 23), False)):
        module = SimpleNamespace(NDArray=type("NDArray", (), {"asnumpy": asnumpy}))
        monkeypatch.setattr(one_element, "VERSION", version)
        one_element.patch(module)
        assert module.NDArray.asnumpy is asnumpy
        assert hasattr(module.NDArray, "__array__") == converts


def test_as_it_is_here():
    with warnings.catch_warnings():
        # From NumPy 1.25 to 2.3 it warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        assert "%f" % mx.nd.ones((3,)).mean().asnumpy() == "1.000000"
