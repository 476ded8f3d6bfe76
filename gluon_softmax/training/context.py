"""Where MXNet computes: on the CPU or on a GPU."""

import re

import mxnet as mx

from ..errors import UsageError


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
        If the name is of another form, or MXNet has no such GPU.
    """
    form = re.fullmatch(r"auto|cpu|gpu(?::(\d+))?", name)
    if form is None:
        raise UsageError(f"--ctx {name!r}: choose auto, cpu, gpu or gpu:N")
    if name == "cpu":
        return mx.cpu()
    count = _num_gpus()
    if name == "auto":
        return mx.gpu() if count else mx.cpu()
    index = int(form.group(1) or 0)
    if index >= count:
        raise UsageError(
            f"--ctx {name}: MXNet finds {count or 'no'} GPU{'s' if count > 1 else ''} here; "
            "--ctx cpu works anywhere, and docs/installing.md tells how to install a CUDA build"
        )
    return mx.gpu(index)


def _num_gpus() -> int:
    try:
        return mx.context.num_gpus()
    except mx.MXNetError:
        # A CUDA build on a machine without a working driver.
        return 0
