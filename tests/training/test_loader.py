import dataclasses
import multiprocessing
import re
import sys
from pathlib import Path

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet.gluon.data import DataLoader
from mxnet.gluon.data.vision import FashionMNIST, datasets

from gluon_softmax.errors import DataError, UsageError
from gluon_softmax.training import loader, per_sample_loader, resident_loader


@pytest.fixture
def mxnet_reads_sample(monkeypatch):
    """Let MXNet's own class read the sample's files, without checking checksums."""
    monkeypatch.setattr(datasets, "check_sha1", lambda path, sha1: True)
    monkeypatch.setattr(
        datasets, "download", lambda url, path, sha1_hash: str(Path(path, Path(url).name))
    )


def batches(data_iter):
    return [(X.asnumpy(), y.asnumpy()) for X, y in data_iter]


def assert_same(ours, theirs):
    assert len(ours) == len(theirs)
    for (X, y), (X_other, y_other) in zip(ours, theirs):
        assert X.dtype == X_other.dtype == np.float32
        np.testing.assert_array_equal(X, X_other)
        np.testing.assert_array_equal(y, y_other)


@pytest.mark.parametrize(
    ("platform", "workers"), [("win32", 0), ("cygwin", 4), ("linux", 4), ("darwin", 4)]
)
def test_default_num_workers(platform, workers):
    assert loader.default_num_workers(platform) == workers


def test_default_num_workers_here():
    assert loader.default_num_workers() == (0 if sys.platform == "win32" else 4)


def test_samples_are_those_of_mxnets_class(sample, sample_dir, mxnet_reads_sample):
    ours = per_sample_loader.Samples(sample.train_images, sample.train_labels)
    theirs = FashionMNIST(root=str(sample_dir), train=True)
    assert len(ours) == len(theirs)
    (feature, label), (feature_, label_) = ours[0:10], theirs[0:10]
    assert feature.shape == feature_.shape == (10, 28, 28, 1)
    assert feature.dtype == feature_.dtype == np.uint8
    assert label.dtype == label_.dtype == np.int32
    np.testing.assert_array_equal(feature.asnumpy(), feature_.asnumpy())
    np.testing.assert_array_equal(label, label_)


@pytest.mark.parametrize("kind", ["resident", "per-sample"])
@pytest.mark.parametrize("batch_size", [1, 64, 1000, 1001])
def test_batches_of_an_iterator(sample, kind, batch_size):
    train_iter, test_iter = loader.load_data_fashion_mnist(
        batch_size, data=sample, loader=kind, num_workers=0, seed=1
    )
    for data_iter, images, labels in (
        (train_iter, sample.train_images, sample.train_labels),
        (test_iter, sample.test_images, sample.test_labels),
    ):
        assert isinstance(data_iter, DataLoader)
        found = batches(data_iter)
        count = len(labels)
        assert len(found) == len(data_iter) == -(-count // batch_size)
        sizes = [len(y) for _, y in found]
        assert sizes == [batch_size] * (count // batch_size) + [count % batch_size] * bool(
            count % batch_size
        )
        X, y = np.concatenate([X for X, _ in found]), np.concatenate([y for _, y in found])
        assert X.shape == (count, 1, 28, 28)
        assert y.dtype == np.int32
        if data_iter is train_iter:
            assert (y != labels).any()
            continue
        np.testing.assert_array_equal(y, labels)
        np.testing.assert_array_equal(X[:, 0], images[..., 0] / np.float32(255))


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_both_loaders_give_the_same_batches(sample, num_workers):
    resident = loader.load_data_fashion_mnist(70, data=sample, loader="resident", seed=7)
    per_sample = loader.load_data_fashion_mnist(
        70, data=sample, loader="per-sample", num_workers=num_workers, seed=7
    )
    for ours, theirs in zip(resident, per_sample):
        for _ in range(2):
            assert_same(batches(ours), batches(theirs))


def test_same_batches_as_d2lzh(sample, sample_dir, mxnet_reads_sample):
    theirs = d2l.load_data_fashion_mnist(128, root=str(sample_dir))
    for kind in ("resident", "per-sample"):
        ours = loader.load_data_fashion_mnist(128, data=sample, loader=kind, seed=11)
        np.random.seed(11)
        for _ in range(2):
            assert_same(batches(ours[0]), batches(theirs[0]))
        assert_same(batches(ours[1]), batches(theirs[1]))


@pytest.mark.parametrize("resize", [20, 28, 96, (40, 30), 0, None])
def test_same_batches_as_d2lzh_in_another_size(resize, sample, sample_dir, mxnet_reads_sample):
    _, theirs = d2l.load_data_fashion_mnist(150, resize, str(sample_dir))
    for kind in ("resident", "per-sample"):
        _, ours = loader.load_data_fashion_mnist(150, resize, data=sample, loader=kind)
        assert_same(batches(ours), batches(theirs))


@pytest.mark.parametrize("resize", [None, 14])
def test_images_are_normalized_once(resize, sample, monkeypatch):
    """Unless they are resized: all images in a larger size would not fit into memory."""
    make, sizes = resident_loader.transform, []

    def noted(asked):
        transform = make(asked)

        def call(images):
            sizes.append(len(images))
            return transform(images)

        return call

    monkeypatch.setattr(resident_loader, "transform", noted)
    resident_loader.resident_datasets.cache_clear()
    train_iter, test_iter = loader.load_data_fashion_mnist(400, resize, data=sample)
    before = list(sizes)
    list(train_iter)
    list(test_iter)
    resident_loader.resident_datasets.cache_clear()
    assert before == ([] if resize else [1000, 300])
    assert sizes == ([400, 400, 200, 300] if resize else before)


@pytest.mark.parametrize("resize", [-1, 2.5, "28", (28, 0)])
def test_sizes_that_cannot_be(resize, sample):
    wrong = 0 if resize == (28, 0) else resize
    expected = re.escape(f"resize {wrong!r}: choose a whole number, at least 1")
    with pytest.raises(UsageError, match=f"^{expected}$"):
        loader.load_data_fashion_mnist(100, resize, data=sample)


def test_the_data_cannot_change_between_two_loaders(sample):
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        array = getattr(sample, name)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_shuffled_again_in_each_pass(sample):
    train_iter, _ = loader.load_data_fashion_mnist(1000, data=sample, seed=3)
    (_, first), (_, second) = batches(train_iter)[0], batches(train_iter)[0]
    assert (first != second).any()
    np.testing.assert_array_equal(np.bincount(first), np.bincount(second))


def test_without_a_seed_each_iterator_has_its_own_order(sample):
    orders = [batches(loader.load_data_fashion_mnist(1000, data=sample)[0])[0][1] for _ in range(2)]
    assert (orders[0] != orders[1]).any()


def test_an_earlier_batch_is_not_overwritten(sample):
    train_iter, _ = loader.load_data_fashion_mnist(100, data=sample, seed=3)
    kept = list(train_iter)
    again = batches(loader.load_data_fashion_mnist(100, data=sample, seed=3)[0])
    assert_same([(X.asnumpy(), y.asnumpy()) for X, y in kept], again)


def test_defaults(sample, monkeypatch):
    asked = []
    monkeypatch.setattr(loader, "load_chosen", lambda root: asked.append(root) or sample)
    loader.load_data_fashion_mnist(200, None, "a folder")
    train_iter, test_iter = loader.load_data_fashion_mnist(200)
    assert asked == ["a folder", None]
    assert (len(train_iter), len(test_iter)) == (5, 2)
    assert train_iter._num_workers == 0
    assert batches(train_iter)[0][0].shape == (200, 1, 28, 28)


@pytest.mark.parametrize("asked", [None, 1])
def test_number_of_worker_processes(sample, asked):
    for data_iter in loader.load_data_fashion_mnist(
        200, data=sample, loader="per-sample", num_workers=asked
    ):
        assert data_iter.num_workers == (loader.default_num_workers() if asked is None else asked)


def test_worker_processes_are_at_work(sample):
    before = {process.pid for process in multiprocessing.active_children()}
    train_iter, test_iter = loader.load_data_fashion_mnist(
        200, data=sample, loader="per-sample", num_workers=2
    )
    workers = [child for child in multiprocessing.active_children() if child.pid not in before]
    assert len(workers) == 4
    assert len(list(test_iter)) == 2
    del train_iter, test_iter


def test_the_resident_loader_needs_no_process(sample):
    before = {process.pid for process in multiprocessing.active_children()}
    loaders = loader.load_data_fashion_mnist(200, data=sample, num_workers=2)
    assert {process.pid for process in multiprocessing.active_children()} <= before
    assert [len(list(kind)) for kind in loaders] == [5, 2]


def test_another_loader(sample):
    with pytest.raises(UsageError) as raised:
        loader.load_data_fashion_mnist(200, data=sample, loader="fast")
    assert str(raised.value) == "unknown loader 'fast': choose resident or per-sample"


@pytest.mark.parametrize("kind", loader.LOADERS)
@pytest.mark.parametrize(
    ("size", "workers"), [(0, 0), (-1, 0), (2.5, 0), ("200", 0), (200, -1), (200, 1.5)]
)
def test_numbers_that_cannot_be(sample, kind, size, workers):
    wrong = ("batch_size", size, 1) if size != 200 else ("num_workers", workers, 0)
    with pytest.raises(UsageError) as raised:
        loader.load_data_fashion_mnist(size, data=sample, loader=kind, num_workers=workers)
    assert str(raised.value) == "{} {!r}: choose a whole number, at least {}".format(*wrong)


def test_batches_lie_on_the_context(sample):
    # A second context on the CPU, as a substitute for a GPU.
    ctx = mx.cpu(1)
    for kind in ("resident", "per-sample"):
        for data_iter in loader.load_data_fashion_mnist(
            200, data=sample, loader=kind, num_workers=1, ctx=ctx, seed=1
        ):
            for X, y in data_iter:
                assert X.context == y.context == ctx
            if kind == "resident":
                assert data_iter._dataset.ctx == ctx


@pytest.mark.parametrize("kind", ["resident", "per-sample"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_images_without_labels_are_refused(kind, part, sample):
    fewer = {f"{part}_labels": getattr(sample, f"{part}_labels")[:100]}
    counted = {"train": "1000 training", "test": "300 test"}[part]
    with pytest.raises(DataError, match=f"^{counted} images but 100 labels$"):
        loader.load_data_fashion_mnist(10, data=dataclasses.replace(sample, **fewer), loader=kind)
