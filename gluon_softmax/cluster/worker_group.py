"""The workers: they join, compare their settings, and add up their counts."""

import contextlib
import signal
import socket
import sys
import threading
import zlib
from typing import Any, Dict, Iterator, List, Set

import mxnet as mx
import numpy as np
from mxnet import nd

from ..console import report_error
from ..errors import ClusterError, GluonSoftmaxError
from . import failure_detection
from .roles import Role

_FIRST_KEY = 1000


class WorkerGroup:
    """A worker, connected to all others by MXNet's ``dist_sync`` store."""

    def __init__(self, kv: Any) -> None:
        self.kv = kv
        self.all_end = False
        self._keys: Set[int] = set()
        self.rank: int = kv.rank
        self.num_workers: int = kv.num_workers

    def total(self, numbers: np.ndarray) -> np.ndarray:
        """Return the sums of the workers' numbers, float64 (count,), equal on all workers.

        All workers must call it equally often.
        """
        sums = nd.array(numbers, dtype=np.float64)
        # One key per length; MXNet's Trainer uses the first keys for parameters.
        key = _FIRST_KEY + sums.size
        if key not in self._keys:
            self._keys.add(key)
            self.kv.init(key, sums)
        self.kv.push(key, sums)
        self.kv.pull(key, out=sums)
        return sums.asnumpy()

    def agree(self, settings: Dict[str, Any]) -> None:
        """Check that all workers have the same settings: numbers, strings, arrays, None, or tuples.

        Raises ClusterError on rank 0 if a worker has another value; the other workers exit.
        """
        # The number of workers first: the shape of the next message depends on it.
        if self.total(np.array([self.num_workers])) != self.num_workers**2:
            self.exit_unless_first()
            raise ClusterError(
                f"the workers differ in DMLC_NUM_WORKER (worker 0: {self.num_workers}): use the "
                "same value for all"
            )
        own = np.zeros((self.num_workers, len(settings)))
        own[self.rank] = [zlib.crc32(_content(value)) for value in settings.values()]
        everyones = self.total(own.ravel()).reshape(own.shape)
        for worker, theirs in enumerate(everyones):
            for (name, value), first, other in zip(settings.items(), everyones[0], theirs):
                if other != first:
                    self.exit_unless_first()
                    shown = f" (worker 0: {value})" if isinstance(value, (int, float)) else ""
                    raise ClusterError(
                        f"worker {worker} differs from worker 0 in {name}{shown}: use the same "
                        "value for all"
                    )

    def exit_unless_first(self) -> None:
        """Exit with status 1 on all ranks but 0, for an error that occurs on every rank."""
        self.all_end = True
        if self.rank:
            sys.exit(1)


def _content(value: Any) -> bytes:
    if isinstance(value, tuple):
        return b"".join(map(_content, value))
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return repr(value).encode()


@contextlib.contextmanager
def join_group(role: Role) -> Iterator[WorkerGroup]:
    """Join all other workers for the block; its end waits for all of them.

    If another process does not join or stops responding, this one reports it and exits with status
    1.
    """
    stores: List[Any] = []
    failure_detection.wait(
        role, lambda: stores.append(mx.kvstore.create("dist_sync")), lambda: bool(stores)
    )
    [kv] = stores
    failure = None
    try:
        group = WorkerGroup(kv)
        with _watched(kv, role):
            try:
                yield group
            except BaseException as error:
                if not group.all_end:
                    raise
                failure = error
                if isinstance(error, GluonSoftmaxError):
                    # At once: when another worker exits, the launcher ends this one.
                    report_error(error)
                    error.is_reported = True
            kv._barrier()
    except BaseException as error:
        # Freeing the store would block until all workers finish; they notice the missing heartbeat.
        failure_detection.end_at_exit(kv, error)
        raise
    # The store must not be queried for silent processes while it is being freed.
    failure_detection.free(kv, role)
    if failure is not None:
        raise failure


@contextlib.contextmanager
def _watched(kv: Any, role: Role) -> Iterator[None]:
    done = threading.Event()
    received, signals = socket.socketpair()
    received.settimeout(0.5)
    signals.setblocking(False)
    before = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)

    def look() -> None:
        while not done.is_set():
            with contextlib.suppress(socket.timeout):
                number = received.recv(1)[0]
                # Python's own handler ends the program, unless the main thread waits in MXNet.
                if number in (signal.SIGINT, signal.SIGTERM) and not done.wait(1):
                    failure_detection.end_by_signal(number)
            try:
                failure_detection.check(kv, role)
            except ClusterError as error:
                failure_detection.end(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        signal.set_wakeup_fd(before)
        # Wakes the thread up.
        with contextlib.suppress(BlockingIOError):
            signals.send(b"\0")
        thread.join()
        received.close()
        signals.close()
