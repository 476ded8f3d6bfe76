from collections import Counter

import d2lzh as d2l
import pytest

from gluon_softmax.reproduction import claims

pytestmark = pytest.mark.once


def test_thirty_figures_of_two_tables_and_one_before():
    per_version = Counter(figure.version for figure in claims.TUTORIAL.figures if figure.epoch)
    assert per_version == {"scratch": 15, "concise": 15}
    assert [figure.printed for figure in claims.TUTORIAL.figures if not figure.epoch] == [0.0982]
    assert len({figure.name for figure in claims.TUTORIAL.figures}) == 31


def test_names_of_classes_are_those_of_d2lzh():
    assert claims.FACTS["class names"][1] == d2l.get_fashion_mnist_labels(range(10))
    assert claims.FACTS["get_fashion_mnist_labels([3, 1])"][1] == d2l.get_fashion_mnist_labels(
        [3, 1]
    )


@pytest.mark.parametrize("version", ["scratch", "concise"])
def test_losses_fall_and_accuracies_are_shares(version):
    figures = claims.TUTORIAL.of(version)
    losses = [figure.printed for figure in figures if figure.metric == "loss"]
    assert losses == sorted(losses, reverse=True)
    assert all(0 < figure.printed < 1 for figure in figures)


@pytest.mark.parametrize(
    ("table", "text"), [("scratch", "0.7517 0.095 0.790"), ("concise", "0.7508 0.757 0.804")]
)
def test_a_tables_figures(table, text):
    """As they stand in the tutorial, without the accuracy before training."""
    figures = claims.TUTORIAL.of(table)
    assert [figure.text for figure in figures[:3]] == text.split()
    assert len(figures) == 15
