"""Training runs in several processes, with the same results in the same order as in one."""

import contextlib
import functools
import multiprocessing
import os
import tempfile
import threading
from concurrent.futures import Future, ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Optional, Sequence

import numpy as np
import psutil
from mxnet import nd
from tqdm import tqdm

from ..console import notify
from ..data.fashion_mnist import FashionMNIST
from ..data.resplit import resplit
from ..errors import WorkerError
from ..interruption import end_if_asked, follow_parent, held, open_closed_streams
from ..training.implementation import Implementation
from ..training.run import Run, Settings, train_run

# Bytes that a training process takes, most of it for MXNet and the images.
MEMORY = 400 << 20
# Training on this many examples takes about 5 s; a process starts in 2 s.
EXAMPLES = 1_000_000
# One process keeps this many cores busy: one core runs Python, the other MXNet.
ENOUGH_FOR_ONE = 2
_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


@dataclass(frozen=True)
class Task:
    """A training run to make: on the re-split with a seed, or on the data as they are."""

    implementation: Implementation
    settings: Settings
    seed: int
    split_seed: Optional[int] = None


def usual_jobs(settings: Settings, examples: int) -> int:
    """Return how many processes to train in, by the examples of all runs and epochs together.

    The smallest of three numbers: the cores that this process may use, the processes that fit into
    the free memory, and the processes that have work for 5 s each. 1 on one or two cores, with a
    GPU or with loader workers.
    """
    if settings.loader != "resident" or getattr(settings.ctx, "device_type", "") != "cpu":
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    cores = (len(affinity(0)) if affinity else os.cpu_count()) or 1
    if cores <= ENOUGH_FOR_ONE:
        return 1
    return max(1, min(cores, psutil.virtual_memory().available // MEMORY, examples // EXAMPLES))


@contextlib.contextmanager
def training(tasks: Sequence[Task], data: FashionMNIST, jobs: int) -> Iterator[Iterator[Run]]:
    """Train in as many processes as ``jobs``; the context's end stops what is still running.

    With 1, train in this process, each run when it is asked for. Yields an iterator of the runs in
    the order of the tasks. It raises Diverged at the run that diverged, and WorkerError if
    processes ended twice before the same run was done, or cannot start.
    """
    jobs = min(jobs, len(tasks))
    if jobs < 2:
        yield (train(task, data) for task in tasks)
        return
    # The parent's threads must be idle before processes start.
    nd.waitall()
    before = set(multiprocessing.active_children())
    pools: List[ProcessPoolExecutor] = []
    # Each process maps these files: only the runs pass through pipes.
    with _shared(data) as folder:

        def start(waiting: Sequence[Task]) -> "List[Future[Run]]":
            spawn = multiprocessing.get_context("spawn")
            pools.append(
                ProcessPoolExecutor(
                    min(jobs, len(waiting)),
                    spawn,
                    _begin,
                    (folder, data.edition, data.origin, data.checksums),
                )
            )
            # The processes start here, and never see Ctrl-C.
            with held():
                return [pools[-1].submit(_train, task) for task in waiting]

        try:
            yield _in_order(tasks, start(tasks), start)
        except BaseException:
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
            raise
        finally:
            for pool in pools:
                pool.shutdown()


@contextlib.contextmanager
def _shared(data: FashionMNIST) -> Iterator[str]:
    """Write the images and labels into a temporary folder for the block."""
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="gluon-softmax-"))
            for name in _ARRAYS:
                np.save(_file(folder, name), getattr(data, name))
        except OSError as error:
            raise WorkerError(
                f"cannot write the images into {tempfile.gettempdir()} for other processes "
                f"({error.strerror or error}): set TMPDIR to another folder, or use --jobs 1"
            ) from error
        yield folder


# All implementations train on one re-split before the next.
_resplit = functools.lru_cache(maxsize=1)(resplit)


def train(task: Task, data: FashionMNIST, **callbacks: Any) -> Run:
    """Make a run in this process; the callbacks are those of ``train_run``."""
    if task.split_seed is not None:
        data = _resplit(data, task.split_seed)
    callbacks = {"on_epoch": None, **callbacks}
    return train_run(task.implementation, data, task.settings, task.seed, **callbacks)


def _in_order(
    tasks: Sequence[Task],
    futures: "List[Future[Run]]",
    start: "Callable[[Sequence[Task]], List[Future[Run]]]",
) -> Iterator[Run]:
    """Yield the runs in the order of the tasks; start a run again if its process ended before."""
    done, ended_at = 0, -1
    while done < len(tasks):
        try:
            for future in futures:
                yield _result(future)
                done += 1
        except BrokenProcessPool as error:
            if ended_at == done:
                raise WorkerError(
                    "two training processes ended before they were done (killed, or out of "
                    "memory); choose fewer processes (--jobs)"
                ) from error
            notify(
                "a training process ended before it was done (killed, or out of memory): its run "
                "is started again"
            )
            ended_at = done
            futures = start(tasks[done:])


def _result(future: "Future[Run]") -> Run:
    # On Windows, Ctrl-C does not end a wait without a limit.
    while True:
        with contextlib.suppress(TimeoutError):
            return future.result(0.5)
        end_if_asked()


def _file(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}.npy")


# In a training process.
_data: Optional[FashionMNIST] = None


def _begin(folder: str, *about: Any) -> None:
    """Prepare a training process."""
    global _data
    follow_parent(folder)
    open_closed_streams()
    # By default, tqdm makes a lock that processes share; a killed process would leak it.
    tqdm.set_lock(threading.RLock())
    arrays = [np.load(_file(folder, name), mmap_mode="r") for name in _ARRAYS]
    _data = FashionMNIST(*about, *arrays)


def _train(task: Task) -> Run:
    assert _data is not None
    return train(task, _data)
