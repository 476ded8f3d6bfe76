"""MXNet's CUDA build with a stand-in for NVIDIA's driver, and the errors without a GPU."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from types import SimpleNamespace

import pytest
from isolated import run_script

from gluon_softmax.compat import cuda
from gluon_softmax.errors import MissingLibrary

SAMPLE = Path(__file__).parents[1] / "data"
on_linux = sys.platform == "linux"
linux = pytest.mark.skipif(not on_linux, reason="CUDA builds are for Linux")
needs_compiler = pytest.mark.skipif(
    not on_linux or shutil.which("cc") is None, reason="no C compiler, or not Linux"
)
has_build = any((d.metadata["Name"] or "").startswith("mxnet-cu") for d in distributions(name=None))


@pytest.fixture
def driver(tmp_path):
    """Return a function that compiles the stand-in, and the environment in which it is found."""

    def make(devices, major=0, minor=0, name="Stand-in"):
        settings = {"DEVICES": devices, "MAJOR": major, "MINOR": minor, "NAME": f'"{name}"'}
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", tmp_path / "libcuda.so.1"]
            + [f"-D{setting}={value}" for setting, value in settings.items()]
            + [Path(__file__).with_name("driver.c"), "-ldl"],
            check=True,
        )
        return {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}

    return make


def python(code, env):
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def program(*words, env):
    return subprocess.run(
        [sys.executable, "-m", *words], env=env, capture_output=True, text=True, timeout=240
    )


@needs_compiler
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"major": 3, "minor": 7}, ["'Stand-in' 3 7 False"]),
        ({"major": 5}, ["'Stand-in' 5 0 True"]),
        ({"major": 7, "minor": 5}, ["'Stand-in' 7 5 True"]),
        ({"major": 8, "minor": 9}, ["'Stand-in' 8 9 True"]),
        ({"major": 9}, ["'Stand-in' 9 0 False"]),
        ({"devices": 2, "major": 7}, ["'Stand-in' 7 0 True", "'Stand-in 1' 7 0 True"]),
        # No text.
        ({"major": 7, "name": r"\377"}, [r"'\ufffd' 7 0 True"]),
        ({"devices": 0}, []),
    ],
)
def test_the_driver_is_asked(driver, given, expected):
    code = """
from gluon_softmax.compat import cuda
for gpu in cuda.gpus():
    print(ascii(gpu.name), *gpu[1:], gpu.supported)
"""
    assert python(code, driver(**{"devices": 1, **given})) == expected


def site_packages(folder, *names):
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder / "mxnet"


@linux
def test_a_cuda_build_without_a_driver(tmp_path, monkeypatch):
    monkeypatch.setattr(cuda, "_driver", lambda: None)
    cuda.load_libraries(site_packages(tmp_path / "cpu", "mxnet", "mxnet-1.9.1.dist-info"))
    with pytest.raises(MissingLibrary) as raised:
        cuda.load_libraries(site_packages(tmp_path / "gpu", "mxnet", "mxnet_cu112-1.9.1.dist-info"))
    message = str(raised.value)
    assert "mxnet-cu112 needs NVIDIA's driver (libcuda.so.1)" in message
    assert "pip uninstall mxnet-cu112 and then pip install --no-deps mxnet==1.9.1" in message
    assert "\n" not in message


@needs_compiler
def test_libraries_are_loaded_from_packages_for_a_cuda_build_only(driver, tmp_path):
    """With a library under the name that MXNet asks for."""
    library = tmp_path / "site/nvidia/cuda_runtime/lib/libcudart.so.11.0"
    library.parent.mkdir(parents=True)
    source = tmp_path / "runtime.c"
    source.write_text("int here(void) { return 11; }")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    code = f"""
import ctypes
from pathlib import Path
from gluon_softmax.compat import cuda
site = Path({str(tmp_path / "site")!r})
def there():
    return hasattr(ctypes.CDLL(None), "here")
cuda.load_libraries(site / "mxnet")
print(there())
(site / "mxnet_cu117-1.9.1.dist-info").mkdir()
cuda.load_libraries(site / "mxnet")
print(there(), ctypes.CDLL(None).here())
"""
    assert python(code, driver(1, 8, 0)) == ["False", "True 11"]


@needs_compiler
def test_dependencies_of_a_library_are_loaded_before_it(driver, tmp_path):
    """Wherever it lies: cuBLAS asks for cuBLASLt by name."""
    libraries = tmp_path / "site/nvidia/cublas/lib"
    libraries.mkdir(parents=True)
    (tmp_path / "site/mxnet_cu117-1.9.1.dist-info").mkdir()
    shared = ["cc", "-shared", "-fPIC", "-x", "c", "/dev/null"]
    for name, needs in (("libcublasLt.so.11", []), ("libcublas.so.11", ["libcublasLt.so.11"])):
        linked = ["-x", "none", *(str(libraries / need) for need in needs)]
        options = [f"-Wl,-soname,{name}", "-Wl,--no-as-needed", "-o", str(libraries / name)]
        subprocess.run([*shared, *options, *linked], check=True)
    code = f"""
from pathlib import Path
from gluon_softmax.compat import cuda
cuda.load_libraries(Path({str(tmp_path / "site")!r}) / "mxnet")
print(sum("libcublas.so.11" in line for line in open("/proc/self/maps")) > 0)
"""
    assert python(code, driver(1, 8, 0)) == ["True"]


@linux
@pytest.mark.parametrize("kept", [None, "1"])
@pytest.mark.parametrize(
    ("variable", "package", "gpus", "expected"),
    [
        ("MXNET_CUDA_LIB_CHECKING", "mxnet_cu117", [], "0"),
        ("MXNET_CUDA_LIB_CHECKING", "mxnet_cu117", ["one"], None),
        ("MXNET_CUDNN_LIB_CHECKING", "mxnet_cu117", ["one"], "0"),
        ("MXNET_CUDNN_LIB_CHECKING", "mxnet", ["one"], None),
    ],
)
def test_what_a_cuda_build_does_not_warn_of(
    variable, package, gpus, expected, kept, tmp_path, monkeypatch
):
    """Of missing libraries without a GPU, nor of the cuDNN in its package."""
    monkeypatch.delenv(variable, raising=False)
    if kept:
        monkeypatch.setenv(variable, kept)
    monkeypatch.setattr(cuda, "_driver", lambda: "a driver")
    monkeypatch.setattr(cuda, "gpus", lambda: gpus)
    monkeypatch.setattr(cuda, "note", lambda name, broken_by: None)
    cuda.load_libraries(site_packages(tmp_path, "mxnet", f"{package}-1.9.1.dist-info"))
    assert os.environ.pop(variable, None) == (kept or expected)


needs_build = pytest.mark.skipif(
    not on_linux or not has_build, reason="MXNet's CPU build is installed"
)


@pytest.mark.cuda
@needs_build
@pytest.mark.parametrize("version", ["scratch", "concise"])
def test_without_a_device_it_trains_on_the_cpu_and_says_nothing(driver, version):
    env = driver(0)
    done = program(version, "--data-dir", str(SAMPLE), "--epochs", "1", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("epoch 1, loss 1.9")


@pytest.mark.cuda
@needs_build
def test_a_gpu_that_is_asked_for_and_not_there(driver):
    done = program("concise", "--data-dir", str(SAMPLE), "--ctx", "gpu", env=driver(0))
    assert done.returncode == 2
    assert done.stderr.startswith("error: --ctx gpu: MXNet finds 0 GPUs; use --ctx cpu")
    assert done.stderr.count("\n") == 1


@pytest.mark.cuda
@needs_build
def test_without_a_driver():
    env = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    done = program("concise", "--data-dir", str(SAMPLE), env=env)
    assert done.returncode == 1
    assert "needs NVIDIA's driver (libcuda.so.1), and this machine does not" in done.stderr
    assert done.stderr.count("\n") == 1
    reported = program("gluon_softmax", "doctor", env=env)
    assert reported.returncode == 1
    assert "MXNet cannot be imported: mxnet-cu117 needs NVIDIA's driver" in reported.stderr


@pytest.mark.cuda
@needs_build
def test_a_gpu_for_which_there_is_no_code(driver):
    env = driver(1, 9, 0)
    done = program("concise", "--data-dir", str(SAMPLE), "--ctx", "gpu", env=env)
    assert done.returncode == 2
    assert "no code for GPU 0 (Stand-in, compute capability 9.0)" in done.stderr
    assert done.stderr.count("\n") == 1
    done = program("concise", "--data-dir", str(SAMPLE), "--epochs", "1", env=env)
    assert (done.returncode, done.stderr.count("Using the CPU: MXNet's")) == (0, 1)
    assert done.stdout.startswith("epoch 1, loss 1.9")
    reported = program("gluon_softmax", "doctor", env=env)
    assert "Stand-in (compute capability 9.0, for which MXNet has no code)" in reported.stdout
    assert reported.returncode == 1
    assert "no code for GPU 0 (Stand-in, compute capability 9.0)" in reported.stderr


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
    done = run_script(program, tmp_path)
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
    done = run_script(program, tmp_path, GLUON_SOFTMAX_GPU="CPU")
    assert done.stdout == "cpu(0) cpu(1) cpu(0)\ncpu(1) cpu(0)\n"
    assert done.stderr == "GLUON_SOFTMAX_GPU=cpu: the CPU is used instead of any GPU\n"
    done = run_script("import gluon_softmax, mxnet", tmp_path, GLUON_SOFTMAX_GPU="1")
    assert done.stderr == "GLUON_SOFTMAX_GPU=1 is ignored: the only value is cpu\n"


NO_CODE = (
    "MXNet's CUDA builds have no code for GPU 1 (H200, compute capability 9.0); they support 5.0 "
    "to 8.9"
)


@pytest.mark.parametrize(
    ("said", "gpus", "reason"),
    [
        (
            "Check failed: device_count_ > 0 (-1 vs. 0) : GPU usage requires at least 1 GPU",
            [],
            "no usable GPU",
        ),
        (
            "CUDA: Check failed: e == cudaSuccess: no CUDA-capable device is detected",
            [],
            "no usable GPU",
        ),
        # A real H200 gave these last words.
        (
            "CUDA: Check failed: e == cudaSuccess: no kernel image is available for execution on "
            "the device",
            [cuda.Gpu("T4", 7, 5), cuda.Gpu("H200", 9, 0)],
            NO_CODE,
        ),
        ("no kernel image is available", [], "MXNet has no code for this GPU"),
    ],
)
def test_errors_of_a_cuda_build_are_one_line(said, gpus, reason, monkeypatch):
    import mxnet as mx

    monkeypatch.setattr(cuda, "gpus", lambda: gpus)
    raised = mx.MXNetError(said), mx.MXNetError("shape mismatch")
    errors = iter(raised)
    module = SimpleNamespace(
        base=SimpleNamespace(get_last_ffi_error=lambda: next(errors), MXNetError=mx.MXNetError)
    )
    monkeypatch.setattr(cuda, "note", lambda *words: None)
    cuda.patch(module)
    assert str(module.base.get_last_ffi_error()) == (
        f"{reason}: use d2l.try_gpu(), or set GLUON_SOFTMAX_GPU=cpu to run on the CPU instead"
    )
    assert module.base.get_last_ffi_error() is raised[1]
