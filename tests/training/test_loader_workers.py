import multiprocessing
import os
import time

import mxnet as mx
import numpy as np
import pytest
from mxnet.gluon.data import ArrayDataset

from gluon_softmax.errors import WorkerError
from gluon_softmax.training import loader_workers
from gluon_softmax.training.loader_workers import Workers

X = np.arange(60, dtype=np.float32).reshape(20, 1, 3)
LABELS = np.arange(20, dtype=np.int32)


class Slow(ArrayDataset):
    """Samples; the worker that makes number 7 ends."""

    def __getitem__(self, index):
        if index == 7:
            os._exit(3)
        return super().__getitem__(index)


def make(kind=ArrayDataset, count=2):
    return Workers(kind(mx.nd.array(X), LABELS), count)


def assert_batch(batch, indices):
    np.testing.assert_array_equal(batch[0].asnumpy(), X[indices])
    np.testing.assert_array_equal(batch[1].asnumpy(), LABELS[indices])
    assert batch[0].dtype == np.float32
    assert batch[1].dtype == np.int32


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 20])
def test_batches_come_in_order(count, number):
    random = np.random.RandomState(number)
    asked = [random.permutation(20)[: random.randint(1, 9)].tolist() for _ in range(number)]
    made = make(count=count)
    for _ in range(2):
        found = list(made.batches(asked))
        assert len(found) == number
        for batch, indices in zip(found, asked):
            assert_batch(batch, indices)


def test_a_pass_that_is_broken_off_does_not_show_in_the_next():
    made = make()
    for _ in range(3):
        passing = made.batches([[0], [1], [2], [3]])
        assert_batch(next(passing), [0])
    assert_batch(next(made.batches([[9]])), [9])


def test_passes_beside_each_other():
    made = make(count=3)
    asked = [[k] for k in range(20)], [[19 - k] for k in range(20)]
    for one, other, k in zip(made.batches(asked[0]), made.batches(asked[1]), range(20)):
        assert_batch(one, [k])
        assert_batch(other, [19 - k])


@pytest.mark.parametrize("where", ["dump", "load"])
def test_a_pass_that_is_interrupted_does_not_show_in_the_next(where, monkeypatch):
    """Like Ctrl-C in a notebook, in the middle of a message or just after it."""
    made = make(count=3)
    whole = getattr(loader_workers.pickle, where)
    for after in range(1, 8):
        calls = []

        def interrupted(*args, after=after, calls=calls):
            calls.append(args)
            if len(calls) == after and after % 2:
                raise KeyboardInterrupt
            done = whole(*args)
            if len(calls) == after:
                raise KeyboardInterrupt
            return done

        monkeypatch.setattr(loader_workers.pickle, where, interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(made.batches([[k] for k in range(20)]))
        monkeypatch.setattr(loader_workers.pickle, where, whole)
        for batch, k in zip(made.batches([[19 - k] for k in range(20)]), range(20)):
            assert_batch(batch, [19 - k])


def test_workers_that_ended_are_started_again_in_the_next_pass():
    made = make(Slow)
    with pytest.raises(WorkerError):
        list(made.batches([[k] for k in range(20)]))
    assert_batch(next(made.batches([[3]])), [3])


def test_long_messages_in_both_directions():
    # More than a pipe holds.
    indices = np.random.RandomState(0).randint(0, 20, 40_000).tolist()
    for batch in make().batches([indices] * 4):
        assert_batch(batch, indices)


def test_a_worker_that_ends_is_an_error():
    passing = make(Slow).batches([[k] for k in range(20)])
    with pytest.raises(WorkerError, match=r"^a loader worker ended unexpectedly.*; ") as raised:
        list(passing)
    assert "--num-workers 0" in str(raised.value)


class Sleepy(ArrayDataset):
    def __getitem__(self, index):
        time.sleep(5)


def test_a_worker_that_takes_too_long_is_an_error(monkeypatch):
    monkeypatch.setattr(loader_workers, "PATIENCE", 0.2)
    with pytest.raises(WorkerError, match=r"^a loader worker made no batch within 0\.2 s; "):
        list(make(Sleepy).batches([[0]]))


@pytest.fixture
def slow_start(monkeypatch):
    """Make workers start slowly, like those that import MXNet on a slow machine."""
    work = loader_workers._work

    def slowly(*arguments):
        time.sleep(1)
        work(*arguments)

    monkeypatch.setattr(loader_workers, "_work", slowly)


def test_the_time_for_a_batch_begins_after_the_start(slow_start, monkeypatch):
    monkeypatch.setattr(loader_workers, "PATIENCE", 0.5)
    assert_batch(next(make().batches([[3]])), [3])


def test_a_start_that_takes_too_long_is_an_error_of_its_own(slow_start, monkeypatch):
    monkeypatch.setattr(loader_workers, "START_PATIENCE", 0.2)
    with pytest.raises(WorkerError, match=r"^a loader worker did not start within 0\.2 s; "):
        make()


def test_a_worker_that_ends_as_it_starts_is_an_error(monkeypatch):
    monkeypatch.setattr(loader_workers, "_work", lambda *arguments: os._exit(3))
    with pytest.raises(WorkerError, match=r"^a loader worker could not start.*; "):
        make()


def test_a_worker_that_the_system_refuses_is_an_error(monkeypatch):
    def refused(*arguments, **options):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(loader_workers.multiprocessing, "Process", refused)
    with pytest.raises(WorkerError, match=r"could not start .Resource temporarily unavailable.; "):
        make()


def test_they_end_with_the_object():
    before = set(multiprocessing.active_children())
    made = make(count=3)
    mine = set(multiprocessing.active_children()) - before
    assert len(mine) == 3
    del made
    assert not any(process.is_alive() for process in mine)
