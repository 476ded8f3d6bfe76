"""The workers: they join, agree on what they are to do, and add up what each has counted."""

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
from . import watch
from .roles import Role

_FIRST_KEY = 1000


class Team:
    """A worker, and by MXNet's store all others.

    Parameters
    ----------
    kv : mxnet.kvstore.KVStore
        A ``dist_sync`` store.

    Attributes
    ----------
    rank, num_workers : int
        This worker's number, from 0 on, and how many there are.
    """

    def __init__(self, kv: Any) -> None:
        self.kv = kv
        self.all_end = False
        self._keys: Set[int] = set()
        self.rank: int = kv.rank
        self.num_workers: int = kv.num_workers

    def total(self, numbers: np.ndarray) -> np.ndarray:
        """Add up the workers' numbers; each must ask for it as often as all others.

        Parameters
        ----------
        numbers : numpy.ndarray of float64
            This worker's, (count,).

        Returns
        -------
        numpy.ndarray of float64
            The sums, the same for all.
        """
        sums = nd.array(numbers, dtype=np.float64)
        # One for each length; MXNet's Trainer has the first ones for parameters.
        key = _FIRST_KEY + sums.size
        if key not in self._keys:
            self._keys.add(key)
            self.kv.init(key, sums)
        self.kv.push(key, sums)
        self.kv.pull(key, out=sums)
        return sums.asnumpy()

    def agree(self, settings: Dict[str, Any]) -> None:
        """Compare this worker's settings with those of all others.

        Parameters
        ----------
        settings : dict
            Names and values: numbers, words, arrays, None, or tuples of these.

        Raises
        ------
        ClusterError
            If a worker has another value than the first. Only the first one says so.
        """
        # In a form that depends on nothing, or none would have all answers.
        if self.total(np.array([self.num_workers])) != self.num_workers**2:
            self.leave_it_to_the_first()
            raise ClusterError(
                f"the workers differ in DMLC_NUM_WORKER (worker 0: {self.num_workers}): start all "
                "with the same"
            )
        own = np.zeros((self.num_workers, len(settings)))
        own[self.rank] = [zlib.crc32(_content(value)) for value in settings.values()]
        everyones = self.total(own.ravel()).reshape(own.shape)
        for worker, theirs in enumerate(everyones):
            for (name, value), first, other in zip(settings.items(), everyones[0], theirs):
                if other != first:
                    self.leave_it_to_the_first()
                    told = f" (worker 0: {value})" if isinstance(value, (int, float)) else ""
                    raise ClusterError(
                        f"worker {worker} differs from worker 0 in {name}{told}: start all with "
                        "the same"
                    )

    def leave_it_to_the_first(self) -> None:
        """End this worker, with status 1, unless it is the first; for an error that all meet."""
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
def joined(role: Role) -> Iterator[Team]:
    """Work together with all other workers in the block, at whose end all wait for each other.

    Parameters
    ----------
    role : Role
        A worker's.

    Yields
    ------
    Team
        All workers.

    Notes
    -----
    If another process is gone, or does not come, this one says so and ends, with status 1.
    """
    stores: List[Any] = []
    watch.wait(role, lambda: stores.append(mx.kvstore.create("dist_sync")), lambda: bool(stores))
    [kv] = stores
    failure = None
    try:
        team = Team(kv)
        with _watched(kv, role):
            try:
                yield team
            except BaseException as error:
                if not team.all_end:
                    raise
                failure = error
                if isinstance(error, GluonSoftmaxError):
                    # Before another worker ends, whereupon the launcher ends this one.
                    report_error(error)
                    error.is_told = True
            kv._barrier()
    except BaseException as error:
        # Its store would wait, as it goes, for all others; they see that it is gone.
        watch.end_at_exit(kv, error)
        raise
    # Nobody may ask the store who is gone while it goes itself.
    watch.free(kv, role)
    if failure is not None:
        raise failure


@contextlib.contextmanager
def _watched(kv: Any, role: Role) -> Iterator[None]:
    done = threading.Event()
    told, signals = socket.socketpair()
    told.settimeout(0.5)
    signals.setblocking(False)
    before = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)

    def look() -> None:
        while not done.is_set():
            with contextlib.suppress(socket.timeout):
                number = told.recv(1)[0]
                # Python ends the program by itself, unless that waits for others in MXNet.
                if number in (signal.SIGINT, signal.SIGTERM) and not done.wait(1):
                    watch.end_by_signal(number)
            try:
                watch.check(kv, role)
            except ClusterError as error:
                watch.end(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        signal.set_wakeup_fd(before)
        # So that it need not be waited for.
        with contextlib.suppress(BlockingIOError):
            signals.send(b"\0")
        thread.join()
        told.close()
        signals.close()
