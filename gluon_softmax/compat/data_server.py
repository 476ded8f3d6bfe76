"""MXNet's server is down: its data sets come from other public sources, or from this package.

MNIST, CIFAR10 and CIFAR100 are downloaded. A file is accepted only with the SHA-1 that MXNet's own
class has for it. MXNet packed CIFAR's files into an archive of its own; here they come out of the
archive of their authors. FashionMNIST gets its arrays from this package.
"""

import functools
import hashlib
import os
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

import numpy as np

from ..download import DownloadError, download
from ..errors import DataError
from ..writing import whole_file
from .registry import note

# By the class's folder on MXNet's server: URLs, in the order in which they are tried. One with
# {file} has each file by its name; any other is an archive of all of them.
SOURCES: Mapping[str, Tuple[str, ...]] = {
    "mnist": (
        "https://ossci-datasets.s3.amazonaws.com/mnist/{file}",
        "https://storage.googleapis.com/cvdf-datasets/mnist/{file}",
    ),
    "cifar10": ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
    "cifar100": ("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",),
}
_REPOSITORY = "MXNET_GLUON_REPO"
_DOWN = "MXNet's server is down"

Arrays = Tuple[np.ndarray, np.ndarray]


def patch(datasets: Any, test_utils: Any, take: Optional[Callable[[bool], Arrays]] = None) -> None:
    """Let the classes, and ``test_utils.get_mnist``, fetch their files before they read them.

    ``take`` returns the arrays of FashionMNIST, for True those of the training set, for False those
    of the test set: images, uint8 (count, 28, 28, 1), and labels, int32.
    """
    mxnet_get_data = datasets.FashionMNIST._get_data
    for kind in (datasets.MNIST, datasets.CIFAR10):
        # CIFAR100 inherits it.
        kind._get_data = _fetching(kind._get_data, datasets.check_sha1)
    note("gluon.data.vision.MNIST and CIFAR10/100", _DOWN)
    get_mnist = test_utils.get_mnist

    class MNIST(datasets.MNIST):
        def _get_data(self) -> None:
            # get_mnist reads existing files without a check.
            if not all(Path(self._root, name).exists() for name in _files(self)):
                _fetch(self, datasets.check_sha1)

    @functools.wraps(get_mnist)
    def fetch_and_get_mnist() -> Any:
        for train in (True, False):
            MNIST(root=".", train=train)
        return get_mnist()

    test_utils.get_mnist = fetch_and_get_mnist
    note("test_utils.get_mnist", _DOWN)
    if take is not None:
        datasets.FashionMNIST._get_data = _taking(mxnet_get_data, datasets, take)
        note("gluon.data.vision.FashionMNIST", _DOWN)


def _fetching(get_data: Callable, check_sha1: Callable) -> Callable:
    @functools.wraps(get_data)
    def fetch_and_get(self: Any) -> None:
        # From a repository that the user names, MXNet downloads itself.
        if self._namespace in SOURCES and _REPOSITORY not in os.environ:
            _fetch(self, check_sha1)
        get_data(self)

    return fetch_and_get


def _taking(get_data: Callable, datasets: Any, take: Callable[[bool], Arrays]) -> Callable:
    is_np_array, mx_np, nd = datasets.is_np_array, datasets._mx_np, datasets.nd

    @functools.wraps(get_data)
    def take_or_get(self: Any) -> None:
        # Files that MXNet's class accepts come first.
        if not _missing(self, datasets.check_sha1):
            get_data(self)
            return
        images, labels = take(self._train)
        array = mx_np.array if is_np_array() else nd.array
        self._data = array(images, dtype=images.dtype)
        # A copy, because callers may write to the labels of MXNet's class.
        self._label = array(labels, dtype=labels.dtype) if is_np_array() else labels.copy()

    return take_or_get


def _files(dataset: Any) -> Dict[str, str]:
    """Return the SHA-1 of each file that MXNet's class checks, by its name."""
    if hasattr(dataset, "_train_label"):
        kind = "train" if dataset._train else "test"
        return dict(getattr(dataset, f"_{kind}_{what}") for what in ("data", "label"))
    return dict(dataset._train_data + dataset._test_data)


def _missing(dataset: Any, check_sha1: Callable) -> Dict[str, str]:
    """Return those of the files that are missing or damaged."""
    return {
        name: sha1
        for name, sha1 in _files(dataset).items()
        if not (path := Path(dataset._root, name)).is_file() or not check_sha1(str(path), sha1)
    }


def _fetch(dataset: Any, check_sha1: Callable) -> None:
    """Download the files that are missing or damaged; raise DataError if no source has them."""
    root = Path(dataset._root)
    missing = _missing(dataset, check_sha1)
    failures: List[str] = []
    for url in SOURCES[dataset._namespace] if missing else ():
        reason = "wrong checksum"
        try:
            for name, content in _contents(url, dict(missing)):
                with whole_file(root / name, DataError) as path:
                    path.write_bytes(content)
                missing.pop(name, None)
        except DownloadError as error:
            reason = str(error)
        if not missing:
            return
        failures.append(f"{url.format(file=next(iter(missing)))}: {reason}")
    if missing:
        raise DataError(
            f"{type(dataset).__name__}: MXNet's server is down, and the files are not available "
            f"from other sources ({'; '.join(failures)}); download {', '.join(missing)} yourself "
            f"and put the files into {root.resolve()}"
        )


def _contents(url: str, sha1_of: Mapping[str, str]) -> Iterator[Tuple[str, bytes]]:
    """Yield each of the files that a source has and that has its checksum, with its name."""
    with tempfile.TemporaryDirectory() as folder:
        if "{file}" in url:
            for name, sha1 in sha1_of.items():
                yield name, download(url.format(file=name), folder, f"sha1:{sha1}").read_bytes()
            return
        path = download(url, folder)
        try:
            with tarfile.open(path) as archive:
                for member in archive:
                    file, name = archive.extractfile(member), os.path.basename(member.name)
                    content = file.read() if file is not None and name in sha1_of else b""
                    if hashlib.sha1(content).hexdigest() == sha1_of.get(name):
                        yield name, content
        except (EOFError, tarfile.TarError, zlib.error) as error:
            raise DownloadError("a damaged archive") from error
