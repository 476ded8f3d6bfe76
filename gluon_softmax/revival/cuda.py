"""MXNet's CUDA builds: NVIDIA's libraries from packages, and what its driver says.

A CUDA build links to CUDA 11, which NVIDIA has on PyPI, under ``site-packages/nvidia/*/lib``, where
no loader looks. Only the driver must be the machine's own.
"""

import ctypes
import os
from pathlib import Path
from typing import List, NamedTuple, Optional

from ..errors import MissingLibrary
from .mend import note

# What libmxnet.so asks for, and before each what that asks for in turn.
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
# Of the driver's CUdevice_attribute: the two numbers of the compute capability.
_MAJOR, _MINOR = 75, 76
# MXNet 1.9.1 was built for 5.0 to 8.6, as machine code alone: what runs on 8.6 runs on 8.9.
OLDEST, NEWEST = (5, 0), (8, 9)


class Gpu(NamedTuple):
    """A GPU, as NVIDIA's driver names it."""

    name: str
    major: int
    minor: int

    @property
    def supported(self) -> bool:
        """Whether MXNet's builds hold code for it."""
        return OLDEST <= (self.major, self.minor) <= NEWEST


def build(folder: Path) -> Optional[str]:
    """Name the CUDA build of MXNet that is installed, such as ``mxnet-cu117``.

    Parameters
    ----------
    folder : pathlib.Path
        Where libmxnet.so lies, in site-packages.

    Returns
    -------
    str or None
        None for the CPU build.
    """
    for path in folder.parent.glob("mxnet_cu*.dist-info"):
        return path.name.partition("-")[0].replace("_", "-")
    return None


def supply(folder: Path) -> None:
    """Load what a CUDA build links to, where NVIDIA's packages have it; before MXNet is loaded.

    Parameters
    ----------
    folder : pathlib.Path
        Where libmxnet.so lies, in site-packages.

    Raises
    ------
    MissingLibrary
        If NVIDIA's driver is missing, without which a CUDA build cannot even be imported.
    """
    name = build(folder)
    if name is None:
        return
    if _driver() is None:
        raise MissingLibrary(
            f"{name} needs NVIDIA's driver (libcuda.so.1), which this machine lacks: install the "
            f"driver, or have MXNet's CPU build: make without GPU=1, or with pip: pip uninstall "
            f"{name}, then pip install --no-deps mxnet==1.9.1"
        )
    packages = folder.parent / "nvidia"
    for pattern in _LIBRARIES:
        for path in packages.glob(f"*/lib/{pattern}"):
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            note(f"{path.name} from PyPI", "CUDA in packages")
    if not gpus():
        # Otherwise it says, while it trains on the CPU, that a GPU was asked for and not found.
        os.environ.setdefault("MXNET_CUDA_LIB_CHECKING", "0")
        note("MXNET_CUDA_LIB_CHECKING=0, or it speaks of GPUs on the CPU", "no NVIDIA")


def gpus() -> List[Gpu]:
    """Ask NVIDIA's driver which GPUs there are.

    Returns
    -------
    list of Gpu
        As many as ``CUDA_VISIBLE_DEVICES`` shows; none without a driver that works.
    """
    driver = _driver()
    count = ctypes.c_int()
    if driver is None or driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    return [_gpu(driver, index) for index in range(count.value)]


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
