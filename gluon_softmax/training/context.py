"""Choice of the MXNet context: a CPU or a GPU."""

import re
from typing import List, Tuple

import mxnet as mx

from ..compat import cuda
from ..console import notify
from ..errors import UsageError

_ELSEWHERE = "; only `python -m scratch` and `python -m concise` train on several devices"


def get_context(name: str = "auto") -> mx.Context:
    """Return the MXNet context of a name: cpu, gpu (the first), cpu:N, gpu:N or auto.

    ``auto`` is the first GPU if MXNet can use it, else the CPU. All of MXNet's CPU contexts are
    this machine's one CPU. Raises UsageError if the name has another form, or MXNet does not find
    the GPU or has no code for it.
    """
    form = _parsed(name, _ELSEWHERE if "," in name or name == "gpu:all" else "")
    if name.startswith("cpu"):
        return mx.cpu(int(form.group(1) or 0))
    gpus = _gpus()
    if name == "auto":
        if gpus and not gpus[0].supported:
            notify(f"Using the CPU: {cuda.without_code(0, gpus[0])}.")
        return mx.gpu() if gpus and gpus[0].supported else mx.cpu()
    index = int(form.group(1) or 0)
    if index >= len(gpus):
        raise UsageError(
            f"--ctx {name}: MXNet finds {len(gpus)} GPU{'s' if len(gpus) != 1 else ''}; use "
            "--ctx cpu, or install a CUDA build of MXNet (docs/installing.md)"
        )
    if not gpus[index].supported:
        raise UsageError(f"--ctx {name}: {cuda.without_code(index, gpus[index])}; use --ctx cpu")
    return mx.gpu(index)


def get_contexts(names: str) -> Tuple[mx.Context, ...]:
    """Return the MXNet contexts of several names, separated by commas, or of ``gpu:all``.

    Raises UsageError as :func:`get_context` does, or if a context is named twice.
    """
    if names == "gpu:all":
        names = ",".join(f"gpu:{index}" for index in range(max(1, len(_gpus()))))
    for name in names.split(","):
        _parsed(name, ", several of them, separated by commas, or gpu:all")
    ctxs = tuple(get_context(name) for name in names.split(","))
    for ctx in ctxs:
        if ctxs.count(ctx) > 1:
            raise UsageError(f"--ctx {names}: {str(ctx).replace('(', ' ')[:-1]} is named twice")
    return ctxs


def _parsed(name: str, more: str) -> "re.Match[str]":
    form = re.fullmatch(r"auto|(?:cpu|gpu)(?::(\d{1,3}))?", name)
    if form is None:
        raise UsageError(f"--ctx {name!r}: choose auto, cpu, gpu, cpu:N or gpu:N{more}")
    return form


def _gpus() -> List[cuda.Gpu]:
    # From the driver: MXNet's `num_gpus` gives neither names nor capabilities.
    return cuda.gpus() if mx.runtime.Features().is_enabled("CUDA") else []
