"""MXNet's data sets without MXNet's server."""

import contextlib
import dataclasses
import gzip
import hashlib
import http.server
import io
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from types import SimpleNamespace

import d2lzh as d2l
import mxnet as mx
import numpy as np
import pytest
from mxnet.gluon.data import DataLoader
from mxnet.gluon.data.vision import CIFAR10, CIFAR100, MNIST, FashionMNIST, datasets, transforms

from gluon_softmax.compat import data_server
from gluon_softmax.data import load as loading
from gluon_softmax.data.editions import EDITIONS
from gluon_softmax.errors import DataError, UsageError

# The SHA-1 of the files in MXNet 1.9.1.
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "6c95f4b05d2bf285e1bfb0e7960c31bd3b3f8a7d",
    "train-labels-idx1-ubyte.gz": "2a80914081dc54586dbdf242f9805a6b8d2a15fc",
    "t10k-images-idx3-ubyte.gz": "c3a25af1f52dad7f726cce8cacb138654b760d48",
    "t10k-labels-idx1-ubyte.gz": "763e7fa3757d93b0cdec073cef058b2004252c17",
}
random = np.random.RandomState(0)
IMAGES = random.randint(0, 256, (7, 28, 28), dtype=np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9, 2], np.uint8)
PICTURES = random.randint(0, 256, (4, 3, 32, 32), dtype=np.uint8)


def cifar(labels):
    """Return a file as CIFAR's page describes it: labels, then red, green and blue, by image."""
    return b"".join(bytes(label) + picture.tobytes() for label, picture in zip(labels, PICTURES))


CONTENTS = {
    **{
        name: gzip.compress(
            struct.pack(">IIII", 0x803, 7, 28, 28) + IMAGES.tobytes()
            if "images" in name
            else struct.pack(">II", 0x801, 7) + LABELS.tobytes()
        )
        for name in MNIST_FILES
    },
    **{f"data_batch_{number}.bin": cifar([[number], [2], [3], [4]]) for number in range(1, 6)},
    "test_batch.bin": cifar([[9], [8], [7], [6]]),
    "train.bin": cifar([[1, 11], [2, 22], [3, 33], [4, 44]]),
    "test.bin": cifar([[5, 55], [6, 66], [7, 77], [8, 88]]),
}


def archive(*names, folder="cifar-10-batches-bin"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name in ("readme.html", *names):
            content = CONTENTS.get(name, b"<html>")
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


BATCHES = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
ARCHIVES = {
    "cifar-10-binary.tar.gz": archive(*BATCHES),
    "cifar-100-binary.tar.gz": archive("train.bin", "test.bin", folder="cifar-100-binary"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        _, manner, name = self.path.split("/")
        self.server.asked.append((manner, name))
        body = {**CONTENTS, **ARCHIVES}[name]
        if manner == "wrong":
            body = bytes(reversed(body))
        elif manner == "half":
            body = body[: len(body) // 2]
        elif manner == "other":
            body = archive("data_batch_1.bin")
        self.send_response(int(manner) if manner.isdigit() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body[: len(body) // 2] if manner == "less" else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """A local server in place of the public ones."""
    monkeypatch.delenv("MXNET_GLUON_REPO", raising=False)
    # The pause before another attempt.
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        base = f"http://127.0.0.1:{server.server_address[1]}"

        def sources(*manners):
            names = {"mnist": "{file}", "cifar10": "cifar-10-binary.tar.gz"}
            names["cifar100"] = "cifar-100-binary.tar.gz"
            given = {
                kind: tuple(f"{base}/{manner}/{name}" for manner in manners)
                for kind, name in names.items()
            }
            monkeypatch.setattr(data_server, "SOURCES", given)

        server.sources = sources
        sources("ok")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def small():
    """MXNet's classes with the checksums of the small files."""

    def with_sum(pair):
        return pair[0], hashlib.sha1(CONTENTS[pair[0]]).hexdigest()

    def own(kind):
        class Small(kind):
            def _get_data(self):
                for name in {"_train_data", "_train_label", "_test_data", "_test_label"} & set(
                    vars(self)
                ):
                    given = getattr(self, name)
                    sums = list(map(with_sum, given)) if kind is not MNIST else with_sum(given)
                    setattr(self, name, sums)
                super()._get_data()

        Small.__name__ = kind.__name__
        return Small

    return own


@pytest.mark.parametrize("train", [True, False])
def test_mnist_comes_from_another_source(train, server, small, tmp_path):
    data = small(MNIST)(root=str(tmp_path), train=train)
    np.testing.assert_array_equal(data[:][0].asnumpy()[..., 0], IMAGES)
    np.testing.assert_array_equal(data[:][1], LABELS)
    names = sorted(name for name in MNIST_FILES if name.startswith("train") == train)
    assert sorted(os.listdir(tmp_path)) == names
    # Existing files are not downloaded again.
    asked = len(server.asked)
    small(MNIST)(root=str(tmp_path), train=train)
    assert len(server.asked) == asked == 2


@pytest.mark.parametrize(
    ("kind", "settings", "train", "labels"),
    [
        (CIFAR10, {}, True, [label for n in range(1, 6) for label in (n, 2, 3, 4)]),
        (CIFAR10, {}, False, [9, 8, 7, 6]),
        (CIFAR100, {}, True, [1, 2, 3, 4]),
        (CIFAR100, {"fine_label": True}, False, [55, 66, 77, 88]),
    ],
)
def test_cifar_comes_out_of_its_authors_archive(
    kind, settings, train, labels, server, small, tmp_path
):
    data = small(kind)(root=str(tmp_path), train=train, **settings)
    assert list(data[:][1]) == labels
    np.testing.assert_array_equal(data[:4][0].asnumpy(), PICTURES.transpose(0, 2, 3, 1))
    assert sorted(os.listdir(tmp_path)) == sorted(
        BATCHES if kind is CIFAR10 else ["train.bin", "test.bin"]
    )
    small(kind)(root=str(tmp_path), train=not train, **settings)
    assert len(server.asked) == 1


def test_a_damaged_file_is_replaced(server, small, tmp_path):
    small(CIFAR10)(root=str(tmp_path))
    (tmp_path / "data_batch_3.bin").write_bytes(b"x")
    small(CIFAR10)(root=str(tmp_path))
    assert (tmp_path / "data_batch_3.bin").read_bytes() == CONTENTS["data_batch_3.bin"]


@pytest.mark.parametrize("first", ["wrong", "half", "less", "404", "other"])
@pytest.mark.parametrize("kind", [MNIST, CIFAR10])
def test_the_next_source_is_tried(first, kind, server, small, tmp_path):
    server.sources(first, "ok")
    data = small(kind)(root=str(tmp_path))
    assert len(data) == (7 if kind is MNIST else 20)
    assert {manner for manner, _ in server.asked} == {first, "ok"}


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("wrong", "wrong checksum"),
        ("half", "wrong checksum"),
        ("less", "the connection was interrupted"),
        ("503", "the server returned 503 Service Unavailable"),
    ],
)
def test_files_that_cannot_be_downloaded_are_one_line(manner, reason, server, small, tmp_path):
    server.sources(manner)
    with pytest.raises(DataError) as raised:
        small(MNIST)(root=str(tmp_path))
    message = str(raised.value)
    assert message.startswith("MNIST: MXNet's server is down, and the files are not available")
    assert f"/{manner}/train-images-idx3-ubyte.gz: {reason}" in message
    assert message.endswith(
        "download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz yourself and put the "
        f"files into {tmp_path}"
    )
    assert "\n" not in message
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("manner", ["wrong", "half", "less", "other"])
def test_an_archive_that_is_damaged(manner, server, small, tmp_path):
    server.sources(manner)
    with pytest.raises(DataError, match=r"CIFAR10: MXNet's server is down.*test_batch\.bin yourse"):
        small(CIFAR10)(root=str(tmp_path))
    # Complete files are kept.
    assert os.listdir(tmp_path) == (["data_batch_1.bin"] if manner == "other" else [])


def test_files_of_other_contents_are_refused(server, tmp_path):
    """The small files do not have the checksums of MXNet's class."""
    with pytest.raises(DataError, match="wrong checksum"):
        MNIST(root=str(tmp_path))


def test_the_checksums_are_mxnets(server, tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(datasets, "check_sha1", lambda path, sha1: True)
    for kind in (MNIST, CIFAR10, CIFAR100):
        for train in (True, False):
            with contextlib.suppress(FileNotFoundError, DataError):
                data = kind.__new__(kind)
                monkeypatch.setattr(
                    kind, "_get_data", lambda self: asked.update(data_server._files(self))
                )
                data.__init__(root=str(tmp_path), train=train)
    assert {name: asked[name] for name in MNIST_FILES} == MNIST_FILES
    assert asked["test_batch.bin"] == "67eb016db431130d61cd03c7ad570b013799c88c"
    assert asked["train.bin"] == "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"


def test_a_repository_of_the_users_is_left_to_mxnet(server, tmp_path, monkeypatch):
    monkeypatch.setenv("MXNET_GLUON_REPO", "http://repository")
    monkeypatch.setattr(data_server, "_fetch", None)
    asked = []

    def download(url, path, sha1_hash):
        asked.append(url)
        raise OSError("as MXNet's own")

    monkeypatch.setattr(datasets, "download", download)
    with pytest.raises(OSError, match="as MXNet's own"):
        MNIST(root=str(tmp_path))
    assert asked == ["http://repository/gluon/dataset/mnist/train-images-idx3-ubyte.gz"]


GET_MNIST = """
import gluon_softmax
import mxnet as mx
from gluon_softmax.compat import data_server
data_server.SOURCES = {"mnist": ("http://127.0.0.1:9/{file}",)}
try:
    mx.test_utils.get_mnist()
except Exception as error:
    print(type(error).__name__, error)
"""


def test_get_mnist_without_a_source_is_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", GET_MNIST],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.count("\n") == 1, done.stderr
    assert done.stdout.startswith("DataError MNIST: MXNet's server is down")
    assert done.stdout.endswith(f"put the files into {tmp_path}\n")


def test_get_mnist_reads_files_that_are_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in MNIST_FILES:
        (tmp_path / name).write_bytes(CONTENTS[name])
    data = mx.test_utils.get_mnist()
    np.testing.assert_allclose(data["test_data"][:, 0] * 255, IMAGES, atol=1e-4)
    np.testing.assert_array_equal(data["train_label"], LABELS)


def test_get_mnist_fetches_what_is_missing(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sums = {name: hashlib.sha1(CONTENTS[name]).hexdigest() for name in MNIST_FILES}
    monkeypatch.setattr(data_server, "_files", lambda dataset: sums)
    data = mx.test_utils.get_mnist()
    np.testing.assert_allclose(data["train_data"][:, 0] * 255, IMAGES, atol=1e-4)
    assert sorted(os.listdir(tmp_path)) == sorted(MNIST_FILES)


@pytest.fixture
def of_mxnet(sample_dir, monkeypatch):
    """Return what MXNet's own code reads from the sample's files, without checking checksums."""

    def made(train, **settings):
        with monkeypatch.context() as patch:
            patch.setattr(datasets, "check_sha1", lambda path, sha1: True)
            patch.setattr(
                datasets, "download", lambda url, path, sha1_hash: f"{path}/{url.split('/')[-1]}"
            )
            return FashionMNIST(root=str(sample_dir), train=train, **settings)

    return made


@pytest.mark.parametrize("train", [True, False])
def test_fashion_mnist_is_as_mxnets_own_on_the_same_files(chosen, of_mxnet, train, tmp_path):
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


def test_a_transform_of_your_own(chosen, of_mxnet, tmp_path):
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
    """With a check that accepts the sample's files."""
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
    # The training set is missing; with one more byte, the test set no longer passes.
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


def test_an_edition_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("GLUON_SOFTMAX_EDITION", "first")
    with pytest.raises(UsageError) as raised:
        FashionMNIST(root=str(tmp_path))
    message = str(raised.value)
    assert "unknown edition 'first'" in message
    assert message.endswith(
        "GLUON_SOFTMAX_EDITION is 'first', possible values are auto, official, mxnet, resplit"
    )


def test_data_that_cannot_be_downloaded(cache, monkeypatch, tmp_path, capsys):
    """Without any source, as behind a firewall."""
    loading._once.cache_clear()
    for name, edition in EDITIONS.items():
        monkeypatch.setitem(EDITIONS, name, dataclasses.replace(edition, sources=()))
    with pytest.raises(DataError) as raised:
        d2l.load_data_fashion_mnist(100, root=str(tmp_path))
    message = str(raised.value)
    assert "the official edition could not be downloaded from any source" in message
    assert "GLUON_SOFTMAX_EDITION" in message


@pytest.mark.parametrize("num_workers", [0, 2])
def test_fashion_mnist_in_worker_processes(chosen, sample, num_workers, tmp_path):
    mnist = FashionMNIST(root=str(tmp_path), train=False).transform_first(transforms.ToTensor())
    labels = [y.asnumpy() for _, y in DataLoader(mnist, 70, num_workers=num_workers)]
    np.testing.assert_array_equal(np.concatenate(labels), sample.test_labels)


def test_fashion_mnist_can_be_pickled(chosen, tmp_path):
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
