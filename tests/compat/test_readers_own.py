"""What else breaks in readers' own programs, each in its own process."""

import pickle
import subprocess
import sys
from multiprocessing import get_all_start_methods
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import SimpleNamespace

import pytest

from gluon_softmax.compat import cuda, gpu, loader_workers

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
y = nd.array([2, 0, 1], dtype="int32")
print(gb.accuracy(nd.array([[0.1, 0.2, 0.7], [0.9, 0.1, 0], [0.6, 0.3, 0.1]]), y))
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


@pytest.mark.posix
def test_loaders_end_without_noise(tmp_path):
    done = run(LOADERS, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4 [0 1]\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("method", sorted({*get_all_start_methods()} - {"fork"}))
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


@pytest.mark.parametrize("kind", ["nd", "np"])
def test_arrays_go_to_a_process_that_is_spawned_by_value(kind, monkeypatch):
    import mxnet as mx

    array = getattr(mx, kind).ones((2, 3), dtype="int32")
    monkeypatch.setattr(loader_workers, "get_spawning_popen", lambda: "one")
    again = pickle.loads(ForkingPickler.dumps(array))
    assert type(again) is type(array)
    assert again.dtype == array.dtype
    assert again.asnumpy().tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.fault
def test_a_gpu_that_is_not_there(tmp_path):
    program = """
import gluon_softmax
import d2lzh as d2l
import mxnet as mx
one = mx.nd.ones((2,))
for make in (
    lambda: mx.nd.ones((2,), ctx=mx.gpu()),
    lambda: mx.nd.array([1], ctx=mx.gpu(1)),
    lambda: one.as_in_context(mx.gpu()),
    lambda: one.copyto(mx.gpu()),
    lambda: mx.gluon.utils.split_and_load(one, [mx.gpu(0), mx.gpu(1)]),
    lambda: mx.nd.random.normal(shape=(2,), ctx=mx.gpu()),
    lambda: mx.context.gpu_memory_info(0),
):
    try:
        make()
    except mx.MXNetError as error:
        print(error)
print(d2l.try_gpu(), d2l.try_all_gpus(), mx.gpu())
"""
    done = run(program, tmp_path)
    line = (
        "no usable GPU: use d2l.try_gpu(), or set GLUON_SOFTMAX_GPU=cpu to run on the CPU instead\n"
    )
    assert done.stdout == 7 * line + "cpu(0) [cpu(0)] gpu(0)\n"


@pytest.mark.slow
def test_the_cpu_stands_in_for_a_gpu_if_asked(tmp_path):
    program = """
import gluon_softmax
import mxnet as mx
print(mx.nd.ones((2,), ctx=mx.gpu()).context, mx.gpu(1), mx.context.gpu())
print(mx.nd.ones((2,), ctx=mx.Context("gpu", 1)).context, mx.npx.gpu(0))
"""
    done = run(program, tmp_path, GLUON_SOFTMAX_GPU="CPU")
    assert done.stdout == "cpu(0) cpu(1) cpu(0)\ncpu(1) cpu(0)\n"
    assert done.stderr == "GLUON_SOFTMAX_GPU=cpu: the CPU is used instead of any GPU\n"
    done = run("import gluon_softmax, mxnet", tmp_path, GLUON_SOFTMAX_GPU="1")
    assert done.stderr == "GLUON_SOFTMAX_GPU=1 is ignored: the only value is cpu\n"


@pytest.mark.parametrize(
    "said",
    [
        "Check failed: device_count_ > 0 (-1 vs. 0) : GPU usage requires at least 1 GPU",
        "CUDA: Check failed: e == cudaSuccess: no CUDA-capable device is detected",
    ],
)
def test_what_a_cuda_build_says_without_a_device(said, monkeypatch):
    import mxnet as mx

    raised = mx.MXNetError(said), mx.MXNetError("shape mismatch")
    errors = iter(raised)
    module = SimpleNamespace(
        base=SimpleNamespace(get_last_ffi_error=lambda: next(errors), MXNetError=mx.MXNetError)
    )
    monkeypatch.setattr(gpu, "note", lambda *words: None)
    gpu.patch(module)
    assert str(module.base.get_last_ffi_error()).startswith("no usable GPU: use d2l.try_gpu()")
    assert module.base.get_last_ffi_error() is raised[1]


@pytest.mark.fault
@pytest.mark.parametrize("known", [True, False])
def test_a_gpu_without_code_is_one_line(known, monkeypatch):
    import mxnet as mx

    gpus = [cuda.Gpu("T4", 7, 5), cuda.Gpu("H200", 9, 0)] if known else []
    monkeypatch.setattr(cuda, "gpus", lambda: gpus)
    # A real H200 gave these last words.
    said = mx.MXNetError(
        "CUDA: Check failed: e == cudaSuccess: no kernel image is available for execution on the "
        "device"
    )
    module = SimpleNamespace(
        base=SimpleNamespace(get_last_ffi_error=lambda: said, MXNetError=mx.MXNetError)
    )
    monkeypatch.setattr(gpu, "note", lambda *words: None)
    gpu.patch(module)
    reason = (
        "MXNet's CUDA builds have no code for GPU 1 (H200, compute capability 9.0); they support "
        "5.0 to 8.9"
        if known
        else "MXNet has no code for this GPU"
    )
    assert str(module.base.get_last_ffi_error()) == (
        f"{reason}: use d2l.try_gpu(), or set GLUON_SOFTMAX_GPU=cpu to run on the CPU instead"
    )


CHOICES = """
import gluon_softmax
from types import SimpleNamespace
from gluon_softmax.compat import cuda
import d2lzh as d2l
import mxnet as mx
def array(values, ctx):
    # As on real GPUs: a copy needs no code.
    if ctx.device_type == "gpu" and ctx.device_id >= {there}:
        raise mx.MXNetError("no such GPU")
d2l.utils.nd = SimpleNamespace(array=array)
cuda.gpus = lambda: [cuda.Gpu(f"G{{major}}", major, 0) for major in {majors}]
for name in ("try_gpu", "try_all_gpus"):
    print(getattr(d2l, name)(), getattr(d2l.utils, name)())
"""


@pytest.mark.slow
@pytest.mark.fault
@pytest.mark.parametrize(
    ("majors", "one", "several", "said"),
    [
        ([], "cpu(0)", "[cpu(0)]", []),
        ([7, 8], "gpu(0)", "[gpu(0), gpu(1)]", []),
        ([9], "cpu(0)", "[cpu(0)]", [(0, 9)]),
        ([8, 9, 7], "gpu(0)", "[gpu(0), gpu(2)]", [(1, 9)]),
        ([12, 9, 7], "cpu(0)", "[gpu(2)]", [(0, 12), (1, 9)]),
    ],
)
def test_d2lzh_chooses_no_gpu_without_code(majors, one, several, said, tmp_path):
    done = run(CHOICES.format(majors=majors, there=len(majors)), tmp_path)
    assert done.stdout == f"{one} {one}\n{several} {several}\n", done.stderr
    # Each once.
    assert done.stderr == "".join(
        f"d2l.try_gpu: MXNet's CUDA builds have no code for GPU {index} (G{major}, compute "
        f"capability {major}.0); they support 5.0 to 8.9\n"
        for index, major in said
    )


@pytest.mark.slow
def test_an_import_of_this_package_after_a_failed_one(tmp_path):
    program = """
try:
    import mxnet
except Exception as error:
    print(type(error).__name__)
import gluon_softmax
import mxnet as mx
import d2lzh as d2l
print(mx.nd.ones((2,)).asnumpy(), d2l.try_gpu(), len(gluon_softmax.compat.considered()) > 30)
try:
    mx.nd.ones((2,), ctx=mx.gpu())
except mx.MXNetError as error:
    print(str(error)[:20])
"""
    done = run(program, tmp_path)
    said = done.stdout.splitlines()
    # Where MXNet can be imported without us, there is no error at first.
    assert said[-2:] == ["[1. 1.] cpu(0) True", "no usable GPU: use d"], done.stderr
    assert len(said) in (2, 3)


def test_records_of_several_labels(tmp_path):
    program = """
import gluon_softmax
from mxnet import recordio
packed = recordio.pack(recordio.IRHeader(0, [1.5, 2.5], 7, 0), b"image")
header, content = recordio.unpack(packed)
print(header.label.tolist(), header.id, content)
"""
    assert run(program, tmp_path).stdout == "[1.5, 2.5] 7 b'image'\n"
