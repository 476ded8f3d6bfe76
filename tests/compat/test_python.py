"""What Python removed: distutils and time.clock."""

import sys
import time

import pytest
from isolated import run_code

from gluon_softmax.compat import python

IMPORT = "import gluon_softmax, mxnet\nprint(gluon_softmax.compat.applied())\n"
NO_SETUPTOOLS = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "_distutils_hack" not in str(finder)]
sys.modules["setuptools"] = None
"""


@pytest.mark.slow
def test_distutils_where_there_is_none():
    applied = run_code(NO_SETUPTOOLS + IMPORT)
    assert ("name='distutils', broken_by='Python 3.12'" in applied) == (sys.version_info >= (3, 12))


def test_distutils_where_setuptools_has_one():
    pytest.importorskip("setuptools")
    assert "distutils" not in run_code(IMPORT)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python has its own")
def test_distutils_compares_as_setuptools_does():
    pytest.importorskip("setuptools")
    compare = """
from distutils.version import LooseVersion, StrictVersion
versions = ["1.6.0", "1.15", "1.17", "1.26.4", "2.0.0", "2.5.5", "10.0"]
for kind in (LooseVersion, StrictVersion):
    print([[kind(a) >= kind(b), kind(a) < kind(b)] for a in versions for b in versions])
"""
    ours = run_code(NO_SETUPTOOLS + "import gluon_softmax, mxnet\n" + compare)
    assert ours == run_code("import warnings; warnings.simplefilter('ignore')\n" + compare)


@pytest.mark.parametrize("system", ["posix", "nt"])
def test_the_clock_that_python_3_8_removed(system, monkeypatch):
    assert not hasattr(time, "clock") or time.clock in (time.process_time, time.perf_counter)
    monkeypatch.delattr(time, "clock", raising=False)
    monkeypatch.setattr(python.os, "name", system)
    monkeypatch.setattr(python, "note", lambda *words: None)
    python.restore_clock()
    # According to its documentation: processor time, but wall-clock time on Windows.
    assert time.clock is (time.process_time if system == "posix" else time.perf_counter)
    monkeypatch.delattr(time, "clock")
