"""What NumPy removed or changed: names, scalars as parameters, arrays as numbers, records."""

import copy
import pickle
import warnings
from collections import namedtuple
from types import SimpleNamespace

import mxnet as mx
import numpy as np
import pytest
from isolated import run_code, run_script
from mxnet import nd, sym

from gluon_softmax.compat import numpy as patches
from gluon_softmax.compat.numpy import OneElement, Text

# Every name that MXNet 1.9.1 looks up in NumPy and some NumPy lacks, by the last that has it: found
# by watching MXNet's import, and by asking each NumPy from 1.23 to 2.5 for what MXNet's source
# takes from it.
LAST = {
    (1, 23): ["bool", "int"],
    (1, 26): [
        *("Inf", "NAN", "NINF", "NZERO", "NaN", "PINF", "PZERO"),
        *("alltrue", "compat", "msort", "product", "round_", "sometrue"),
        *("mirr", "npv", "pmt", "ppmt", "pv", "rate"),
    ],
    (2, 3): ["in1d", "trapz"],
}
old_names = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_numpy_gets_what_it_lacks_and_nothing_else():
    version = tuple(int(number) for number in np.__version__.split(".")[:2])
    printed = run_code("""
        import numpy as np
        before = dict(vars(np))
        import gluon_softmax
        after = dict(vars(np))
        assert all(after[name] is before[name] for name in before)
        print(*sorted(set(after) - set(before)))
        print(*sorted(patch.name for patch in gluon_softmax.compat.applied()))
        """)
    added, applied = (line.split() for line in printed.splitlines())
    lacking = {name for last, names in LAST.items() if version > last for name in names}
    if version >= (2, 0):
        lacking.remove("bool")  # It came back.
    assert set(added) == lacking
    assert set(applied) == {f"numpy.{name}" for name in lacking}


@old_names
@pytest.mark.parametrize(
    ("old", "new"),
    [("product", "prod"), ("alltrue", "all"), ("sometrue", "any"), ("round_", "round")],
)
def test_numpy_names_have_their_old_meaning(old, new):
    numbers = np.array([[0.4, 1.6, 0.0], [2.5, -3.5, 1.0]])
    assert np.array_equal(getattr(np, old)(numbers), getattr(np, new)(numbers))


@old_names
def test_numpy_functions_have_their_old_meaning():
    # By the examples in NumPy 1.23's documentation.
    assert np.msort(np.array([[1, 4], [3, 1]])).tolist() == [[1, 1], [3, 4]]
    assert np.in1d([[0, 1], [2, 5], [0, 0]], [0, 2]).tolist() == [
        True,
        False,
        True,
        False,
        True,
        True,
    ]
    assert np.in1d([0, 1, 2], [0, 2], invert=True).tolist() == [False, True, False]
    assert np.trapz([1, 2, 3], x=[4, 6, 8]) == 8.0
    assert [np.PINF, -np.NINF, 1 / np.PINF, np.Inf] == [np.inf, np.inf, np.PZERO, np.inf]
    assert np.signbit(np.NZERO)
    assert np.isnan([np.NaN, np.NAN]).all()


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1.26 has its own")
def test_numpy_financial_functions_say_where_they_went():
    with pytest.raises(RuntimeError, match="numpy-financial"):
        np.npv(0.1, [1, 2])


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
def test_operators_accept_numpys_scalars(made, shape):
    assert made().shape == shape


@pytest.mark.parametrize("name", ["uniform", "normal", "gamma", "exponential", "weibull"])
def test_mxnets_numpy_accepts_scalars_as_sizes(name):
    draw = getattr(mx.np.random, name)
    parameters = {"gamma": (2.0,), "weibull": (1.5,)}.get(name, ())
    assert draw(*parameters, size=np.int64(3)).shape == (3,)
    assert draw(*parameters, size=(np.int64(3), 2)).shape == (3, 2)
    assert draw(*parameters).shape == ()


def test_scalars_have_their_values():
    assert nd.full((TWO,), np.float32(0.1)).asnumpy().tolist() == [np.float32(0.1)] * 2
    assert nd.arange(5)[TWO:].asnumpy().tolist() == [2, 3, 4]


def test_symbols_accept_scalars():
    x = sym.var("x", shape=(TWO, 3), lr_mult=np.float32(0.5))
    assert x.attr("__shape__") == "(2, 3)"
    assert x.attr("__lr_mult__") == "0.5"
    _, [shape], _ = sym.reshape(x, shape=(np.int64(3), TWO)).infer_shape()
    assert shape == (3, 2)
    assert sym.zeros((TWO, THREE)).infer_shape()[1] == [(2, 3)]


def test_gluon_accepts_scalars():
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
def test_text_without_numpy_is_pythons(value):
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
def test_text_with_numpy_is_that_of_numpy_1(value, text):
    assert Text(value) == text


def test_text_passes_for_str():
    assert isinstance("a", Text)
    assert not isinstance(1, Text)
    assert Text() == ""


@pytest.fixture
def patched(monkeypatch):
    """Make ``asnumpy`` what it is on NumPy 2.4, with any NumPy."""

    class NDArray(mx.nd.NDArray):
        __slots__ = ()

    monkeypatch.setattr(patches, "VERSION", (2, 4))
    monkeypatch.setattr(patches, "note", lambda *words: None)
    patches.convert_arrays(SimpleNamespace(NDArray=NDArray))
    return NDArray.asnumpy


def test_the_book_prints_its_loss(patched):
    l = mx.nd.array([0.25, 0.75]).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "epoch %d, loss %f" % (1, patched(l)) == "epoch 1, loss 0.500000"
        assert float(patched(l)) == 0.5
        assert int(patched(mx.nd.array([7]))) == 7
        assert round(float(patched(mx.nd.array([[2.5]]))), 1) == 2.5


def test_an_array_of_several_elements_is_not_a_number(patched):
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
def test_computed_values_have_numpys_type(name, patched):
    """Without __array_wrap__ a sum would be an array, which cannot be a key of a dictionary."""
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


def test_copies_into_a_plain_array_are_numpys():
    """As the docstring of convert_arrays says."""
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
    # As before, MXNet's own array decides.
    assert type(np.float32(2) * x) is mx.nd.NDArray
    both = np.all(mx.np.array([[1, 0], [1, 1]]), axis=0)
    assert both.tolist() == [True, False]


@pytest.mark.skipif(np.__version__ < "2", reason="NumPy 1 does not ask for it")
def test_an_ndarray_is_never_shared():
    with pytest.raises(ValueError, match="cannot become a NumPy array without a copy"):
        np.array(mx.nd.ones(2), copy=False)


def test_a_copy_is_a_number_too(patched):
    one = patched(mx.nd.array([3]))
    for other in (pickle.loads(pickle.dumps(one)), copy.copy(one), copy.deepcopy(one), one.copy()):
        assert type(other) is OneElement
        assert float(other) == 3
    assert float(one * 2 + 1) == 7
    assert float(np.sqrt(one * 3)) == 3
    assert float(one.reshape(1, 1)) == 3


def test_a_one_element_array_is_otherwise_plain(patched):
    one, plain = patched(mx.nd.array([0.5])), np.array([0.5], "float32")
    assert (repr(one), str(one), f"{one!s}") == (repr(plain), str(plain), f"{plain!s}")
    assert repr([one]) == repr([plain])
    assert one.tolist() == [0.5]
    assert (one.shape, one.dtype, len(one)) == ((1,), np.float32, 1)
    assert mx.nd.array(one).asscalar() == 0.5


def test_arrays_on_older_numpys_are_left_alone(monkeypatch):
    asnumpy = mx.nd.NDArray.asnumpy
    monkeypatch.setattr(patches, "note", lambda *words: None)
    for version, converts in (((2, 3), True), ((1, 23), False)):
        module = SimpleNamespace(NDArray=type("NDArray", (), {"asnumpy": asnumpy}))
        monkeypatch.setattr(patches, "VERSION", version)
        patches.convert_arrays(module)
        assert module.NDArray.asnumpy is asnumpy
        assert hasattr(module.NDArray, "__array__") == converts


def test_the_loss_is_a_number_on_this_numpy():
    with warnings.catch_warnings():
        # From NumPy 1.25 to 2.3 it warns.
        warnings.simplefilter("ignore", DeprecationWarning)
        assert "%f" % mx.nd.ones((3,)).mean().asnumpy() == "1.000000"


def test_records_of_several_labels(tmp_path):
    program = """
import gluon_softmax
from mxnet import recordio
packed = recordio.pack(recordio.IRHeader(0, [1.5, 2.5], 7, 0), b"image")
header, content = recordio.unpack(packed)
print(header.label.tolist(), header.id, content)
"""
    assert run_script(program, tmp_path).stdout == "[1.5, 2.5] 7 b'image'\n"
