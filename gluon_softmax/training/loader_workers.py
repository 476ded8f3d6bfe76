"""Worker processes of the per-sample data loader, each connected by a socket.

MXNet's own workers are a ``multiprocessing.Pool``: if one is killed or cannot start, a pool hangs,
or forks a replacement beside MXNet's threads, which can deadlock. ``ProcessPoolExecutor`` hangs if
a worker is killed while it sends a result, because other processes hold the pipe open.
"""

import contextlib
import itertools
import multiprocessing
import pickle
import socket
import weakref
from collections import deque
from typing import Any, Deque, Iterable, Iterator, List, Optional, Tuple

from mxnet import nd
from mxnet.gluon.data import Dataset
from mxnet.gluon.data.dataloader import default_batchify_fn

from ..errors import WorkerError
from ..interruption import follow_parent, held

# Time limit, in seconds, for a worker to continue reading or writing; a batch of 60,000 examples
# takes about 10.
PATIENCE = 60
# Time limit for its start: where workers are spawned, as on Windows, each imports MXNet.
START_PATIENCE = 300


class Workers:
    """Worker processes that make the batches of a data set."""

    def __init__(self, dataset: Dataset, count: int) -> None:
        self._dataset = dataset
        self._workers = self._start(count)

    def _start(self, count: int) -> List["_Worker"]:
        # A process that is forked while MXNet computes can wait forever for MXNet's locks.
        nd.waitall()
        forks = multiprocessing.get_start_method() == "fork"
        with _reported("could not start", f"did not start within {START_PATIENCE} s"):
            with held():
                workers = [_Worker(self._dataset if forks else None) for _ in range(count)]
            for worker in workers:
                worker.wait_for_start()
        if not forks:
            for worker in workers:
                worker.send(self._dataset)
        return workers

    def batches(self, batch_sampler: Iterable) -> Iterator[Tuple[nd.NDArray, nd.NDArray]]:
        """Yield the batches of one pass on the CPU, X and y, in the order of the sampler.

        Raises WorkerError if a process ends, cannot start, or makes no progress for ``PATIENCE``
        seconds.
        """
        intact = [worker for worker in self._workers if not worker.is_broken]
        if len(intact) < len(self._workers):
            self._workers = intact + self._start(len(self._workers) - len(intact))
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
        ours.settimeout(START_PATIENCE)
        self._socket = ours
        process = multiprocessing.Process(target=_work, args=(theirs, dataset), daemon=True)
        process.start()
        # Then the stream ends when the process ends.
        theirs.close()
        self._stream: Any = ours.makefile("rwb")
        weakref.finalize(self, _end, process, ours, self._stream)
        # The list that receives the batch in progress.
        self._slot: Optional[list] = None
        # True after a partial read or write, for example after Ctrl-C: the stream is out of sync.
        self.is_broken = False

    def wait_for_start(self) -> None:
        pickle.load(self._stream)
        self._socket.settimeout(PATIENCE)

    def ask(self, indices: List[int]) -> list:
        """Request a batch; return the empty list to which :meth:`receive` will append it."""
        # Receive the pending batch first, since two long messages in opposite directions would
        # block each other. It can belong to another pass, which was aborted or is still running.
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
        with _reported("ended unexpectedly", f"made no batch within {PATIENCE} s"):
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
def _reported(ended: str, late: str) -> Iterator[None]:
    """Raise a WorkerError in place of an error of the process or its stream."""
    try:
        yield
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        strerror = getattr(error, "strerror", None)
        reason = f" ({strerror})" if strerror else ""
        raise WorkerError(
            f"a loader worker {late if isinstance(error, socket.timeout) else ended}{reason}; use "
            "--num-workers 0 or --loader resident, which need no worker processes"
        ) from error


def _work(theirs: socket.socket, dataset: Optional[Dataset]) -> None:
    """Make the requested batches, in a worker process."""
    # The end of the stream is no sign: processes that are forked later hold a copy of it.
    follow_parent()
    stream: Any = theirs.makefile("rwb")
    # The parent can end first.
    with contextlib.suppress(EOFError, OSError):
        _write(None, stream)
        if dataset is None:
            # Not an argument of the process: multiprocessing would block on writing it if the
            # process has ended.
            dataset = pickle.load(stream)
        while True:
            batch = default_batchify_fn([dataset[index] for index in pickle.load(stream)])
            _write([array.asnumpy() for array in batch], stream)


def _end(process: multiprocessing.Process, ours: socket.socket, stream: Any) -> None:
    # Not terminate(): the process can be stopped, or hang, and holds no data.
    process.kill()
    process.join()
    with contextlib.suppress(OSError):
        stream.close()
    ours.close()
