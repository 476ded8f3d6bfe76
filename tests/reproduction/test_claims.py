from collections import Counter

import d2lzh as d2l
import pytest

from gluon_softmax.reproduction import claims

pytestmark = pytest.mark.once


def test_thirty_numbers_of_two_tables_and_one_before():
    per_implementation = Counter(
        claim.implementation for claim in claims.TUTORIAL.claims if claim.epoch
    )
    assert per_implementation == {"scratch": 15, "concise": 15}
    assert [claim.printed for claim in claims.TUTORIAL.claims if not claim.epoch] == [0.0982]
    assert len({claim.name for claim in claims.TUTORIAL.claims}) == 31


def test_names_of_classes_are_those_of_d2lzh():
    assert claims.FACTS["class names"][1] == d2l.get_fashion_mnist_labels(range(10))
    assert claims.FACTS["get_fashion_mnist_labels([3, 1])"][1] == d2l.get_fashion_mnist_labels(
        [3, 1]
    )


@pytest.mark.parametrize("implementation", ["scratch", "concise"])
def test_losses_fall_and_accuracies_are_proportions(implementation):
    of_table = claims.TUTORIAL.of(implementation)
    losses = [claim.printed for claim in of_table if claim.metric == "loss"]
    assert losses == sorted(losses, reverse=True)
    assert all(0 < claim.printed < 1 for claim in of_table)


@pytest.mark.parametrize(
    ("table", "text"), [("scratch", "0.7517 0.095 0.790"), ("concise", "0.7508 0.757 0.804")]
)
def test_the_numbers_of_a_table(table, text):
    """As they stand in the tutorial, without the accuracy before training."""
    of_table = claims.TUTORIAL.of(table)
    assert [claim.text for claim in of_table[:3]] == text.split()
    assert len(of_table) == 15
