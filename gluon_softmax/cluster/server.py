"""The roles scheduler and server of MXNet's parameter server."""

import contextlib
import os
import time
from typing import Any, Iterator, List

from ..errors import UsageError
from .roles import Role


def run_server(role: Role) -> bool:
    """Run a scheduler or a server until the workers finish; return False at once for a worker.

    Exits with status 1 if another process does not join or stops responding. Raises UsageError if
    this build of MXNet has no parameter server.
    """
    with hidden_role():
        import mxnet as mx
    if not mx.runtime.Features().is_enabled("DIST_KVSTORE"):
        raise UsageError("--kvstore dist_sync: this build of MXNet has no parameter server")
    if role.name == "worker":
        return False
    # Only now, as they import MXNet.
    from mxnet.kvstore.kvstore_server import KVStoreServer

    from . import failure_detection

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
    return True


@contextlib.contextmanager
def hidden_role() -> Iterator[None]:
    """Hide DMLC_ROLE during the import of MXNet, which would start serving and never return."""
    name = os.environ.pop("DMLC_ROLE")
    try:
        yield
    finally:
        os.environ["DMLC_ROLE"] = name
