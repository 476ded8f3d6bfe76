"""``train_ch3`` on a reader's nets: it accepts what d2lzh's does, and gives the same results."""

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

from gluon_softmax.errors import DataError, Diverged
from gluon_softmax.training.loader import load_data_fashion_mnist
from gluon_softmax.training.loop import evaluate_accuracy
from gluon_softmax.training.train_ch3 import train_ch3

CPU = mx.cpu()


class Tripled(nn.Sequential):
    def forward(self, x):
        return super().forward(x) * 3


class Halved(nn.HybridSequential):
    def hybrid_forward(self, F, x):
        return super().hybrid_forward(F, x) / 2


class ReadsShape(nn.HybridSequential):
    def hybrid_forward(self, F, x):
        return super().hybrid_forward(F, x.reshape((x.shape[0], -1)))


class Flattened(gluon.HybridBlock):
    """A layer that reads the shape of its input; a compiled graph has none."""

    def hybrid_forward(self, F, x):
        return x.reshape((x.shape[0], x.shape[1] * x.shape[2] * x.shape[3]))


class Alternating(nn.Sequential):
    """A layer that computes something else at each call."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) * (1 + self.calls % 2)


class Wide(gluon.Block):
    """A net with two branches."""

    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.left, self.right = nn.Dense(10), nn.Dense(10, activation="relu")

    def forward(self, x):
        return self.left(x) + self.right(x)


def of_gluon(net, *layers):
    net.add(*layers)
    return net


def linear(net=None):
    return of_gluon(nn.Sequential() if net is None else net, nn.Dense(10))


def with_hook(of_a_layer=False):
    """Return a net with a hook that reads a number, on itself or on its layer."""
    net = linear(nn.HybridSequential())
    block = net[0] if of_a_layer else net
    block.register_forward_hook(lambda block, inputs, output: output.sum().asscalar())
    return net


NETS = {
    "Sequential": linear,
    "a subclass with a forward of its own": lambda: linear(Tripled()),
    "a subclass with a hybrid_forward of its own": lambda: linear(Halved()),
    "a block that reads the shape": lambda: linear(ReadsShape()),
    "a layer that reads the shape": lambda: of_gluon(
        nn.HybridSequential(), Flattened(), nn.Dense(10)
    ),
    "a forward hook that asks for a scalar": with_hook,
    "such a hook of a layer": lambda: with_hook(of_a_layer=True),
    "a forward that must run each time": lambda: linear(Alternating()),
    "a block with branches": Wide,
    "several layers": lambda: of_gluon(
        nn.HybridSequential(), nn.Dense(30, activation="relu"), nn.Dropout(0.0), nn.Dense(10)
    ),
    "a nested Sequential": lambda: of_gluon(nn.Sequential(), linear(), nn.Dense(10)),
}


def trained(train, make, sample, loss, how="trainer", function=False):
    """Train a new net from the same start; return what is printed and learned."""
    mx.random.seed(3)
    net = make()
    net.initialize(init.Normal(sigma=0.05))
    data = list(load_data_fashion_mnist(200, data=sample, seed=1))
    for X, _ in data[1]:
        net(X.copy())
    parameters = net.collect_params()
    if how == "params":
        options = {"params": [p.data() for p in parameters.values()], "lr": 0.1}
    else:
        options = {"trainer": gluon.Trainer(parameters, "sgd", {"learning_rate": 0.1})}
        if how == "both":
            options["params"] = parameters
    train((lambda X: net(X)) if function else net, *data, loss, 2, 200, **options)
    return [p.data().asnumpy() for p in parameters.values()]


def assert_same(make, sample, capsys, loss=None, **options):
    loss = gluon.loss.SoftmaxCrossEntropyLoss() if loss is None else loss
    results = []
    for train in (d2l.train_ch3, train_ch3):
        parameters = trained(train, make, sample, loss, **options)
        results.append((parameters, capsys.readouterr().out))
    (theirs, their_lines), (ours, our_lines) = results
    assert our_lines == their_lines
    assert our_lines.count("epoch") == 2
    for a, b in zip(theirs, ours):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("how", ["trainer", "params"])
@pytest.mark.parametrize("net", NETS)
def test_any_net(net, how, sample, capsys):
    assert_same(NETS[net], sample, capsys, how=how)


def test_params_of_a_gluon_net_beside_a_trainer(sample, capsys):
    assert_same(linear, sample, capsys, how="both")


def test_a_plain_function_with_a_trainer(sample, capsys):
    assert_same(linear, sample, capsys, function=True)


LOSSES = {
    "a function": lambda y_hat, y: -nd.pick(nd.log_softmax(y_hat), y),
    "a column": lambda y_hat, y: -nd.pick(nd.log_softmax(y_hat), y, keepdims=True),
    "already summed": lambda y_hat, y: -nd.pick(nd.log_softmax(y_hat), y).sum(),
    "hinge": gluon.loss.HingeLoss(),
}
LOSSES["hinge"] = lambda y_hat, y: gluon.loss.HingeLoss()(y_hat, 2 * nd.one_hot(y, 10) - 1)


@pytest.mark.parametrize("loss", LOSSES)
def test_any_loss(loss, sample, capsys):
    assert_same(linear, sample, capsys, loss=LOSSES[loss])


def test_one_loss_for_several_nets_of_several_sizes(sample, capsys):
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    for make in (linear, Wide):
        assert_same(make, sample, capsys, loss=loss)


def test_the_callers_objects_are_as_before(sample, capsys):
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    net = linear(nn.HybridSequential())
    net.initialize()
    net(nd.zeros((1, 1, 28, 28)))
    before = [vars(block).copy() for block in (net, net[0], loss)]
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    data = load_data_fashion_mnist(200, data=sample, seed=1)
    train_ch3(net, *data, loss, 1, 200, trainer=trainer)
    for block, attributes in zip((net, net[0], loss), before):
        assert vars(block) == attributes
        assert not block._active
    assert not autograd.is_recording()


def both(make, batches, loss, capsys, epochs=2):
    """Train by d2lzh's function and by ours from the same start; return what each prints."""
    printed = []
    for train in (d2l.train_ch3, train_ch3):
        mx.random.seed(1)
        net = make()
        net.initialize(init.Normal(sigma=0.1))
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
        train(net, batches(), batches(), loss, epochs, 10, trainer=trainer)
        printed.append(capsys.readouterr().out)
    return printed


class Repeated:
    """An iterable whose batches a function makes again in each pass."""

    def __init__(self, make):
        self.make = make

    def __iter__(self):
        return iter(self.make(np.random.RandomState(0)))


def reused_buffers(random):
    X, y = nd.zeros((10, 1, 6, 6)), nd.zeros(10)
    for _ in range(5):
        X[:] = nd.array(random.rand(*X.shape))
        y[:] = nd.array(random.randint(0, 10, 10))
        yield X, y


def sizes_that_differ(random):
    for side in (6, 7, 8):
        X = nd.array(random.rand(10, 1, side, side))
        yield X, nd.array(random.randint(0, 3, (10, side - 2, side - 2)))


def labels_in_a_column(random):
    for n in (10, 10, 4):
        yield nd.array(random.rand(n, 1, 6, 6)), nd.array(random.randint(0, 10, (n, 1)))


def labels_of_several_types(random):
    for dtype in ("float32", "int32", "uint8"):
        X = nd.array(random.rand(10, 1, 6, 6))
        yield X, nd.array(random.randint(0, 10, 10), dtype=dtype)


@pytest.mark.parametrize(
    "batches", [reused_buffers, sizes_that_differ, labels_in_a_column, labels_of_several_types]
)
def test_any_batches(batches, capsys):
    loss = gluon.loss.SoftmaxCrossEntropyLoss(axis=1)
    make = linear
    if batches is sizes_that_differ:

        def make():
            return of_gluon(nn.Sequential(), nn.Conv2D(3, 3))

    theirs, ours = both(make, lambda: Repeated(batches), loss, capsys)
    assert ours == theirs
    assert ours.count("epoch") == 2


@pytest.mark.skipif(
    np.__version__ >= "2", reason="d2lzh's own sum over batches is in half precision there too"
)
def test_losses_in_half_precision_are_summed_as_d2lzh_sums_them(capsys):
    def loss(y_hat, y):
        return gluon.loss.SoftmaxCrossEntropyLoss()(y_hat, y).astype("float16") * 10

    theirs, ours = both(linear, lambda: Repeated(reused_buffers), loss, capsys, epochs=1)
    assert ours == theirs


@pytest.fixture
def ready():
    """A net, and our ``train_ch3`` with its loss and its trainer."""
    net, loss = linear(), gluon.loss.SoftmaxCrossEntropyLoss()
    net.initialize()

    def train(train_iter, test_iter, lr=0.1, **options):
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": lr})
        train_ch3(net, train_iter, test_iter, loss, 2, 200, trainer=trainer, **options)

    return net, train


def test_the_caller_decides_what_happens_after_an_epoch(sample, ready, capsys):
    _, train = ready
    seen = []
    data = load_data_fashion_mnist(200, data=sample)
    train(*data, on_epoch=lambda records: seen.append(len(records.loss)))
    assert seen == [1, 2]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("batches", [[], iter([])])
def test_an_iterator_that_gives_no_batch(batches, sample, ready):
    net, train = ready
    _, test_iter = load_data_fashion_mnist(200, data=sample)
    with pytest.raises(DataError, match=r"^epoch 1: .* no batch: .* exhausted$"):
        train(batches, test_iter)
    with pytest.raises(DataError, match=r"^evaluate_accuracy: the iterator .* exhausted$"):
        train(test_iter, [])
    with pytest.raises(DataError, match="no batch"):
        evaluate_accuracy(batches, net)


def test_an_iterator_that_is_exhausted_after_an_epoch(sample, ready, capsys):
    _, train = ready
    train_iter, test_iter = load_data_fashion_mnist(200, data=sample)
    with pytest.raises(DataError, match=r"epoch 2: .* no batch"):
        train(iter(train_iter), test_iter)
    assert capsys.readouterr().out.count("epoch") == 1


def test_divergence_stops(sample, ready):
    _, train = ready
    with pytest.raises(Diverged, match="in epoch 1"):
        train(*load_data_fashion_mnist(200, data=sample), lr=1e38)


@pytest.mark.parametrize("ctx", [CPU, mx.cpu(1), [CPU, mx.cpu(1)], [mx.cpu(k) for k in range(3)]])
@pytest.mark.parametrize("batch_size", [150, 300])
def test_evaluate_accuracy_on_contexts_as_d2lzh(ctx, batch_size, sample):
    net = linear()
    net.initialize(init.Normal(sigma=0.05), ctx=ctx)
    _, test_iter = load_data_fashion_mnist(batch_size, data=sample)
    theirs = d2l.evaluate_accuracy(test_iter, net, ctx)
    assert evaluate_accuracy(test_iter, net, ctx) == pytest.approx(theirs, abs=1e-7)
    assert 0 < theirs < 1


def test_evaluate_accuracy_on_contexts_that_do_not_divide_the_batch(sample):
    # d2lzh fails here.
    ctx = [mx.cpu(k) for k in range(3)]
    net = linear()
    net.initialize(init.Normal(sigma=0.05), ctx=ctx)
    _, test_iter = load_data_fashion_mnist(128, data=sample)
    alone = evaluate_accuracy(test_iter, net, ctx[0])
    assert evaluate_accuracy(test_iter, net, ctx) == pytest.approx(alone, abs=1e-7)


@pytest.mark.parametrize("ctx", [None, [mx.cpu(k) for k in range(3)]])
def test_evaluate_accuracy_on_a_batch_of_one_and_on_arrays_of_numpy(ctx, sample):
    net = linear()
    net.initialize(init.Normal(sigma=0.05), ctx=ctx)
    images = sample.test_images[:64].reshape(64, 1, 28, 28) / np.float32(255)
    labels = sample.test_labels[:64]
    pieces = [slice(0, 40), slice(40, 62), slice(62, 63), slice(63, 64)]
    in_numpy = [(images[piece], labels[piece]) for piece in pieces]
    in_mxnet = [(nd.array(X), nd.array(y)) for X, y in in_numpy]
    theirs = d2l.evaluate_accuracy(in_numpy, net, mx.cpu(0))
    for batches in (in_numpy, in_mxnet):
        assert evaluate_accuracy(batches, net, ctx) == pytest.approx(theirs, abs=1e-7)


@pytest.mark.parametrize("labels", [lambda y: y, nd.array], ids=["NumPy", "MXNet"])
def test_evaluate_accuracy_where_the_images_are(labels, sample):
    """The labels follow the images to the net's context."""
    net = linear()
    net.initialize(init.Normal(sigma=0.05), ctx=mx.cpu(1))
    images = sample.test_images[:64].reshape(64, 1, 28, 28) / np.float32(255)
    y = sample.test_labels[:64]
    theirs = d2l.evaluate_accuracy([(nd.array(images), nd.array(y))], net, mx.cpu(1))
    there = [(nd.array(images, ctx=mx.cpu(1)), labels(y))]
    assert evaluate_accuracy(there, net) == pytest.approx(theirs, abs=1e-7)


def test_evaluate_accuracy_with_float_labels(sample):
    net = linear()
    net.initialize()
    batches = [(X, y.astype("float32")) for X, y in load_data_fashion_mnist(128, data=sample)[1]]
    assert evaluate_accuracy(batches, net) == pytest.approx(d2l.evaluate_accuracy(batches, net))
