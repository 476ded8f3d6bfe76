"""Both versions' models: what they compute, against MXNet's operators and NumPy in float64."""

import d2lzh as d2l
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mxnet import autograd, gluon, nd

import concise.model
import scratch.model
from gluon_softmax.context import get_context

CPU = get_context("cpu")
MODELS = {"scratch": scratch.model, "concise": concise.model}
# How far below the largest of its row a logit can lie for the scratch version to be exact.
DEEPEST = 80


def truth(logits, labels):
    """Losses, and the gradient of their sum by the logits, in float64."""
    z = logits.astype(np.float64)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_p)
    gradient[rows, labels] -= 1
    return -log_p[rows, labels], gradient


def in_mxnet(function, logits, labels):
    z = nd.array(logits, dtype="float32")
    z.attach_grad()
    with autograd.record():
        losses = function(z, nd.array(labels, dtype=labels.dtype))
    losses.backward()
    return losses.asnumpy(), z.grad.asnumpy()


def of_scratch(z, y):
    return scratch.model.cross_entropy(scratch.model.softmax(z), y)


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0])
def test_softmax(scale):
    X = np.random.RandomState(0).normal(0, scale, (50, 10)).astype(np.float32)
    ours = scratch.model.softmax(nd.array(X)).asnumpy()
    np.testing.assert_allclose(ours, nd.softmax(nd.array(X)).asnumpy(), rtol=1e-5, atol=1e-30)
    exact = np.exp(X.astype(np.float64) - X.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, exact, rtol=2e-5, atol=1e-30)
    np.testing.assert_allclose(ours.sum(axis=1), 1, rtol=1e-6)


def test_pick_example_of_the_document():
    y_hat = nd.array([[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
    losses = scratch.model.cross_entropy(y_hat, nd.array([0, 2], dtype="int32"))
    np.testing.assert_allclose(losses.asnumpy(), -np.log([0.2, 0.7]), rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    batch=st.one_of(st.integers(1, 40), st.integers(1, 5000)),
    classes=st.integers(2, 20),
    scale=st.floats(0.001, 1e4),
    dtype=st.sampled_from(["int32", "int64", "float32", "uint8"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_both_losses_and_gradients(batch, classes, scale, dtype, seed):
    random = np.random.RandomState(seed)
    logits = random.uniform(-scale, scale, (batch, classes)).astype(np.float32)
    labels = random.randint(0, classes, batch)
    losses, gradient = truth(logits, labels)
    found, found_gradient = in_mxnet(concise.model.loss, logits, labels.astype(dtype))
    # Rounding of float32: of the logits' differences, which grow with the scale.
    bound = 1e-5 + 3e-7 * scale
    np.testing.assert_allclose(found, losses, rtol=1e-5, atol=bound)
    np.testing.assert_allclose(found_gradient, gradient, rtol=0, atol=bound)
    found, found_gradient = in_mxnet(of_scratch, logits, labels.astype(dtype))
    gap = logits.max(axis=1) - logits[np.arange(batch), labels]
    exact = gap < DEEPEST
    np.testing.assert_allclose(found[exact], losses[exact], rtol=1e-5, atol=2 * bound)
    np.testing.assert_allclose(found_gradient[exact], gradient[exact], rtol=0, atol=2 * bound)
    # Further down the loss counts as if the true class lay at 80, whose own logit gets no gradient.
    logits[np.arange(batch), labels] += np.where(exact, 0, gap - DEEPEST)
    losses, gradient = truth(logits, labels)
    np.testing.assert_allclose(found[~exact], losses[~exact], rtol=1e-5, atol=2 * bound)
    gradient[np.arange(batch), labels] = 0
    np.testing.assert_allclose(found_gradient[~exact], gradient[~exact], rtol=0, atol=2 * bound)


@pytest.mark.parametrize("scale", [0.1, 1, 5, 20])
def test_the_documents_formula_on_ordinary_logits(scale):
    random = np.random.RandomState(6)
    logits, labels = random.uniform(-scale, scale, (300, 10)), random.randint(0, 10, 300)

    def of_document(z, y):
        X_exp = (z - nd.max(z)).exp()
        return -nd.pick(X_exp / X_exp.sum(axis=1, keepdims=True), y).log()

    losses, gradient = in_mxnet(of_document, logits, labels)
    ours, our_gradient = in_mxnet(of_scratch, logits, labels)
    np.testing.assert_allclose(ours, losses, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(our_gradient, gradient, rtol=0, atol=1e-5)


@pytest.mark.parametrize("version", MODELS)
def test_finite_for_all_logits_to_ten_thousand(version):
    corners = np.array([-1e4, 0, 1e4], np.float32)
    logits = np.array(np.meshgrid(corners, corners, corners)).reshape(3, -1).T
    logits = np.concatenate([logits, np.tile(logits, 3)[:, :7]], axis=1)
    function = of_scratch if version == "scratch" else concise.model.loss
    for label in range(10):
        losses, gradient = in_mxnet(function, logits, np.full(len(logits), label))
        assert np.isfinite(losses).all()
        assert np.isfinite(gradient).all()


def test_scratch_loss_is_gluons():
    random = np.random.RandomState(3)
    logits, labels = random.normal(size=(200, 10)), random.randint(0, 10, 200)
    gluons, gluons_gradient = in_mxnet(gluon.loss.SoftmaxCrossEntropyLoss(), logits, labels)
    ours, ours_gradient = in_mxnet(of_scratch, logits, labels)
    np.testing.assert_allclose(ours, gluons, rtol=1e-5)
    np.testing.assert_allclose(ours_gradient, gluons_gradient, atol=1e-5)


@pytest.mark.parametrize("version", MODELS)
def test_gradient_of_the_parameters(version, sample):
    model = MODELS[version]
    net, params = model.get_net(CPU)
    random = np.random.RandomState(1)
    W = random.normal(0, 0.05, (784, 10)).astype(np.float32)
    b = random.normal(0, 0.05, 10).astype(np.float32)
    model.set_parameters(params, W, b)
    images, labels = sample.train_images[:100] / np.float32(255), sample.train_labels[:100]
    X = nd.array(images.reshape(-1, 1, 28, 28))
    with autograd.record():
        losses = model.loss(net(X), nd.array(labels, dtype="int32"))
    losses.backward()
    flat = images.reshape(-1, 784).astype(np.float64)
    exact_losses, by_logits = truth(flat @ W.astype(np.float64) + b, labels)
    np.testing.assert_allclose(losses.asnumpy(), exact_losses, rtol=1e-5, atol=1e-6)
    if version == "scratch":
        of_W, of_b = (param.grad.asnumpy() for param in params)
    else:
        weight, bias = params.values()
        of_W, of_b = weight.grad().asnumpy().T, bias.grad().asnumpy()
    np.testing.assert_allclose(of_W, flat.T @ by_logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(of_b, by_logits.sum(axis=0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("version", MODELS)
def test_initial_parameters(version):
    model = MODELS[version]
    net, params = model.get_net(CPU)
    outputs = net(nd.zeros((2, 1, 28, 28)))
    assert outputs.shape == (2, 10)
    W, b = model.get_parameters(params)
    assert W.shape == (784, 10)
    assert W.dtype == b.dtype == np.float32
    # Five standard errors of 7840 draws.
    assert W.std() == pytest.approx(0.01, rel=0.04)
    assert abs(W.mean()) < 0.01 * 5 / np.sqrt(7840)
    np.testing.assert_array_equal(b, np.zeros(10))


@pytest.mark.parametrize("version", MODELS)
def test_parameters_go_in_and_out(version):
    model = MODELS[version]
    net, params = model.get_net(CPU)
    W, b = np.random.RandomState(0).rand(784, 10).astype("f"), np.arange(10, dtype="f")
    model.set_parameters(params, W, b)
    # Gluon makes its parameters with the first batch.
    net(nd.zeros((1, 1, 28, 28)))
    for put, got in zip((W, b), model.get_parameters(params)):
        np.testing.assert_array_equal(put, got)


def test_both_networks_agree_on_the_same_parameters(sample):
    W, b = np.random.RandomState(0).normal(0, 0.1, (784, 10)).astype("f"), np.arange(10, dtype="f")
    X = nd.array(sample.test_images.reshape(-1, 1, 28, 28) / np.float32(255))
    outputs = []
    for model in MODELS.values():
        net, params = model.get_net(CPU)
        model.set_parameters(params, W, b)
        outputs.append(net(X))
    # The one gives probabilities, the other logits.
    np.testing.assert_allclose(
        outputs[0].asnumpy(), nd.softmax(outputs[1]).asnumpy(), rtol=1e-4, atol=1e-7
    )


def test_same_files_and_functions():
    import inspect
    from pathlib import Path

    folders = [Path(inspect.getfile(model)).parent for model in MODELS.values()]
    assert len({frozenset(path.name for path in folder.glob("*.py")) for folder in folders}) == 1
    names = {
        version: {
            name
            for name, value in vars(model).items()
            if inspect.isfunction(value)
            and value.__module__ == model.__name__
            and value.__name__ == name
        }
        for version, model in MODELS.items()
    }
    assert names["concise"] | {"softmax", "cross_entropy"} == names["scratch"]


def test_d2lzh_shows_what_it_always_showed():
    assert d2l.get_fashion_mnist_labels([3, 1]) == ["dress", "trouser"]
