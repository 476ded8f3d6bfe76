import platform
from pathlib import Path

import mxnet
import numpy

from gluon_softmax.training import machine


def test_versions():
    found = machine.versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == numpy.__version__
    assert found["mxnet"] == mxnet.__version__
    assert found["d2lzh"] == "1.0.0"


def test_processor(monkeypatch):
    assert machine.processor().endswith("cores")

    def no_proc(*args, **kwargs):
        raise FileNotFoundError

    # As on macOS and Windows.
    monkeypatch.setattr(Path, "read_text", no_proc)
    assert platform.machine() in machine.processor() or platform.processor() in machine.processor()
