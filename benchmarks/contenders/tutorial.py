"""The tutorial's unmodified code: d2lzh's data loader and train_ch3, on the official files."""

import contextlib
import gzip
import io
import re
import tempfile
from pathlib import Path

import d2lzh as d2l
import numpy as np
from mxnet import nd
from mxnet.gluon.data.vision import datasets

from .harness import by_epoch, run


def write_files(data, folder):
    """Write the data as the .gz files that MXNet's class reads."""
    for name, magic, array in (
        ("train-images-idx3-ubyte", 2051, data.train_images),
        ("train-labels-idx1-ubyte", 2049, data.train_labels),
        ("t10k-images-idx3-ubyte", 2051, data.test_images),
        ("t10k-labels-idx1-ubyte", 2049, data.test_labels),
    ):
        header = [magic, len(array)] + ([28, 28] if magic == 2051 else [])
        with gzip.open(Path(folder, name + ".gz"), "wb", compresslevel=1) as out:
            out.write(np.array(header, ">u4").tobytes() + array.astype(np.uint8).tobytes())


def prepare(settings):
    folder = tempfile.TemporaryDirectory()
    write_files(settings.data, folder.name)
    # By default MXNet rejects the official edition, and downloads another.
    datasets.check_sha1 = lambda path, sha1: True
    datasets.download = lambda url, path, sha1_hash: str(Path(path, Path(url).name))
    train_iter, test_iter = d2l.load_data_fashion_mnist(settings.batch_size, root=folder.name)
    folder.cleanup()
    np.random.seed(settings.seed)
    W = nd.random.normal(scale=0.01, shape=(784, 10))
    b = nd.zeros(10)
    W.attach_grad()
    b.attach_grad()

    def softmax(X):
        X_exp = (X - nd.max(X)).exp()
        return X_exp / X_exp.sum(axis=1, keepdims=True)

    def net(X):
        return softmax(nd.dot(X.reshape((-1, 784)), W) + b)

    def cross_entropy(y_hat, y):
        return -nd.pick(y_hat, y).log()

    def train_epoch():
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            d2l.train_ch3(
                net,
                train_iter,
                [],
                cross_entropy,
                1,
                settings.batch_size,
                [W, b],
                settings.lr,
            )
        return float(re.search(r"loss ([\d.]+|nan)", printed.getvalue()).group(1))

    test = d2l.evaluate_accuracy
    # train_ch3 evaluates after each epoch; the evaluation is not part of the training time.
    d2l.utils.evaluate_accuracy = lambda *_: 0.0
    return by_epoch(train_epoch, lambda: test(test_iter, net))


if __name__ == "__main__":
    run(prepare)
