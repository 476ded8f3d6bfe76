from types import SimpleNamespace

import pytest
from server import serve

from gluon_softmax import download
from gluon_softmax.data import debian_package, folder


@pytest.fixture(scope="module")
def server():
    with serve() as running:
        yield running


@pytest.fixture(name="folder")
def cache_folder(tmp_path):
    """An edition's folder in a cache, which does not exist yet."""
    return tmp_path / "cache é" / "edition"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", (1, 1))
    # The pause before another attempt.
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    for module in (debian_package, folder):
        monkeypatch.setattr(module, "LARGEST_GZ", 4_000_000)
