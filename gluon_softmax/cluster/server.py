"""The roles that serve: MXNet's scheduler and its parameter server."""

import threading
import time
from typing import Any, List

import mxnet as mx
from mxnet.base import MXNetError
from mxnet.kvstore.kvstore_server import KVStoreServer

from ..errors import ClusterError
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
    watch.send_heartbeats()
    stores: List[Any] = []
    errors: List[ClusterError] = []
    complete_since = None
    deadline = time.monotonic() + role.join_seconds

    def work() -> None:
        try:
            kv = mx.kvstore.create("dist")
            stores.append(kv)
            KVStoreServer(kv).run()
        except MXNetError as error:
            errors.append(watch.explained(error, role))

    thread = threading.Thread(target=work, daemon=True)

    def check() -> None:
        nonlocal complete_since
        now = time.monotonic()
        if errors:
            raise errors[0]
        if complete_since is None:
            if stores and watch.is_complete(stores[0], role):
                complete_since = now
            elif now > deadline:
                raise watch.nobody(role)
        # Not at once: ps-lite takes a moment to note when it began, and all for silent until then.
        elif now > complete_since + watch.LIMIT and thread.is_alive():
            watch.check(stores[0], role)

    watch.wait(thread, check)
