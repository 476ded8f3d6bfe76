"""``mx.gpu()`` where there is no GPU, as in many a reader's script."""

import os
import sys
from typing import Any

from .mend import note

NAME = "mx.gpu() without a GPU"
INSTEAD = "GLUON_SOFTMAX_GPU"
# What MXNet's errors say then: of its CPU build, and of its CUDA builds without a device.
_SAID = (
    "is not implemented for GPU",
    "GPU is not enabled",
    "only supported for MXNet built with CUDA",
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
    base = mxnet.base
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
    note(NAME, "no NVIDIA")
    instead = os.environ.get(INSTEAD, "")
    if instead.lower() == "cpu":
        kinds = mxnet.Context.devstr2type
        mxnet.Context.devstr2type = {**kinds, "gpu": kinds["cpu"]}
        print(f"{INSTEAD}=cpu: the CPU stands in for any GPU", file=sys.stderr)
    elif instead:
        print(f"{INSTEAD}={instead} is ignored: it takes cpu only", file=sys.stderr)
