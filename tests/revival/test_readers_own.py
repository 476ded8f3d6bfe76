"""What else breaks in readers' own programs, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "data"


def run(code, tmp_path, **variables):
    import os

    script = tmp_path / "script.py"
    script.write_text(code)
    return subprocess.run(
        [sys.executable, script],
        env={**os.environ, "MPLBACKEND": "agg", **variables},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_gluonbook_is_d2lzh(tmp_path):
    done = run(
        """
import gluon_softmax
import gluonbook as gb
import d2lzh as d2l
from mxnet import nd
assert gb.sgd is d2l.sgd and gb.plt is d2l.plt and gb.__name__ == "gluonbook"
print(gb.accuracy(nd.array([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]), nd.array([1, 1, 1])))
print(d2l.__spec__.name, hasattr(d2l, "accuracy"))
""",
        tmp_path,
    )
    assert done.stdout == "0.6666667\nd2lzh False\n", done.stderr


def test_a_real_gluonbook_goes_first(tmp_path):
    (tmp_path / "gluonbook.py").write_text("real = True\n")
    done = run("import gluon_softmax\nimport gluonbook\nprint(gluonbook.real)\n", tmp_path)
    assert done.stdout == "True\n", done.stderr


LOADERS = """
import gluon_softmax
from mxnet import nd
from mxnet.gluon.data import ArrayDataset, DataLoader
pairs = ArrayDataset(nd.arange(8).reshape((4, 2)), [0, 1, 2, 3])
train_iter, test_iter = (DataLoader(pairs, 2, num_workers=2) for _ in range(2))
print(sum(len(y) for X, y in train_iter), next(iter(test_iter))[1].asnumpy())
"""


def test_loaders_end_without_noise(tmp_path):
    done = run(LOADERS, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4 [0 1]\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_loaders_whose_workers_are_not_forked(method, tmp_path):
    """As macOS and Windows begin them; the main module does not import us in the child."""
    program = f"""
if __name__ == "__main__":
    import multiprocessing
    multiprocessing.set_start_method({method!r})
    {LOADERS.strip().replace(chr(10), chr(10) + "    ")}
"""
    done = run(program, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4 [0 1]\n", "")


@pytest.mark.fault
def test_a_gpu_that_is_not_there(tmp_path):
    program = """
import gluon_softmax
import d2lzh as d2l
import mxnet as mx
for make in (lambda: mx.nd.ones((2,), ctx=mx.gpu()), lambda: mx.nd.array([1], ctx=mx.gpu(1))):
    try:
        make()
    except mx.MXNetError as error:
        print(error)
print(d2l.try_gpu(), d2l.try_all_gpus(), mx.gpu())
"""
    done = run(program, tmp_path)
    line = (
        "a GPU was asked for, and there is none for MXNet here: take the context that "
        "d2l.try_gpu() gives, or set GLUON_SOFTMAX_GPU=cpu, and the CPU stands in\n"
    )
    assert done.stdout == 2 * line + "cpu(0) [cpu(0)] gpu(0)\n"


def test_the_cpu_stands_in_for_a_gpu_if_asked(tmp_path):
    program = """
import gluon_softmax
import mxnet as mx
print(mx.nd.ones((2,), ctx=mx.gpu()).context, mx.gpu(1), mx.context.gpu())
"""
    done = run(program, tmp_path, GLUON_SOFTMAX_GPU="cpu")
    assert done.stdout == "cpu(0) cpu(1) cpu(0)\n"
    assert done.stderr == "GLUON_SOFTMAX_GPU=cpu: the CPU stands in for the GPU\n"


def test_records_of_several_labels(tmp_path):
    program = """
import gluon_softmax
from mxnet import recordio
packed = recordio.pack(recordio.IRHeader(0, [1.5, 2.5], 7, 0), b"image")
header, content = recordio.unpack(packed)
print(header.label.tolist(), header.id, content)
"""
    assert run(program, tmp_path).stdout == "[1.5, 2.5] 7 b'image'\n"
