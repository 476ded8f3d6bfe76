"""The roles that serve: MXNet's scheduler and its parameter server."""

import time
from typing import Any, List

import mxnet as mx
from mxnet.kvstore.kvstore_server import KVStoreServer

from . import watch
from .roles import Role


def serve(role: Role) -> None:
    """Serve until the workers are done, as ``import mxnet`` does where nobody hides the role.

    Parameters
    ----------
    role : Role
        A scheduler's or a server's.

    Notes
    -----
    If another process is gone, or does not come, this one says so and ends, with status 1.
    """
    stores: List[Any] = []
    complete_since: List[float] = []

    def work() -> None:
        kv = mx.kvstore.create("dist")
        stores.append(kv)
        KVStoreServer(kv).run()

    def is_complete() -> bool:
        if stores and watch.is_complete(stores[0], role):
            complete_since.append(time.monotonic())
        return bool(complete_since)

    def look() -> None:
        # Not at once: ps-lite takes a moment to note when it began, and all for silent until then.
        if time.monotonic() > complete_since[0] + watch.LIMIT:
            watch.check(stores[0], role)

    watch.wait(role, work, is_complete, look)
