"""Where MXNet computes: on the CPU or on a GPU."""

import re
from typing import List, Tuple

import mxnet as mx

from ..console import say
from ..errors import UsageError
from ..revival import cuda

_ELSEWHERE = "; several devices are for training by `python -m scratch` and `python -m concise`"


def get_context(name: str = "auto") -> mx.Context:
    """Turn a name into an MXNet context that this machine has.

    Parameters
    ----------
    name : str
        ``cpu``, ``gpu`` (the first), ``cpu:N``, ``gpu:N``, or ``auto``: the first GPU if there is
        one. To MXNet, any number of CPUs is there, all of them this one.

    Returns
    -------
    mxnet.Context
        The context.

    Raises
    ------
    UsageError
        If the name is of another form, or MXNet has no such GPU, or no code for it.
    """
    form = re.fullmatch(r"auto|(?:cpu|gpu)(?::(\d{1,3}))?", name)
    if form is None:
        raise UsageError(
            f"--ctx {name!r}: choose auto, cpu, gpu or gpu:N"
            f"{_ELSEWHERE if ',' in name or name == 'gpu:all' else ''}"
        )
    if name.startswith("cpu"):
        return mx.cpu(int(form.group(1) or 0))
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


def get_contexts(names: str) -> Tuple[mx.Context, ...]:
    """Turn names into MXNet contexts that this machine has.

    Parameters
    ----------
    names : str
        One or more that :func:`get_context` takes, with commas between them, or ``gpu:all``.

    Returns
    -------
    tuple of mxnet.Context
        The contexts, each once.

    Raises
    ------
    UsageError
        As of :func:`get_context`, or if one is named twice.
    """
    if names == "gpu:all":
        names = ",".join(f"gpu:{index}" for index in range(max(1, len(_gpus()))))
    ctxs = tuple(get_context(name) for name in names.split(","))
    for ctx in ctxs:
        if ctxs.count(ctx) > 1:
            raise UsageError(f"--ctx {names}: {str(ctx).replace('(', ' ')[:-1]} is named twice")
    return ctxs


def _gpus() -> List[cuda.Gpu]:
    # Of the driver itself, as MXNet's `num_gpus` tells neither names nor capabilities.
    return cuda.gpus() if mx.runtime.Features().is_enabled("CUDA") else []


def _without_code(index: int, gpu: cuda.Gpu) -> str:
    oldest, newest = (".".join(map(str, numbers)) for numbers in (cuda.OLDEST, cuda.NEWEST))
    return (
        f"MXNet's CUDA builds have no code for GPU {index} ({gpu.name}, compute capability "
        f"{gpu.major}.{gpu.minor}), but for {oldest} to {newest}"
    )
