import dataclasses
import gzip
import hashlib
import os
import shutil

import d2lzh as d2l
import numpy as np
import pytest

from gluon_softmax.data import cache as data_cache
from gluon_softmax.data import fashion_mnist
from gluon_softmax.data import load as loading
from gluon_softmax.data.editions import EDITIONS, FILES, Source
from gluon_softmax.data.load import load
from gluon_softmax.data.resplit import resplit
from gluon_softmax.errors import DataError, UsageError


def from_folder(sample_dir):
    return Source("a folder", "folder", str(sample_dir), {})


def assert_is_sample(found, sample):
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        np.testing.assert_array_equal(getattr(found, name), getattr(sample, name))


def test_own_files_gzipped_or_not(sample, sample_dir, tmp_path):
    assert sample.edition == "own files"
    assert sample.train_images.shape == (1000, 28, 28, 1)
    assert sample.train_images.dtype == np.uint8
    assert sample.train_labels.dtype == np.int32
    for path in sample_dir.glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    assert_is_sample(load(data_dir=str(tmp_path)), sample)


@pytest.mark.parametrize(
    ("taken", "instead_of", "words"),
    [
        ("t10k", "train", "1000 train images but 300 labels"),
        ("train", "t10k", "300 t10k images but 1000 labels"),
    ],
)
def test_another_number_of_labels(taken, instead_of, words, sample_dir, tmp_path):
    for path in sample_dir.glob("*.gz"):
        shutil.copy(path, tmp_path)
    shutil.copy(
        tmp_path / f"{taken}-labels-idx1-ubyte.gz", tmp_path / f"{instead_of}-labels-idx1-ubyte.gz"
    )
    with pytest.raises(DataError, match=words):
        load(data_dir=str(tmp_path))


NOTE = (
    "The withdrawn edition of Fashion-MNIST that the tutorial used cannot be downloaded; using the "
    "official edition."
)


def test_auto_is_mxnet_if_it_can_be_downloaded(editions, server, sample_dir, sample, capsys):
    editions(mxnet=[server.source("ok")], official=[from_folder(sample_dir)])
    found = load()
    assert found.edition == "mxnet"
    assert_is_sample(found, sample)
    assert capsys.readouterr().err == ""


def test_auto_is_official_otherwise_and_says_so_once(editions, server, sample_dir, sample, capsys):
    editions(mxnet=[server.source("404")], official=[from_folder(sample_dir)])
    found = load()
    assert found.edition == "official"
    assert_is_sample(found, sample)
    # One line in all. Only users who ask for that edition see why each source failed.
    assert capsys.readouterr().err == f"{NOTE}\n"
    server.asked.clear()
    # The second time no server is asked, so nothing is reported.
    assert load().edition == "official"
    assert server.asked == []
    assert capsys.readouterr().err == ""
    memory = data_cache.edition_folder(EDITIONS["mxnet"]) / data_cache.MEMORY
    earlier = memory.stat().st_mtime - data_cache.REMEMBER_SECONDS - 1
    os.utime(memory, (earlier, earlier))
    assert load().edition == "official"
    assert capsys.readouterr().err == f"{NOTE}\n"


def test_an_edition_that_was_asked_for_is_not_replaced(editions, server, sample_dir, capsys):
    editions(mxnet=[server.source("404")], official=[from_folder(sample_dir)])
    assert load().edition == "official"
    server.asked.clear()
    capsys.readouterr()
    with pytest.raises(DataError, match="mxnet edition could not be downloaded from any source"):
        load("mxnet")
    # Although the download failed a moment ago.
    assert server.asked != []
    assert "404" in capsys.readouterr().err
    with pytest.raises(UsageError, match="'first': choose from auto"):
        load("first")


def test_mxnets_own_class_finds_the_mxnet_edition(editions, sample_dir, sample, monkeypatch):
    from mxnet.gluon.data.vision import FashionMNIST, datasets

    editions(mxnet=[from_folder(sample_dir)])
    load("mxnet")
    monkeypatch.setattr(
        datasets, "download", lambda url, path, sha1_hash: f"{path}/{url.split('/')[-1]}"
    )
    default_root = data_cache.cache_root() / "fashion-mnist"
    theirs = FashionMNIST(root=str(default_root), train=True)
    np.testing.assert_array_equal(theirs._data.asnumpy(), sample.train_images)
    np.testing.assert_array_equal(theirs._label, sample.train_labels)


def test_class_names_are_d2lzhs():
    labels = list(range(10))
    assert fashion_mnist.get_fashion_mnist_labels(labels) == d2l.get_fashion_mnist_labels(labels)
    assert fashion_mnist.get_fashion_mnist_labels([3, 1]) == ["dress", "trouser"]
    assert fashion_mnist.get_fashion_mnist_labels(np.array([9], np.int32)) == ["ankle boot"]


def test_resplit(sample):
    first, again, other = (resplit(sample, seed) for seed in (7, 7, 8))
    assert_is_sample(first, again)
    assert (first.test_images != other.test_images).any()
    assert first.edition == "resplit"
    assert "seed 7" in first.origin
    for name in ("train_labels", "test_labels"):
        # As many of each class as before.
        counts = np.bincount(getattr(first, name))
        np.testing.assert_array_equal(counts, np.bincount(getattr(sample, name)))

    def pool(of):
        images = np.concatenate([of.train_images, of.test_images]).reshape(1300, -1)
        labels = np.concatenate([of.train_labels, of.test_labels])
        return sorted(map(bytes, np.column_stack([images, labels.astype(np.uint8)])))

    assert pool(first) == pool(sample)
    # About 23 % of each class's test images were test images before.
    before = {bytes(image) for image in sample.test_images.reshape(300, -1)}
    same = np.mean([bytes(image) in before for image in first.test_images.reshape(300, -1)])
    assert 0.1 < same < 0.4


def test_resplit_edition_is_drawn_from_the_official_one(editions, sample_dir):
    editions(official=[from_folder(sample_dir)])
    official = load("official")
    assert official.origin == "a folder"
    assert official.checksums == dict(EDITIONS["official"].checksums)
    for seed, options in ((3, {"split_seed": 3}), (0, {})):
        found = load("resplit", **options)
        assert_is_sample(found, resplit(official, seed))
        assert found.checksums == official.checksums


def test_results_on_own_files(sample, sample_dir):
    assert sample.origin == str(sample_dir)
    assert sample.checksums == {}


def test_own_files_that_are_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"--data-dir .*none: not a folder"):
        load(data_dir=str(tmp_path / "none"))
    with pytest.raises(DataError, match="has neither train-images-idx3-ubyte nor"):
        load(data_dir=str(tmp_path))


@pytest.mark.posix
def test_own_files_that_cannot_be_read(sample_dir, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / FILES[0])
    # Opening it would wait forever for a writer.
    with pytest.raises(DataError, match="has neither"):
        load(data_dir=str(tmp_path))

    def denied(path, *_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("gluon_softmax.data.idx.gzip.open", denied)
    expected = rf"{FILES[0]}.gz: cannot be read \(Permission denied\)$"
    with pytest.raises(DataError, match=expected):
        load(data_dir=str(sample_dir))


@pytest.mark.full_data
def test_results_that_the_tutorial_shows(official):
    assert len(official.train_labels) == 60000
    assert len(official.test_labels) == 10000
    assert official.train_images[0:10].shape == (10, 28, 28, 1)
    assert official.train_images.dtype == np.uint8
    assert official.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert official.test_labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]


@pytest.mark.full_data
def test_resplit_edition(official):
    found = load("resplit", split_seed=3)
    assert np.bincount(found.train_labels).tolist() == [6000] * 10
    assert np.bincount(found.test_labels).tolist() == [1000] * 10
    assert found.checksums.keys() == set(FILES)


def test_files_of_the_withdrawn_edition_go_first(chosen, sample_dir, tmp_path, monkeypatch):
    """With the checksums of the sample's own files; the folder may begin with ~."""
    edition = EDITIONS["mxnet"]
    sums = {
        file: "sha1:" + hashlib.sha1((sample_dir / f"{file}.gz").read_bytes()).hexdigest()
        for file in edition.checksums
    }
    monkeypatch.setitem(EDITIONS, "mxnet", dataclasses.replace(edition, checksums=sums))
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    shutil.copytree(sample_dir, tmp_path / "mine", ignore=shutil.ignore_patterns("*.py", "*.md"))
    loading.load_chosen("~/mine")
    loading.load_chosen(str(tmp_path / "mine"))
    assert chosen == [str(tmp_path / "mine")]
    loading.load_chosen(str(tmp_path / "nowhere"))
    loading.load_chosen()
    assert chosen[1:] == ["auto"]


@pytest.mark.parametrize("file", FILES)
def test_a_folder_with_one_other_file_is_not_the_withdrawn_edition(
    file, editions, chosen, sample_dir, tmp_path
):
    editions(mxnet=[])
    for each in FILES:
        shutil.copy(sample_dir / f"{each}.gz", tmp_path)
    loading.load_chosen(str(tmp_path))
    loading._once.cache_clear()
    (tmp_path / f"{file}.gz").write_bytes(b"others")
    loading.load_chosen(str(tmp_path))
    assert chosen == [str(tmp_path), "auto"]
