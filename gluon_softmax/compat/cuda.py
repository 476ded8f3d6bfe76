"""MXNet's CUDA builds, and GPUs that MXNet cannot use.

A CUDA build links to CUDA 11. NVIDIA's packages on PyPI install it in
``site-packages/nvidia/*/lib``, where the dynamic loader does not look. Only the driver comes from
the machine.
"""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from ..errors import MissingLibrary
from .registry import note

# The libraries that libmxnet.so needs; the dependencies of each come before it.
_LIBRARIES = (
    "libcudart.so.*",
    "libnvrtc.so.*",
    "libcublasLt.so.*",
    "libcublas.so.*",
    "libcusparse.so.*",
    "libcusolver.so.*",
    "libcufft.so.*",
    "libcurand.so.*",
    "libcudnn.so.*",
    "libnccl.so.*",
    "libnvToolsExt.so.*",
)
# The compute capability's two numbers in the driver's CUdevice_attribute.
_MAJOR, _MINOR = 75, 76
# MXNet 1.9.1 has machine code for 5.0 to 8.6 and no PTX; code for 8.6 also runs on 8.9.
OLDEST, NEWEST = (5, 0), (8, 9)
_VARIABLE = "GLUON_SOFTMAX_GPU"
# MXNet's errors without a GPU: those of its CPU build, then those of its CUDA builds.
_NO_GPU = (
    "is not implemented for GPU",
    "GPU is not enabled",
    "only supported for MXNet built with CUDA",
    "Compile with USE_CUDA=1",
    "GPU usage requires at least 1 GPU",
    "no CUDA-capable device",
)
# The error of a CUDA build on a GPU that its code does not support.
_NO_CODE = "no kernel image is available"
_WHAT_TO_DO = f"use d2l.try_gpu(), or set {_VARIABLE}=cpu to run on the CPU instead"


class Gpu(NamedTuple):
    """A GPU, as NVIDIA's driver reports it."""

    name: str
    major: int
    minor: int

    @property
    def supported(self) -> bool:
        """Whether MXNet's CUDA builds have code for it."""
        return OLDEST <= (self.major, self.minor) <= NEWEST


def _build(folder: Path) -> Optional[str]:
    """Return the name of the CUDA build in site-packages, such as ``mxnet-cu117``; None without."""
    for path in folder.parent.glob("mxnet_cu*.dist-info"):
        return path.name.partition("-")[0].replace("_", "-")
    return None


def load_libraries(folder: Path) -> None:
    """Load a CUDA build's libraries from NVIDIA's packages, before MXNet is loaded.

    Raises MissingLibrary without NVIDIA's driver: a CUDA build cannot be imported then.
    """
    name = _build(folder)
    if name is None:
        return
    if _driver() is None:
        raise MissingLibrary(
            f"{name} needs NVIDIA's driver (libcuda.so.1), and this machine does not have it: "
            f"install the driver, or replace {name} by MXNet's CPU build: run make without GPU=1, "
            f"or pip uninstall {name} and then pip install --no-deps mxnet==1.9.1"
        )
    # MXNet was compiled with cuDNN 8.5, and at each start it would warn of the 8.9 in the package.
    os.environ.setdefault("MXNET_CUDNN_LIB_CHECKING", "0")
    packages = folder.parent / "nvidia"
    for pattern in _LIBRARIES:
        for path in packages.glob(f"*/lib/{pattern}"):
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            note(f"{path.name} from PyPI", "CUDA from PyPI")
    if not gpus():
        # MXNet would warn of a missing GPU while it trains on the CPU.
        os.environ.setdefault("MXNET_CUDA_LIB_CHECKING", "0")
        note("MXNET_CUDA_LIB_CHECKING=0", "no NVIDIA GPU")


def gpus() -> List[Gpu]:
    """Return the GPUs that NVIDIA's driver reports and ``CUDA_VISIBLE_DEVICES`` allows."""
    driver = _driver()
    count = ctypes.c_int()
    if driver is None or driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    return [_gpu(driver, index) for index in range(count.value)]


def unsupported() -> Dict[int, str]:
    """Return, by the GPU's index, the reason why MXNet cannot compute on a GPU."""
    found = enumerate(gpus())
    return {index: without_code(index, gpu) for index, gpu in found if not gpu.supported}


def without_code(index: int, gpu: Gpu) -> str:
    """Format the reason why MXNet cannot compute on a GPU."""
    oldest, newest = (".".join(map(str, numbers)) for numbers in (OLDEST, NEWEST))
    return (
        f"MXNet's CUDA builds have no code for GPU {index} ({gpu.name}, compute capability "
        f"{gpu.major}.{gpu.minor}); they support {oldest} to {newest}"
    )


def _gpu(driver: ctypes.CDLL, index: int) -> Gpu:
    device = ctypes.c_int()
    driver.cuDeviceGet(ctypes.byref(device), index)
    name = ctypes.create_string_buffer(256)
    driver.cuDeviceGetName(name, len(name), device)
    capability = []
    for attribute in (_MAJOR, _MINOR):
        number = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(number), attribute, device)
        capability.append(number.value)
    return Gpu(name.value.decode(errors="replace"), *capability)


def _driver() -> Optional[ctypes.CDLL]:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None


def patch(mxnet: Any) -> None:
    """Explain the errors of ``mx.gpu()`` in one line, or replace it by the CPU.

    ``GLUON_SOFTMAX_GPU=cpu`` in the environment replaces it.
    """
    base = mxnet.base
    get_error = base.get_last_ffi_error

    def explain() -> Exception:
        error = get_error()
        if _NO_CODE in str(error):
            reasons = "; ".join(unsupported().values()) or "MXNet has no code for this GPU"
            return base.MXNetError(f"{reasons}: {_WHAT_TO_DO}")
        if any(words in str(error) for words in _NO_GPU):
            return base.MXNetError(f"no usable GPU: {_WHAT_TO_DO}")
        return error

    base.get_last_ffi_error = explain
    note("mx.gpu() without a GPU", "no NVIDIA GPU")
    instead = os.environ.get(_VARIABLE, "")
    if instead.lower() == "cpu":
        kinds = mxnet.Context.devstr2type
        mxnet.Context.devstr2type = {**kinds, "gpu": kinds["cpu"]}
        print(f"{_VARIABLE}=cpu: the CPU is used instead of any GPU", file=sys.stderr)
    elif instead:
        print(f"{_VARIABLE}={instead} is ignored: the only value is cpu", file=sys.stderr)
