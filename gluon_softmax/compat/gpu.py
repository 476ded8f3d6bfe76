"""GPUs that MXNet cannot use: errors of one line, and a choice that leaves them out."""

import functools
import os
import sys
from typing import Any

from . import cuda
from .registry import note

NAME = "mx.gpu() without a GPU"
INSTEAD = "GLUON_SOFTMAX_GPU"
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
_WHAT_TO_DO = f"use d2l.try_gpu(), or set {INSTEAD}=cpu to run on the CPU instead"


def patch(mxnet: Any) -> None:
    """Explain the errors of ``mx.gpu()`` in one line, or replace it by the CPU.

    ``GLUON_SOFTMAX_GPU=cpu`` in the environment replaces it.

    Parameters
    ----------
    mxnet : module
        ``mxnet``.
    """
    base = mxnet.base
    own = base.get_last_ffi_error

    def explained() -> Exception:
        error = own()
        if _NO_CODE in str(error):
            return base.MXNetError(
                f"{_reasons() or 'MXNet has no code for this GPU'}: {_WHAT_TO_DO}"
            )
        if any(words in str(error) for words in _NO_GPU):
            return base.MXNetError(f"no usable GPU: {_WHAT_TO_DO}")
        return error

    base.get_last_ffi_error = explained
    note(NAME, "no NVIDIA GPU")
    instead = os.environ.get(INSTEAD, "")
    if instead.lower() == "cpu":
        kinds = mxnet.Context.devstr2type
        mxnet.Context.devstr2type = {**kinds, "gpu": kinds["cpu"]}
        print(f"{INSTEAD}=cpu: the CPU is used instead of any GPU", file=sys.stderr)
    elif instead:
        print(f"{INSTEAD}={instead} is ignored: the only value is cpu", file=sys.stderr)


def _reasons() -> str:
    gpus = enumerate(cuda.gpus())
    return "; ".join(cuda.without_code(index, gpu) for index, gpu in gpus if not gpu.supported)


def patch_choice(d2lzh: Any) -> None:
    """Let d2lzh choose only GPUs that MXNet has code for.

    d2lzh tries a GPU with ``nd.array``, which copies and runs no code.

    Parameters
    ----------
    d2lzh : module
        ``d2lzh``.
    """
    utils = d2lzh.utils
    one, several = utils.try_gpu, utils.try_all_gpus

    @functools.wraps(one)
    def try_gpu() -> Any:
        return (_supported([one()]) or [utils.mx.cpu()])[0]

    @functools.wraps(several)
    def try_all_gpus() -> Any:
        return _supported(several()) or [utils.mx.cpu()]

    for module in (d2lzh, utils):
        module.try_gpu, module.try_all_gpus = try_gpu, try_all_gpus
    note("d2lzh.try_gpu with a GPU that MXNet has no code for", "NVIDIA GPUs since 2022")


def _supported(ctxs: list) -> list:
    if ctxs[0].device_type != "gpu":
        return ctxs
    without = {
        index: cuda.without_code(index, gpu)
        for index, gpu in enumerate(cuda.gpus())
        if not gpu.supported
    }
    for ctx in ctxs:
        if ctx.device_id in without:
            _warn(without[ctx.device_id])
    return [ctx for ctx in ctxs if ctx.device_id not in without]


@functools.lru_cache(maxsize=None)
def _warn(reason: str) -> None:
    """Print a reason once in a process."""
    print(f"d2l.try_gpu: {reason}", file=sys.stderr, flush=True)
