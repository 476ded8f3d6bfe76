"""Where MXNet computes: on the CPU or on a GPU."""

import re
from typing import List

import mxnet as mx

from ..console import say
from ..errors import UsageError
from ..revival import cuda


def get_context(name: str = "auto") -> mx.Context:
    """Turn a name into an MXNet context that this machine has.

    Parameters
    ----------
    name : str
        ``cpu``, ``gpu`` (the first), ``gpu:N``, or ``auto``: the first GPU if there is one.

    Returns
    -------
    mxnet.Context
        The context.

    Raises
    ------
    UsageError
        If the name is of another form, or MXNet has no such GPU, or no code for it.
    """
    form = re.fullmatch(r"auto|cpu|gpu(?::(\d+))?", name)
    if form is None:
        raise UsageError(f"--ctx {name!r}: choose auto, cpu, gpu or gpu:N")
    if name == "cpu":
        return mx.cpu()
    gpus = _gpus()
    if name == "auto":
        if gpus and not gpus[0].supported:
            say(f"the CPU is taken, as {_without_code(0, gpus[0])}")
        return mx.gpu() if gpus and gpus[0].supported else mx.cpu()
    index = int(form.group(1) or 0)
    if index >= len(gpus):
        raise UsageError(
            f"--ctx {name}: MXNet finds {len(gpus) or 'no'} GPU{'s' if len(gpus) > 1 else ''} "
            "here; --ctx cpu works anywhere, and docs/installing.md tells how to install a CUDA "
            "build"
        )
    if not gpus[index].supported:
        raise UsageError(
            f"--ctx {name}: {_without_code(index, gpus[index])}; --ctx cpu works anywhere"
        )
    return mx.gpu(index)


def _gpus() -> List[cuda.Gpu]:
    # Of the driver itself, as MXNet's `num_gpus` tells neither names nor capabilities.
    return cuda.gpus() if mx.runtime.Features().is_enabled("CUDA") else []


def _without_code(index: int, gpu: cuda.Gpu) -> str:
    oldest, newest = (".".join(map(str, numbers)) for numbers in (cuda.OLDEST, cuda.NEWEST))
    return (
        f"MXNet's CUDA builds have no code for GPU {index} ({gpu.name}, compute capability "
        f"{gpu.major}.{gpu.minor}), but for {oldest} to {newest}"
    )
