"""Worker processes that make batches, each at the other end of a socket.

MXNet's own are a ``multiprocessing.Pool``: where one is killed or cannot start, a pool waits for
ever or forks another beside MXNet's threads, which does not go well.
"""

import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import socket
import threading
import weakref
from collections import deque
from typing import Any, Deque, Iterable, Iterator, List, Optional, Tuple

from mxnet import nd
from mxnet.gluon.data import Dataset
from mxnet.gluon.data.dataloader import default_batchify_fn

from ..errors import WorkerError
from ..interruption import held

# How long to wait for a worker process to read or write on, in seconds; a batch of 60,000 examples
# takes some 10.
PATIENCE = 60


class Workers:
    """Processes that make batches of a data set.

    Parameters
    ----------
    dataset : mxnet.gluon.data.Dataset
        Samples of an image, float32, and a label, int32.
    count : int
        How many processes, at least 1.
    """

    def __init__(self, dataset: Dataset, count: int) -> None:
        self._dataset = dataset
        self._workers = self._start(count)

    def _start(self, count: int) -> List["_Worker"]:
        # A process that is forked while MXNet computes may never get its locks.
        nd.waitall()
        forks = multiprocessing.get_start_method() == "fork"
        with held(), _telling():
            workers = [_Worker(self._dataset if forks else None) for _ in range(count)]
        if not forks:
            for worker in workers:
                worker.send(self._dataset)
        return workers

    def batches(self, batch_sampler: Iterable) -> Iterator[Tuple[nd.NDArray, nd.NDArray]]:
        """Make the batches of one pass, in order.

        Parameters
        ----------
        batch_sampler : iterable of list of int
            The indices of each batch.

        Yields
        ------
        X, y : mxnet.nd.NDArray
            Of a batch's samples, stacked, on the CPU.

        Raises
        ------
        WorkerError
            If a process is gone, cannot start, or stands still for ``PATIENCE`` seconds.
        """
        whole = [worker for worker in self._workers if not worker.is_broken]
        if len(whole) < len(self._workers):
            self._workers = whole + self._start(len(self._workers) - len(whole))
        asked: Deque[Tuple[_Worker, list]] = deque()
        workers = itertools.cycle(self._workers)
        for indices in batch_sampler:
            worker = next(workers)
            asked.append((worker, worker.ask(indices)))
            if len(asked) > len(self._workers):
                yield _answer(*asked.popleft())
        while asked:
            yield _answer(*asked.popleft())


class _Worker:
    def __init__(self, dataset: Optional[Dataset]) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        process = multiprocessing.Process(target=_work, args=(theirs, dataset), daemon=True)
        process.start()
        # So that the end of the process is the end of the stream.
        theirs.close()
        self._stream: Any = ours.makefile("rwb")
        weakref.finalize(self, _end, process, ours, self._stream)
        # Where the batch goes that the process makes now.
        self._slot: Optional[list] = None
        # Whether a message was broken off, as by a Ctrl-C: what comes next would be taken for it.
        self.is_broken = False

    def ask(self, indices: List[int]) -> list:
        """Ask for a batch; gives the empty list that :meth:`receive` will put it in."""
        # One at a time, since two long messages in opposite directions would block each other. It
        # may be one of another pass, which was broken off or goes on beside this one.
        self.receive()
        with self._whole():
            _write([int(index) for index in indices], self._stream)
            slot: list = []
            self._slot = slot
        return slot

    def send(self, message: object) -> None:
        with self._whole():
            _write(message, self._stream)

    def receive(self) -> None:
        if self._slot is not None:
            with self._whole():
                self._slot.append(pickle.load(self._stream))
                self._slot = None

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        with _telling():
            if self.is_broken:
                raise EOFError
            self.is_broken = True
            yield
            self.is_broken = False


def _answer(worker: _Worker, slot: list) -> Tuple[nd.NDArray, nd.NDArray]:
    if not slot:
        worker.receive()
    X, y = slot.pop()
    return nd.array(X, dtype=X.dtype), nd.array(y, dtype=y.dtype)


def _write(message: object, stream: Any) -> None:
    pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise WorkerError(
            f"a worker process gave no batch within {PATIENCE} s or is gone: it was killed, or "
            "could not start; --num-workers 0 or --loader resident does without"
        ) from error


def _work(theirs: socket.socket, dataset: Optional[Dataset]) -> None:
    """Make the batches that are asked for."""
    # A Ctrl-C in a terminal reaches all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    stream: Any = theirs.makefile("rwb")
    # The other end may be gone first.
    with contextlib.suppress(EOFError, OSError):
        if dataset is None:
            # Not an argument, which multiprocessing would go on to write to a process that is gone.
            dataset = pickle.load(stream)
        while True:
            batch = default_batchify_fn([dataset[index] for index in pickle.load(stream)])
            _write([array.asnumpy() for array in batch], stream)


def _end_with_parent() -> None:
    # Not at the end of the stream: what is forked later holds a copy of it.
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(0)


def _end(process: multiprocessing.Process, ours: socket.socket, stream: Any) -> None:
    # It has nothing to lose, and may be stopped or hang.
    process.kill()
    process.join()
    with contextlib.suppress(OSError):
        stream.close()
    ours.close()
