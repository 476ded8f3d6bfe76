"""``mx.gpu()`` where there is no GPU, as in many a reader's script."""

import os
import sys
from typing import Any, List

from .mend import note

INSTEAD = "GLUON_SOFTMAX_GPU"
# What MXNet's errors say then: of its CPU build, and of its CUDA builds without a device.
_SAID = (
    "is not implemented for GPU",
    "Compile with USE_CUDA=1",
    "GPU usage requires at least 1 GPU",
    "no CUDA-capable device",
)


def mend(mxnet: Any) -> None:
    """Say what is wrong in one line, or take the CPU where ``GLUON_SOFTMAX_GPU=cpu`` asks for it.

    Parameters
    ----------
    mxnet : module
        ``mxnet``.
    """
    base, context = mxnet.base, mxnet.context
    own = base.get_last_ffi_error

    def explained() -> Exception:
        error = own()
        if any(words in str(error) for words in _SAID):
            return base.MXNetError(
                "a GPU was asked for, and there is none for MXNet here: take the context that "
                f"d2l.try_gpu() gives, or set {INSTEAD}=cpu, and the CPU stands in"
            )
        return error

    base.get_last_ffi_error = explained
    note("mx.gpu() without a GPU", "no NVIDIA")
    if os.environ.get(INSTEAD) == "cpu":
        said: List[int] = []

        def gpu(device_id: int = 0) -> Any:
            if not said:
                said.append(device_id)
                print(f"{INSTEAD}=cpu: the CPU stands in for the GPU", file=sys.stderr)
            return mxnet.cpu(device_id)

        gpu.__doc__ = context.gpu.__doc__
        mxnet.gpu = context.gpu = gpu
