"""Failure detection by ps-lite's heartbeats, in place of waiting forever.

The scheduler receives the heartbeats of all others; these receive only the scheduler's. When a
worker stops responding, the scheduler names it and exits, and then the others exit.
"""

import atexit
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from typing import Any, Callable, List, NoReturn, Optional

from mxnet.base import _LIB, MXNetError, check_call

from ..console import report_error
from ..errors import ClusterError
from ..interruption import report_interruption
from .roles import JOIN_SECONDS, Role

# Seconds without a heartbeat after which a process counts as dead. The others notice after twice
# this time, which is within the promised half minute.
LIMIT = 8
# Node numbers of ps-lite.
_SCHEDULER, _FIRST_SERVER, _FIRST_WORKER, _STEP = 1, 8, 9, 2


def unresponsive(kv: Any, role: Role) -> List[str]:
    """Return the processes without a heartbeat for :data:`LIMIT` seconds, such as ``worker 1``.

    The scheduler checks all others, and these check only the scheduler.
    """
    nodes = [(_SCHEDULER, f"the scheduler at {role.address}")]
    if role.name == "scheduler":
        nodes = [(_FIRST_SERVER + _STEP * k, f"server {k}") for k in range(role.num_servers)]
        nodes += [(_FIRST_WORKER + _STEP * k, f"worker {k}") for k in range(role.num_workers)]
    return [name for node, name in nodes if _is_silent(kv, node, LIMIT)]


def is_complete(kv: Any, role: Role) -> bool:
    """Return whether all processes have joined, so that ps-lite records their heartbeats."""
    # Before that, ps-lite reports no node as dead; after it, this limit makes it report each.
    return _is_silent(kv, _FIRST_SERVER if role.name == "scheduler" else _SCHEDULER, -1)


def _is_silent(kv: Any, node: int, seconds: int) -> bool:
    count = ctypes.c_int()
    failed = _LIB.MXKVStoreGetNumDeadNode(
        kv.handle, ctypes.c_int(node), ctypes.byref(count), ctypes.c_int(seconds)
    )
    return not failed and count.value > 0


def check(kv: Any, role: Role) -> None:
    """Raise a ClusterError if another process is not responding."""
    names = unresponsive(kv, role)
    if names:
        raise ClusterError(
            f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not responding: no "
            f"heartbeat for {LIMIT} s"
        )


def join_timeout(role: Role) -> ClusterError:
    """Return the error of a process that waited in vain for all others to join."""
    seconds = f"within {role.join_seconds:.0f} s (the limit is {JOIN_SECONDS})"
    if role.name == "scheduler":
        return ClusterError(
            f"{role.num_workers} workers and {role.num_servers} servers did not all join the "
            f"scheduler at {role.address} {seconds}"
        )
    return ClusterError(
        f"a {role.name} could not join: no answer from the scheduler at {role.address} {seconds}; "
        "it is not running, or still waits for other processes"
    )


def start_failure(error: MXNetError, role: Role) -> ClusterError:
    """Return the error for a failed start of ps-lite."""
    if "bind failed" in str(error) and role.name == "scheduler":
        return ClusterError(
            f"the scheduler cannot listen at {role.address}: the port is in use, or this machine "
            "does not have the address; choose another DMLC_PS_ROOT_PORT or DMLC_PS_ROOT_URI"
        )
    if "bind failed" in str(error) or "failed to get" in str(error):
        names = ("DMLC_NODE_HOST", "DMLC_INTERFACE")
        given = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
        return ClusterError(
            f"a {role.name} finds no address of this machine to listen at: "
            f"{' '.join(given) or ' and '.join(names) + ' are not set'}"
        )
    return ClusterError(f"a {role.name} cannot start: {str(error).splitlines()[-1]}")


def wait(
    role: Role,
    work: Callable[[], None],
    has_joined: Callable[[], bool],
    look: Optional[Callable[[], None]] = None,
) -> None:
    """Run a blocking MXNet call in a thread, so that Ctrl-C and errors can still end the process.

    ``work`` joins the other processes; an error of MXNet ends this process. ``has_joined`` returns
    whether all have joined, for which there is a time limit. From then on, ``look`` is called every
    half second; a ClusterError ends the process, as a signal does.
    """
    os.environ.setdefault("PS_HEARTBEAT_INTERVAL", "1")
    errors: List[ClusterError] = []

    def explain() -> None:
        try:
            work()
        except MXNetError as error:
            errors.append(start_failure(error, role))

    deadline = time.monotonic() + role.join_seconds
    joined = False
    thread = threading.Thread(target=explain, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.5)
            joined = joined or has_joined()
            if joined and thread.is_alive():
                if look is not None:
                    look()
            elif thread.is_alive() and time.monotonic() > deadline:
                raise join_timeout(role)
        if errors:
            raise errors[0]
    except ClusterError as error:
        end(error)
    except KeyboardInterrupt:
        _exit(report_interruption())
    except SystemExit as error:
        _exit(int(error.code or 0))


def free(kv: Any, role: Role) -> None:
    """Free a worker's store, which waits for all workers, before MXNet's library would free it."""
    deadline = time.monotonic() + 2 * LIMIT

    def look() -> None:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"the other workers did not finish within {2 * LIMIT} s after this one"
            )

    wait(role, lambda: check_call(_LIB.MXKVStoreFree(kv.handle)), lambda: True, look)
    kv.handle = None


def end(error: ClusterError) -> NoReturn:
    """Report an error and exit without waiting for any thread."""
    # Without the launcher, standard error may be closed.
    with contextlib.suppress(OSError):
        report_error(error)
    _exit(error.exit_status)


def end_by_signal(number: int) -> NoReturn:
    """Exit because of a signal that the main thread cannot handle."""
    _exit(report_interruption() if number == signal.SIGINT else 128 + number)


def end_at_exit(kv: Any, error: BaseException) -> None:
    """Keep the store alive until the error is reported, then exit before it is freed."""
    status = getattr(error, "exit_status", 1)
    if isinstance(error, KeyboardInterrupt):
        status = 128 + signal.SIGINT
    if isinstance(error, SystemExit):
        status = int(error.code or 0)
    atexit.register(lambda store: _exit(status), kv)


def _exit(status: int) -> NoReturn:
    # With sys.exit(), MXNet's threads would abort the process, or block it.
    for stream in (sys.stdout, sys.stderr):
        # Either may be closed, or None.
        with contextlib.suppress(OSError, AttributeError):
            stream.flush()
    os._exit(status)
