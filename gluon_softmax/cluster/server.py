"""The roles scheduler and server of MXNet's parameter server."""

import time
from typing import Any, List

import mxnet as mx
from mxnet.kvstore.kvstore_server import KVStoreServer

from . import failure_detection
from .roles import Role


def serve(role: Role) -> None:
    """Serve until the workers finish, as ``import mxnet`` does if DMLC_ROLE is set.

    Parameters
    ----------
    role : Role
        Role of a scheduler or server.

    Notes
    -----
    If another process does not join or stops responding, this one reports it and exits with
    status 1.
    """
    stores: List[Any] = []
    complete_since: List[float] = []

    def work() -> None:
        kv = mx.kvstore.create("dist")
        stores.append(kv)
        KVStoreServer(kv).run()

    def is_complete() -> bool:
        if stores and failure_detection.is_complete(stores[0], role):
            complete_since.append(time.monotonic())
        return bool(complete_since)

    def look() -> None:
        # Wait one LIMIT first: until ps-lite has recorded its start, it reports all nodes as dead.
        if time.monotonic() > complete_since[0] + failure_detection.LIMIT:
            failure_detection.check(stores[0], role)

    failure_detection.wait(role, work, is_complete, look)
