"""Runs in several processes, compared with runs in one."""

import multiprocessing
import os
import signal
import threading
import time
from types import SimpleNamespace

import mxnet as mx
import numpy as np
import pytest

from gluon_softmax.errors import Diverged, WorkerError
from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.reproduction import parallel_runs
from gluon_softmax.reproduction.parallel_runs import Task, training, usual_jobs
from gluon_softmax.training.run import Settings

SETTINGS = Settings(epochs=2)
TASKS = [
    Task(implementation, SETTINGS, seed, split_seed)
    for split_seed in (None, 3)
    for seed in (0, 1)
    for implementation in IMPLEMENTATIONS.values()
]


def in_numbers(run):
    """Return a run's results without the seconds, which differ each time."""
    records = run.records
    numbers = [run.accuracy_before, *records.loss, *records.train_acc, *records.test_acc]
    return (
        run.implementation,
        run.seed,
        numbers,
        [array.tolist() for array in run.parameters.values()],
    )


def made(tasks, data, count):
    with training(tasks, data, count) as runs:
        return [in_numbers(run) for run in runs]


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert multiprocessing.active_children() == []
    assert list(tmp_path.iterdir()) == []


def test_the_numbers_are_those_of_one_process(sample):
    one = made(TASKS, sample, 1)
    assert len({str(numbers) for numbers in one}) == len(TASKS)
    for count in (2, 4):
        assert made(TASKS, sample, count) == one


def test_a_run_that_diverges_ends_the_others_in_its_turn(sample):
    wild = Task(IMPLEMENTATIONS["concise"], Settings(epochs=2, lr=1e38), 0)
    tasks = [*TASKS[:2], wild, *TASKS[2:]]

    def until_the_end(count, before):
        with training(tasks, sample, count) as runs:
            before.extend(map(in_numbers, runs))

    found = []
    for count in (1, 2):
        before = []
        with pytest.raises(Diverged, match="training diverged in epoch 1") as caught:
            until_the_end(count, before)
        assert caught.value.records.loss == []
        found.append((before, str(caught.value)))
    assert found[0] == found[1]
    assert len(found[0][0]) == 2


def test_an_error_of_the_caller_ends_the_processes(sample):
    endless = Task(IMPLEMENTATIONS["concise"], Settings(epochs=1_000_000), 0)

    def interrupted():
        with training([endless] * 2, sample, 2):
            assert len(multiprocessing.active_children()) == 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


@pytest.mark.slow
@pytest.mark.posix
def test_a_process_that_is_killed_is_started_again(sample, capsys):
    with training(TASKS, sample, 2) as runs:
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
        found = [in_numbers(run) for run in runs]
    assert found == made(TASKS, sample, 1)
    assert capsys.readouterr().err == (
        "a training process ended before it was done (killed, or out of memory): its run is "
        "started again\n"
    )


@pytest.mark.posix
def test_processes_that_are_killed_again_are_an_error(sample):
    is_over = threading.Event()

    def kill():
        while not is_over.is_set():
            for process in multiprocessing.active_children():
                process.kill()
            time.sleep(0.1)

    killer = threading.Thread(target=kill)

    def killed():
        with training(TASKS, sample, 2) as runs:
            killer.start()
            list(runs)

    try:
        with pytest.raises(WorkerError, match=r"^two .* choose fewer processes \(--jobs\)$"):
            killed()
    finally:
        is_over.set()
        killer.join()


def test_a_folder_without_space_is_one_line(sample, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parallel_runs.np, "save", full)
    with pytest.raises(WorkerError, match=r"\(No space left on device\): set TMPDIR to another"):
        made(TASKS, sample, 2)


def test_the_images_are_mapped_not_copied(sample, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel_runs, "_data", None)
    monkeypatch.setattr(parallel_runs, "follow_parent", lambda folder: None)
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        np.save(tmp_path / f"{name}.npy", getattr(sample, name))
    parallel_runs._begin(str(tmp_path), sample.edition, sample.origin, sample.checksums)
    assert isinstance(parallel_runs._data.train_images, np.memmap)
    for path in tmp_path.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("settings", "examples", "cores", "memory", "expected"),
    [
        (Settings(), 10**9, 8, 64 << 30, 8),
        (Settings(), 10**9, 8, 1 << 30, 2),
        (Settings(), 10**9, 8, 1 << 20, 1),
        (Settings(), 3_500_000, 8, 64 << 30, 3),
        (Settings(), 10**9, 3, 64 << 30, 3),
        (Settings(), 10**9, 2, 64 << 30, 1),
        (Settings(), 10_000, 8, 64 << 30, 1),
        (Settings(loader="per-sample"), 10**9, 8, 64 << 30, 1),
        (Settings(ctx=mx.gpu()), 10**9, 8, 64 << 30, 1),
        (Settings(ctx=(mx.cpu(0), mx.cpu(1))), 10**9, 8, 64 << 30, 1),
    ],
)
def test_usual_jobs(settings, examples, cores, memory, expected, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
    free = SimpleNamespace(available=memory)
    monkeypatch.setattr(parallel_runs.psutil, "virtual_memory", lambda: free)
    assert usual_jobs(settings, examples) == expected
