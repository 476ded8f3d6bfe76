import d2lzh as d2l
import pytest

from gluon_softmax.reproduction import claims

pytestmark = pytest.mark.once


def test_names_of_classes_are_those_of_d2lzh():
    expected = {name: printed for name, (_, printed) in claims.EXACT_RESULTS.items()}
    assert expected["class names"] == d2l.get_fashion_mnist_labels(range(10))
    assert expected["get_fashion_mnist_labels([3, 1])"] == d2l.get_fashion_mnist_labels([3, 1])


@pytest.mark.parametrize(
    ("table", "text"), [("scratch", "0.7517 0.095 0.790"), ("concise", "0.7508 0.757 0.804")]
)
def test_the_numbers_of_a_table(table, text):
    """As they stand in the tutorial, without the accuracy before training."""
    of_table = claims.TUTORIAL.of(table)
    assert [claim.text for claim in of_table[:3]] == text.split()
    assert len(of_table) == 15
