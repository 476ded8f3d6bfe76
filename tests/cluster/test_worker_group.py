import threading

import numpy as np
import pytest

from gluon_softmax.cluster.worker_group import WorkerGroup
from gluon_softmax.errors import ClusterError


class Store:
    """MXNet's store, as two threads see it: each gets the sum when both have pushed."""

    sums = None

    def __init__(self, rank, meeting):
        self.rank, self.num_workers, self.meeting = rank, 2, meeting

    def init(self, key, value):
        self.known = {*getattr(self, "known", ()), key}

    def push(self, key, value):
        assert key in self.known
        self.meeting.parts[self.rank] = (key, value.asnumpy())
        self.meeting.wait(10)

    def pull(self, key, out):
        keys, values = zip(*self.meeting.parts)
        assert set(keys) == {key}
        out[:] = sum(values)
        self.meeting.wait(10)


def both(work):
    """Let two workers do something; return what each returned or raised."""
    meeting = threading.Barrier(2)
    meeting.parts = [None, None]
    found = [None, None]

    def run(rank):
        try:
            found[rank] = work(WorkerGroup(Store(rank, meeting)))
        except BaseException as error:
            found[rank] = error

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_total_is_exact():
    # Counts that float32 cannot hold.
    found = both(lambda group: group.total(np.array([2**40 + group.rank, 0.1])))
    for sums in found:
        assert sums.dtype == np.float64
        assert sums.tolist() == [2**41 + 1, 0.2]


SETTINGS = {"--seed": 1, "--lr": 0.1, "images": (np.arange(3), np.arange(4)), "start": None}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("--seed", 2, "--seed (worker 0: 1): use the same value for all"),
        ("--lr", 0.1 + 1e-16, "--lr (worker 0: 0.1): use"),
        ("images", (np.arange(3), np.arange(4)[::-1]), "images: use the same value for all"),
        ("images", (np.arange(3), np.array([0, 1, 2, 9])), "images: use the same value for all"),
        ("start", np.arange(2), "start: use the same value for all"),
    ],
)
def test_another_setting_is_named_by_the_first_alone(name, value, words):
    def work(group):
        group.agree({**SETTINGS, **({name: value} if group.rank else {})})

    first, second = both(work)
    assert isinstance(first, ClusterError)
    assert f"worker 1 differs from worker 0 in {words}" in str(first)
    assert isinstance(second, SystemExit)
    assert second.code == 1


def test_the_same_settings():
    assert both(lambda group: group.agree(SETTINGS)) == [None, None]
