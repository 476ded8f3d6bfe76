import dataclasses
import gc
import importlib
import os
import signal
import sys
from pathlib import Path

import pytest
from server import edition

from gluon_softmax.data import load as loading
from gluon_softmax.data.editions import EDITIONS

# First, since it patches MXNet and d2lzh before their import.
from gluon_softmax.data.load import load

# Pages are in English in any locale, unless a test asks for another language.
os.environ["LANGUAGE"] = "en"

# A shell that runs them in the background lets them ignore Ctrl-C, and nohup SIGHUP: so would all
# that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *signal: None)

SAMPLE = Path(__file__).with_name("data")


@pytest.fixture(scope="session")
def sample_dir():
    """Folder with a small part of the official edition, in IDX files."""
    return SAMPLE


@pytest.fixture(scope="session")
def sample():
    """The data set in that folder: 1000 training and 300 test images."""
    return load(data_dir=str(SAMPLE))


@pytest.fixture(scope="session")
def official_data():
    """The whole official edition; a test that uses it fails if it cannot be downloaded."""
    return load("official")


@pytest.fixture(scope="session")
def official(official_data):
    """The same. Some modules replace it by the sample under the edition's name."""
    return official_data


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of data sets, whose folder does not exist yet."""
    monkeypatch.setenv("MXNET_HOME", str(tmp_path / "mxnet home é"))
    return tmp_path / "mxnet home é" / "datasets"


@pytest.fixture
def editions(monkeypatch, cache):
    """Make editions the sample, each in its own form: ``editions(mxnet=[source, ...])``."""

    def put(**sources):
        for name, given in sources.items():
            small = dataclasses.replace(edition(name, *given), folder=EDITIONS[name].folder)
            monkeypatch.setitem(EDITIONS, name, small)

    return put


@pytest.fixture
def chosen(sample, monkeypatch):
    """Make the sample the default edition; note which editions are asked for."""
    asked = []

    def load(edition="auto", data_dir=None, split_seed=0):
        asked.append(edition if data_dir is None else data_dir)
        return sample

    monkeypatch.setattr(loading, "load", load)
    loading._once.cache_clear()
    yield asked
    loading._once.cache_clear()


def pytest_collection_modifyitems(items):
    """Give tests on the whole data set more time, and skip tests that cannot run on Windows."""
    for item in items:
        if item.get_closest_marker("full_data") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(1200))
        if item.get_closest_marker("posix") and sys.platform == "win32":
            item.add_marker(pytest.mark.skip(reason="needs what Windows has not"))
    # mutmut lists the tests in no order. Run the fast ones first, and those of a module together.
    if "MUTANT_UNDER_TEST" in os.environ:
        items.sort(key=lambda item: (bool(item.get_closest_marker("slow")), str(item.path)))


def pytest_collection_finish():
    """Exclude objects that live for the whole session from garbage collection.

    Each DataLoader of Gluon collects garbage, which took more time than the training of the sample.
    """
    gc.collect()
    gc.freeze()
    # Functions that ran at import: mutmut would say that the first test covers them.
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        importlib.import_module("mutmut.state").state()._stats.clear()
