"""The models of both implementations against MXNet's operators and NumPy in float64."""

import ast
import difflib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mxnet import autograd, nd

import concise.model
import scratch.model
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training.context import get_context

CPU = get_context("cpu")
MODELS = {"scratch": scratch.model, "concise": concise.model}
# How far a logit can lie below the largest of its row while scratch is exact.
DEEPEST = 80


def truth(logits, labels):
    """Return the losses, and the gradient of their sum with respect to the logits, in float64."""
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
    # Below that, the probability loses its digits and then is 0. The loss is never small,
    # and a finite gradient is correct. At the last digit, a rounding of the
    # exponential and one of the quotient can each double it.
    assert (found[~exact] >= losses[~exact] - 2 * np.log(2) - bound).all()
    finite = np.isfinite(found_gradient).all(axis=1)
    np.testing.assert_allclose(found_gradient[finite], gradient[finite], rtol=0, atol=2 * bound)


def corners():
    """Return logits that are -10,000, 0 or 10,000."""
    ends = np.array([-1e4, 0, 1e4], np.float32)
    logits = np.array(np.meshgrid(ends, ends, ends)).reshape(3, -1).T
    return np.concatenate([logits, np.tile(logits, 3)[:, :7]], axis=1)


@pytest.mark.parametrize("label", range(10))
def test_logits_to_ten_thousand(label):
    logits = corners()
    labels = np.full(len(logits), label)
    losses, gradient = in_mxnet(concise.model.loss, logits, labels)
    assert np.isfinite(losses).all()
    assert np.isfinite(gradient).all()
    probabilities = scratch.model.softmax(nd.array(logits)).asnumpy()
    # By each row's own maximum: no row overflows or is all zeros.
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    found, _ = in_mxnet(of_scratch, logits, labels)
    zero = probabilities[:, label] == 0
    assert np.isposinf(found[zero]).all()
    np.testing.assert_allclose(found[~zero], losses[~zero], rtol=1e-5)


@pytest.mark.parametrize("version", MODELS)
def test_initial_parameters(version):
    model = MODELS[version]
    net, params = model.get_net(CPU)
    outputs = net(nd.zeros((2, 1, 28, 28)))
    assert outputs.shape == (2, 10)
    W, b = model.get_parameters(params).values()
    assert W.shape == (784, 10)
    assert W.dtype == b.dtype == np.float32
    # Five standard errors of 7840 draws.
    assert W.std() == pytest.approx(0.01, rel=0.04)
    assert abs(W.mean()) < 0.01 * 5 / np.sqrt(7840)
    np.testing.assert_array_equal(b, np.zeros(10))


def definitions(path):
    """Return a module's functions, classes and assigned names, in their order."""
    names = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [name.id for name in ast.walk(node.targets[0]) if isinstance(name, ast.Name)]
    return names


def test_same_files_and_functions_in_the_same_order():
    folders = {name: Path(model.__file__).parent for name, model in MODELS.items()}
    files = [sorted(path.name for path in folder.glob("*.py")) for folder in folders.values()]
    assert files[0] == files[1]
    own = {
        "scratch": ["Net", "Params", "num_inputs", "softmax", "cross_entropy", "sgd", "allreduce"],
        "concise": ["NetWithLoss"],
    }
    for file in files[0]:
        both = [
            [name for name in definitions(folder / file) if name not in own[version]]
            for version, folder in folders.items()
        ]
        assert both[0] == both[1]


def test_the_difference_is_short_enough_to_read():
    # The lines that `diff -u scratch concise` prints; __init__ and __main__ are the same.
    lines, of_several_devices = [], []
    for ours in sorted(Path(scratch.model.__file__).parent.glob("*.py")):
        theirs = Path(concise.model.__file__).parent / ours.name
        texts = [path.read_text("utf-8").splitlines() for path in (ours, theirs)]
        difference = list(difflib.unified_diff(*texts, "a", "b", lineterm=""))
        assert bool(difference) == (not ours.name.startswith("__"))
        (of_several_devices if ours.name == "parallel.py" else lines).extend(difference)
    assert len(lines) <= 135
    assert len(of_several_devices) <= 135


@pytest.mark.parametrize("version", MODELS)
def test_training_on_a_batch(version, sample):
    """Compare losses and outputs before the step, and the step, with NumPy in float64."""
    model = MODELS[version]
    net, params = model.get_net(CPU)
    random = np.random.RandomState(2)
    W = random.normal(0, 0.05, (784, 10)).astype(np.float32)
    b = random.normal(0, 0.05, 10).astype(np.float32)
    model.set_parameters(params, W, b)
    images, labels = sample.train_images[:60] / np.float32(255), sample.train_labels[:60]
    train_batch = IMPLEMENTATIONS[version].get_train_batch(net, params, 0.5, 30)
    losses, outputs = train_batch(
        nd.array(images.reshape(-1, 1, 28, 28)), nd.array(labels, dtype="int32")
    )
    flat = images.reshape(-1, 784).astype(np.float64)
    logits = flat @ W.astype(np.float64) + b
    exact_losses, by_logits = truth(logits, labels)
    np.testing.assert_allclose(losses.asnumpy(), exact_losses, rtol=1e-5, atol=1e-6)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if version == "concise":
        expected = logits
    np.testing.assert_allclose(outputs.asnumpy(), expected, rtol=1e-4, atol=1e-5)
    new_W, new_b = model.get_parameters(params).values()
    np.testing.assert_allclose(new_W, W - 0.5 / 30 * flat.T @ by_logits, rtol=0, atol=1e-5)
    np.testing.assert_allclose(new_b, b - 0.5 / 30 * by_logits.sum(axis=0), rtol=0, atol=1e-5)
