"""Softmax regression in NumPy alone: tables made without any code of this project."""

import numpy as np


def train(
    data, seed, batch_size=256, lr=0.1, epochs=5, weight_decay=0.0, smoothing=0.0, momentum=0.0
):
    """Train on images and labels; return loss, train acc and test acc of each epoch.

    ``data`` is (training images, training labels, test images, test labels).
    """
    random = np.random.default_rng(seed)
    images, labels, test_images, test_labels = data
    images, test_images = (
        each.reshape(len(each), -1).astype(np.float32) / 255 for each in (images, test_images)
    )
    W = random.normal(0, 0.01, (images.shape[1], 10)).astype(np.float32)
    b = np.zeros(10, np.float32)
    steps = [np.zeros_like(W), np.zeros_like(b)]
    table = []
    for _ in range(epochs):
        loss, right = 0.0, 0
        order = random.permutation(len(images))
        for start in range(0, len(images), batch_size):
            batch = order[start : start + batch_size]
            X, y = images[batch], labels[batch].astype(int)
            rows = np.arange(len(y))
            outputs = X @ W + b
            outputs -= outputs.max(axis=1, keepdims=True)
            logarithms = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
            targets = np.full_like(outputs, smoothing / 10)
            targets[rows, y] += 1 - smoothing
            loss -= float((targets * logarithms).sum())
            right += int((outputs.argmax(axis=1) == y).sum())
            errors = np.exp(logarithms) - targets
            gradients = (X.T @ errors, errors.sum(axis=0))
            # By the nominal batch size, as d2lzh divides the last, smaller batch too.
            for parameter, gradient, step in zip((W, b), gradients, steps):
                step *= momentum
                step += gradient / batch_size + weight_decay * parameter
                parameter -= lr * step
        test_acc = float(((test_images @ W + b).argmax(axis=1) == test_labels).mean())
        table.append((loss / len(images), right / len(images), test_acc))
    return np.array(table)


def split_anew(data, seed):
    """Draw 1000 test images of each class from all 70,000."""
    images, labels = np.concatenate(data[::2]), np.concatenate(data[1::2])
    random = np.random.default_rng(seed)
    test = np.concatenate(
        [random.choice(np.flatnonzero(labels == each), 1000, False) for each in range(10)]
    )
    rest = np.setdiff1d(np.arange(len(labels)), test)
    return images[rest], labels[rest], images[test], labels[test]
