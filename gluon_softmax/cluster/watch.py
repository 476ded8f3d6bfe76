"""Who is gone: ps-lite's heartbeats, and an end to what would wait for ever.

The scheduler hears all others; each of these hears the scheduler alone. So a worker that is gone
ends the scheduler first, which says who it was, and by that the rest.
"""

import atexit
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from typing import Any, Callable, List, NoReturn

from mxnet.base import _LIB, MXNetError, check_call

from ..console import report_error
from ..errors import ClusterError
from ..interruption import tell
from .roles import JOIN_SECONDS, Role

# Seconds without a heartbeat after which a process counts as gone: twice this, for the rest to
# notice, is within the half minute that is promised.
LIMIT = 8
# How ps-lite numbers them.
_SCHEDULER, _FIRST_SERVER, _FIRST_WORKER, _STEP = 1, 8, 9, 2


def gone(kv: Any, role: Role) -> List[str]:
    """Name the processes that have not been heard from for :data:`LIMIT` seconds.

    Parameters
    ----------
    kv : mxnet.kvstore.KVStore
        The store of this process.
    role : Role
        Its role.

    Returns
    -------
    list of str
        Such as ``worker 1``; of the scheduler's alone also others than itself.
    """
    nodes = {_SCHEDULER: f"the scheduler at {role.address}"}
    if role.name == "scheduler":
        nodes = {
            first + _STEP * number: f"{name} {number}"
            for name, first, count in (
                ("server", _FIRST_SERVER, role.num_servers),
                ("worker", _FIRST_WORKER, role.num_workers),
            )
            for number in range(count)
        }
    return [name for node, name in nodes.items() if _is_silent(kv, node, LIMIT)]


def is_complete(kv: Any, role: Role) -> bool:
    """Tell whether all processes have come, so that ps-lite counts their heartbeats."""
    # Until then it calls none silent; later, by this limit, each.
    return _is_silent(kv, _FIRST_SERVER if role.name == "scheduler" else _SCHEDULER, -1)


def _is_silent(kv: Any, node: int, seconds: int) -> bool:
    count = ctypes.c_int()
    failed = _LIB.MXKVStoreGetNumDeadNode(
        kv.handle, ctypes.c_int(node), ctypes.byref(count), ctypes.c_int(seconds)
    )
    return not failed and count.value > 0


def check(kv: Any, role: Role) -> None:
    """Raise a ClusterError if another process is gone."""
    names = gone(kv, role)
    if names:
        raise ClusterError(f"{' and '.join(names)} gone: no sign of life for {LIMIT} s")


def nobody(role: Role) -> ClusterError:
    """Say that a process waited in vain for all others to come."""
    seconds = f"within {role.join_seconds:.0f} s ({JOIN_SECONDS} sets how long)"
    if role.name == "scheduler":
        return ClusterError(
            f"the scheduler at {role.address} did not hear of all {role.num_workers} workers and "
            f"{role.num_servers} servers {seconds}"
        )
    return ClusterError(
        f"a {role.name} had no answer from the scheduler at {role.address} {seconds}: it is not "
        "there, or waits for others"
    )


def explained(error: MXNetError, role: Role) -> ClusterError:
    """Say why ps-lite could not start."""
    if "bind failed" in str(error) and role.name == "scheduler":
        return ClusterError(
            f"the scheduler cannot listen at {role.address}: the port is in use, or the address "
            "is none of this machine; choose another DMLC_PS_ROOT_PORT or DMLC_PS_ROOT_URI"
        )
    if "bind failed" in str(error) or "failed to get" in str(error):
        names = ("DMLC_NODE_HOST", "DMLC_INTERFACE")
        given = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
        return ClusterError(
            f"a {role.name} cannot listen at an address of this machine: "
            f"{' '.join(given) or ' and '.join(names) + ' are not set'}"
        )
    return ClusterError(f"a {role.name} cannot start: {str(error).splitlines()[-1]}")


def wait(
    role: Role,
    work: Callable[[], None],
    has_joined: Callable[[], bool],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Wait for what is in MXNet, whose waiting neither Ctrl-C nor an error could end.

    Parameters
    ----------
    role : Role
        This process's.
    work : callable
        What joins the others, in a thread of its own; an error of MXNet's ends the process.
    has_joined : callable
        Tells whether all others are there, for which there is a time limit.
    look : callable
        Called every half second from then on; a ClusterError ends the process, as a signal does.
    """
    os.environ.setdefault("PS_HEARTBEAT_INTERVAL", "1")
    errors: List[ClusterError] = []

    def explain() -> None:
        try:
            work()
        except MXNetError as error:
            errors.append(explained(error, role))

    deadline = time.monotonic() + role.join_seconds
    joined = False
    thread = threading.Thread(target=explain, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.5)
            joined = joined or has_joined()
            if joined and thread.is_alive():
                look()
            elif thread.is_alive() and time.monotonic() > deadline:
                raise nobody(role)
        if errors:
            raise errors[0]
    except ClusterError as error:
        end(error)
    except KeyboardInterrupt:
        _exit(tell())
    except SystemExit as error:
        _exit(int(error.code or 0))


def free(kv: Any, role: Role) -> None:
    """Let a worker's store go, which waits for all others, and not when MXNet's library does.

    Parameters
    ----------
    kv : mxnet.kvstore.KVStore
        The store, which nobody uses any more.
    role : Role
        The worker's.
    """
    deadline = time.monotonic() + 2 * LIMIT

    def look() -> None:
        if time.monotonic() > deadline:
            raise ClusterError(f"the others did not end within {2 * LIMIT} s of this worker")

    wait(role, lambda: check_call(_LIB.MXKVStoreFree(kv.handle)), lambda: True, look)
    kv.handle = None


def end(error: ClusterError) -> NoReturn:
    """Tell an error and end the process, whatever its threads wait for."""
    # Where the launcher is gone, nobody may be there to read it.
    with contextlib.suppress(OSError):
        report_error(error)
    _exit(error.exit_status)


def end_by_signal(number: int) -> NoReturn:
    """End the process by a signal that its main thread cannot mind."""
    _exit(tell() if number == signal.SIGINT else 128 + number)


def end_at_exit(kv: Any, error: BaseException) -> None:
    """Keep a store until an error has been told, and end the process then, before it goes."""
    status = getattr(error, "exit_status", 1)
    if isinstance(error, KeyboardInterrupt):
        status = 128 + signal.SIGINT
    if isinstance(error, SystemExit):
        status = int(error.code or 0)
    atexit.register(lambda store: _exit(status), kv)


def _exit(status: int) -> NoReturn:
    # At Python's own end MXNet's threads would abort the process, or be waited for.
    for stream in (sys.stdout, sys.stderr):
        # Neither may be there.
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()
    os._exit(status)
