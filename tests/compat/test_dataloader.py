"""The worker processes of MXNet's DataLoader."""

import pickle
import sys
from multiprocessing import get_all_start_methods
from multiprocessing.reduction import ForkingPickler

import pytest
from isolated import run_code, run_script

from gluon_softmax.compat import dataloader

LOADERS = """
import gluon_softmax
from mxnet import nd
from mxnet.gluon.data import ArrayDataset, DataLoader
pairs = ArrayDataset(nd.arange(8).reshape((4, 2)), [0, 1, 2, 3])
train_iter, test_iter = (DataLoader(pairs, 2, num_workers=2) for _ in range(2))
print(sum(len(y) for X, y in train_iter), next(iter(test_iter))[1].asnumpy())
"""


@pytest.mark.posix
def test_loaders_end_without_noise(tmp_path):
    done = run_script(LOADERS, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4 [0 1]\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted({*get_all_start_methods()} - {"fork"}))
def test_loaders_whose_workers_are_not_forked(method, tmp_path):
    """As on macOS and Windows; the main module does not import this package in the child."""
    program = f"""
if __name__ == "__main__":
    import multiprocessing
    multiprocessing.set_start_method({method!r})
    {LOADERS.strip().replace(chr(10), chr(10) + "    ")}
"""
    done = run_script(program, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4 [0 1]\n", "")


@pytest.mark.parametrize("kind", ["nd", "np"])
def test_arrays_go_to_a_process_that_is_spawned_by_value(kind, monkeypatch):
    import mxnet as mx

    array = getattr(mx, kind).ones((2, 3), dtype="int32")
    monkeypatch.setattr(dataloader, "get_spawning_popen", lambda: "one")
    again = pickle.loads(ForkingPickler.dumps(array))
    assert type(again) is type(array)
    assert again.dtype == array.dtype
    assert again.asnumpy().tolist() == [[1, 1, 1], [1, 1, 1]]


WORKERS = """
import gluon_softmax
import mxnet as mx
from mxnet.gluon.data import ArrayDataset, DataLoader
for X, y in DataLoader(ArrayDataset(mx.nd.ones((6, 2)), [0, 1, 2, 3, 4, 5]), 3, num_workers=2):
    print(X.shape, y.asnumpy().tolist())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of Linux, where processes are forked")
def test_mxnets_own_worker_processes():
    assert run_code(WORKERS).splitlines() == ["(3, 2) [0, 1, 2]", "(3, 2) [3, 4, 5]"]
