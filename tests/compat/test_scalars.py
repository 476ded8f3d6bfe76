"""NumPy's numbers as parameters of MXNet's operators."""

from collections import namedtuple

import mxnet as mx
import numpy as np
import pytest
from mxnet import nd, sym

from gluon_softmax.compat.scalars import Text

Pair = namedtuple("Pair", "a b")
TWO, THREE = np.int64(2), np.int32(3)


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        (lambda: nd.ones((TWO, 6)), (2, 6)),
        (lambda: nd.zeros(tuple(np.array([2, 3]))), (2, 3)),
        (lambda: nd.zeros(np.prod((2, 3))), (6,)),
        (lambda: nd.zeros([TWO, THREE]), (2, 3)),
        (lambda: nd.full((TWO,), np.float32(0.1)), (2,)),
        (lambda: nd.arange(5)[TWO:], (3,)),
        (lambda: nd.ones((4, 5))[np.int64(1), TWO:], (3,)),
        (lambda: nd.ones((4, 5))[np.array([0, 2])], (2, 5)),
        (lambda: nd.expand_dims(nd.ones((2,)), axis=np.int64(0)), (1, 2)),
        (lambda: nd.broadcast_to(nd.ones((1, 2)), shape=(THREE, TWO)), (3, 2)),
        (lambda: nd.random.normal(shape=(TWO, THREE)), (2, 3)),
        (lambda: nd.random.uniform(np.float64(0), np.float32(1), shape=(TWO,)), (2,)),
        (lambda: nd.ones((2, 3)).reshape((THREE, TWO)), (3, 2)),
        (lambda: nd.ones((2, 3)).sum(axis=(np.int64(0), np.int64(1))), (1,)),
        (
            lambda: nd.pad(nd.ones((1, 1, 2, 2)), "constant", (0, 0, 0, 0, TWO, 1, 1, 1)),
            (1, 1, 5, 4),
        ),
    ],
)
def test_operators_take_them(made, shape):
    assert made().shape == shape


@pytest.mark.parametrize("name", ["uniform", "normal", "gamma", "exponential", "weibull"])
def test_mxnets_numpy_takes_them_as_sizes(name):
    draw = getattr(mx.np.random, name)
    parameters = {"gamma": (2.0,), "weibull": (1.5,)}.get(name, ())
    assert draw(*parameters, size=np.int64(3)).shape == (3,)
    assert draw(*parameters, size=(np.int64(3), 2)).shape == (3, 2)
    assert draw(*parameters).shape == ()


def test_they_have_their_values():
    assert nd.full((TWO,), np.float32(0.1)).asnumpy().tolist() == [np.float32(0.1)] * 2
    assert nd.arange(5)[TWO:].asnumpy().tolist() == [2, 3, 4]


def test_symbols_take_them():
    x = sym.var("x", shape=(TWO, 3), lr_mult=np.float32(0.5))
    assert x.attr("__shape__") == "(2, 3)"
    assert x.attr("__lr_mult__") == "0.5"
    _, [shape], _ = sym.reshape(x, shape=(np.int64(3), TWO)).infer_shape()
    assert shape == (3, 2)
    assert sym.zeros((TWO, THREE)).infer_shape()[1] == [(2, 3)]


def test_gluon_takes_them():
    halves = mx.gluon.utils.split_and_load(nd.ones((4, 2)), [mx.cpu(0), mx.cpu(1)])
    assert [half.shape for half in halves] == [(2, 2), (2, 2)]
    net = mx.gluon.nn.Dense(np.int64(3), in_units=np.int64(2))
    net.initialize(mx.init.Normal(np.float64(0.01)))
    net.hybridize()
    assert net(nd.ones((5, 2))).shape == (5, 3)


@pytest.mark.parametrize(
    "value",
    [None, 1, 0.5, True, "a", (), (1,), (1, 2), [1, 2], ((1, 2), (3, 4)), ("a", None), {"a": 1}],
)
def test_without_numpy_it_is_the_text_of_python(value):
    assert Text(value) == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((np.int64(8), 6), "(8, 6)"),
        ((np.float32(0.1),), "(0.1,)"),
        ([np.bool_(True), [np.int8(1)]], "[True, [1]]"),
        (((TWO, 3), (np.str_("a"),)), "((2, 3), ('a',))"),
        (np.int64(8), "8"),
        (np.array([1, 2]), "[1 2]"),
        (Pair(np.int64(1), 2), str(Pair(np.int64(1), 2))),
    ],
)
def test_with_numpy_it_is_the_text_of_numpy_1(value, text):
    assert Text(value) == text


def test_it_passes_for_str():
    assert isinstance("a", Text)
    assert not isinstance(1, Text)
    assert Text() == ""
