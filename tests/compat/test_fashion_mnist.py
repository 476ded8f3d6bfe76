"""MXNet's own class of the data set, which takes its arrays from ours."""

import dataclasses
import pickle
import shutil
from pathlib import Path

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet.gluon.data import DataLoader
from mxnet.gluon.data.vision import FashionMNIST, datasets, transforms

from gluon_softmax.data import load as loading
from gluon_softmax.data.editions import EDITIONS
from gluon_softmax.errors import DataError, UsageError


@pytest.fixture
def of_mxnet(sample_dir, monkeypatch):
    """What MXNet's own code makes of the sample's files, which have not the checksums it wants."""

    def made(train, **settings):
        with monkeypatch.context() as patch:
            patch.setattr(datasets, "check_sha1", lambda path, sha1: True)
            patch.setattr(
                datasets, "download", lambda url, path, sha1_hash: f"{path}/{url.split('/')[-1]}"
            )
            return FashionMNIST(root=str(sample_dir), train=train, **settings)

    return made


@pytest.mark.parametrize("train", [True, False])
def test_it_is_as_mxnets_own_on_the_same_files(chosen, of_mxnet, train, tmp_path):
    ours, theirs = FashionMNIST(root=str(tmp_path), train=train), of_mxnet(train)
    assert chosen == ["auto"]
    assert type(ours) is type(theirs)
    assert len(ours) == len(theirs) == (1000 if train else 300)
    for index in (0, 7, -1, slice(3, 9)):
        (X, y), (X_, y_) = ours[index], theirs[index]
        assert type(X) is type(X_) is mx.nd.NDArray
        assert (X.shape, X.dtype) == (X_.shape, X_.dtype)
        np.testing.assert_array_equal(X.asnumpy(), X_.asnumpy())
        np.testing.assert_array_equal(y, y_)
        assert type(y) is type(y_)
        assert y.dtype == y_.dtype == np.int32
    first, first_ = (each.transform_first(transforms.ToTensor())[5] for each in (ours, theirs))
    np.testing.assert_array_equal(first[0].asnumpy(), first_[0].asnumpy())
    ours._label[0] = 3  # As MXNet's may be.


def test_a_transform_of_ones_own(chosen, of_mxnet, tmp_path):
    def transform(image, label):
        return image.astype("float32") / 255, label + 1

    ours = FashionMNIST(root=str(tmp_path), transform=transform)
    theirs = of_mxnet(True, transform=transform)
    np.testing.assert_array_equal(ours[3][0].asnumpy(), theirs[3][0].asnumpy())
    assert ours[3][1] == theirs[3][1]


def test_the_data_are_read_once(chosen, tmp_path):
    for train in (True, False, True):
        FashionMNIST(root=str(tmp_path), train=train)
    d2l.load_data_fashion_mnist(100, root=str(tmp_path))
    assert chosen == ["auto"]


def test_files_that_mxnet_would_accept_go_first(chosen, sample_dir, tmp_path, monkeypatch):
    """With a check that has the sample's files for those that MXNet knows the checksums of."""
    for file in sample_dir.glob("t10k-*.gz"):
        shutil.copy(file, tmp_path)
    asked = []

    def check_sha1(path, sha1):
        asked.append(sha1)
        return Path(path).read_bytes() == (sample_dir / Path(path).name).read_bytes()

    monkeypatch.setattr(datasets, "check_sha1", check_sha1)
    monkeypatch.setattr(
        datasets, "download", lambda url, path, sha1_hash: f"{path}/{url.split('/')[-1]}"
    )
    assert len(FashionMNIST(root=str(tmp_path), train=False)) == 300
    assert chosen == []
    checksums = EDITIONS["mxnet"].checksums
    assert {f"sha1:{sha1}" for sha1 in asked} == {
        value for file, value in checksums.items() if file.startswith("t10k")
    }
    # The training set is not there; and with one byte more, the other is not MXNet's any longer.
    assert len(FashionMNIST(root=str(tmp_path), train=True)) == 1000
    assert chosen == ["auto"]
    with open(tmp_path / "t10k-labels-idx1-ubyte.gz", "ab") as file:
        file.write(b"0")
    loading._once.cache_clear()
    assert len(FashionMNIST(root=str(tmp_path), train=False)) == 300
    assert chosen == ["auto", "auto"]


def test_an_edition_by_name(chosen, monkeypatch, tmp_path):
    monkeypatch.setenv("GLUON_SOFTMAX_EDITION", "resplit")
    FashionMNIST(root=str(tmp_path))
    monkeypatch.setenv("GLUON_SOFTMAX_EDITION", "")
    FashionMNIST(root=str(tmp_path))
    assert chosen == ["resplit", "auto"]


@pytest.mark.bad_input
def test_an_edition_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("GLUON_SOFTMAX_EDITION", "first")
    with pytest.raises(UsageError) as raised:
        FashionMNIST(root=str(tmp_path))
    message = str(raised.value)
    assert "unknown edition 'first'" in message
    assert message.endswith(
        "GLUON_SOFTMAX_EDITION is 'first', possible values are auto, official, mxnet, resplit"
    )


@pytest.mark.fault
def test_data_that_cannot_be_had(cache, monkeypatch, tmp_path, capsys):
    """With no source at all, as behind a wall."""
    loading._once.cache_clear()
    for name, edition in EDITIONS.items():
        monkeypatch.setitem(EDITIONS, name, dataclasses.replace(edition, sources=()))
    with pytest.raises(DataError) as raised:
        d2l.load_data_fashion_mnist(100, root=str(tmp_path))
    message = str(raised.value)
    assert "the official edition could not be downloaded from any source" in message
    assert "GLUON_SOFTMAX_EDITION" in message


@pytest.mark.parametrize("num_workers", [0, 2])
def test_it_goes_to_worker_processes(chosen, sample, num_workers, tmp_path):
    mnist = FashionMNIST(root=str(tmp_path), train=False).transform_first(transforms.ToTensor())
    labels = [y.asnumpy() for _, y in DataLoader(mnist, 70, num_workers=num_workers)]
    np.testing.assert_array_equal(np.concatenate(labels), sample.test_labels)


def test_it_can_be_pickled(chosen, tmp_path):
    mnist = FashionMNIST(root=str(tmp_path))
    again = pickle.loads(pickle.dumps(mnist))
    np.testing.assert_array_equal(again[0:5][0].asnumpy(), mnist[0:5][0].asnumpy())
    assert len(again) == len(mnist)


def test_arrays_of_mxnets_numpy(chosen, tmp_path):
    with mx.util.np_array(True):
        X, y = FashionMNIST(root=str(tmp_path))[0:2]
    assert type(X) is type(y) is mx.np.ndarray
    assert X.shape == (2, 28, 28, 1)
    assert y.dtype == np.int32
