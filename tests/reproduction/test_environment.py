import platform
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import mxnet
import numpy

from gluon_softmax.reproduction import environment


def test_versions():
    found = environment.versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == numpy.__version__
    # Version 1.7.0.post2 calls itself 1.7.0.
    assert found["mxnet"].startswith(mxnet.__version__)
    assert found["d2lzh"] == "1.0.0"


def test_versions_of_what_is_installed_under_another_name_or_not_at_all(monkeypatch):
    """For example a CUDA build of MXNet, or d2lzh, of which only the version is needed."""

    def version(name):
        if name in ("mxnet", "d2lzh"):
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(environment, "package_version", version)
    assert environment.versions()["mxnet"] == mxnet.__version__
    monkeypatch.setitem(sys.modules, "d2lzh", None)
    assert environment.versions()["d2lzh"] == "unknown"


def test_processor(monkeypatch):
    assert environment.processor().endswith("cores")

    def no_proc(*args, **kwargs):
        raise FileNotFoundError

    # As on macOS and Windows.
    monkeypatch.setattr(Path, "read_text", no_proc)
    assert (
        platform.machine() in environment.processor()
        or platform.processor() in environment.processor()
    )
