import pytest

from gluon_softmax.cluster import failure_detection
from gluon_softmax.cluster.roles import Role
from gluon_softmax.errors import ClusterError


@pytest.fixture
def silent(monkeypatch):
    """Nodes of ps-lite without a heartbeat."""
    nodes = set()
    monkeypatch.setattr(failure_detection, "_is_silent", lambda kv, node, seconds: node in nodes)
    return nodes


# ps-lite numbers servers 8, 10, 12 and so on, and workers 9, 11, 13 and so on.
@pytest.mark.parametrize(
    ("node", "name"),
    [(8, "server 0"), (10, "server 1"), (9, "worker 0"), (13, "worker 2"), (15, None), (12, None)],
)
def test_the_scheduler_names_the_process_that_is_silent(node, name, silent):
    role = Role("scheduler", "here:9000", 3, 2, 60)
    silent.add(node)
    assert failure_detection.unresponsive(None, role) == ([name] if name else [])


def test_others_look_at_the_scheduler_only(silent):
    silent.update({8, 9, 11})
    assert failure_detection.unresponsive(None, Role("worker", "here:9000", 3, 2, 60)) == []
    silent.add(1)
    with pytest.raises(ClusterError) as caught:
        failure_detection.check(None, Role("worker", "here:9000", 3, 2, 60))
    assert str(caught.value) == (
        "the scheduler at here:9000 is not responding: no heartbeat for 8 s"
    )


def test_several_silent_processes_in_one_message(silent):
    silent.update({8, 11})
    with pytest.raises(ClusterError, match=r"^server 0 and worker 1 are not responding"):
        failure_detection.check(None, Role("scheduler", "here:9000", 3, 2, 60))
