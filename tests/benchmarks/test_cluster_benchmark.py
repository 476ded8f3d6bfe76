import pytest

from benchmarks import clusters
from gluon_softmax.errors import GluonSoftmaxError


def test_the_answer_for_a_table():
    found = {
        (1, 200): {"seconds": 0.2, "wire_seconds_a_step": 0.0, "bytes_a_step": 0},
        (2, 200): {"seconds": 0.5, "wire_seconds_a_step": 0.001, "bytes_a_step": 62_800},
    }
    _, _, one, two = clusters._table(found)
    assert one.split() == ["200", "1", "0.200", "300,000", "1.00", "0", "0%"]
    # 300 steps of a millisecond are 60 % of half a second.
    assert two.split() == ["200", "2", "0.500", "120,000", "2.50", "62,800", "60%"]


def test_the_model():
    many = {
        1: {"seconds": 1.0, "wire_seconds_a_step": 0.0, "bytes_a_step": 0},
        2: {"seconds": 0.6, "wire_seconds_a_step": 0.3, "bytes_a_step": 62_720_080},
    }
    assert "estimated speed-up 1.25," in clusters._model(many)[-1]


@pytest.mark.posix
@pytest.mark.once
@pytest.mark.slow
def test_a_cluster_is_measured():
    found = clusters._measure(2, 200, "--inputs=100")
    assert found["bytes_a_step"] == 2 * 4 * (100 * 10 + 10)
    assert found["seconds"] > 0
    assert found["wire_seconds_a_step"] > 0
    alone = clusters._measure(1, 200, "--inputs=100")
    assert alone["wire_seconds_a_step"] == alone["bytes_a_step"] == 0


@pytest.mark.posix
@pytest.mark.once
@pytest.mark.slow
@pytest.mark.full_data
@pytest.mark.parametrize("workers", [1, 2])
def test_epochs_are_timed(workers, official_data):
    found = clusters._measure(workers, 20_000, "--epochs=2")
    assert found["seconds"] > 0
    assert (found["bytes_a_step"] > 0) == (workers > 1)


@pytest.mark.posix
def test_a_cluster_that_fails():
    with pytest.raises(
        GluonSoftmaxError, match=r"2 workers, batch size 1: error: .*(ended|more workers)"
    ):
        clusters._measure(2, 1)
