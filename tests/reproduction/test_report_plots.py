import numpy as np
from shared import texts

from gluon_softmax.data.fashion_mnist import CLASS_NAMES
from gluon_softmax.reproduction import report_plots


def test_confusion_counts():
    labels, predicted = np.array([0, 0, 9, 3]), np.array([0, 1, 9, 3])
    words = texts(report_plots.draw_confusion(report_plots.confusion(labels, predicted)))
    assert words.count("1") >= 4
    assert "3 of 4 test images are correct" in words
    assert set(CLASS_NAMES) <= set(words)


def test_templates_are_the_columns_of_W():
    W = np.random.RandomState(0).normal(size=(784, 10))
    axes = report_plots.draw_templates(W).axes
    for column in range(10):
        np.testing.assert_array_equal(
            axes[column].images[0].get_array(), W[:, column].reshape(28, 28)
        )


def test_a_weight_of_0_is_white():
    image = report_plots.draw_templates(np.eye(784, 10) - np.eye(784, 10, k=-1)).axes[0].images[0]
    low, zero, high = image.to_rgba([-1, 0, 1])[:, :3]
    assert list(zero) == [1, 1, 1]
    # What is below 0 is red, what is above is blue.
    assert low[0] > 2 * low[2]
    assert high[2] > 2 * high[0]
