"""scikit-learn: a perceptron without hidden layers, trained by plain mini-batch SGD.

Its loss is the tutorial's. SGDClassifier makes a step per example and has no softmax.
"""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from .harness import arrays, by_epoch, run


def prepare(settings):
    X_train, y_train, X_test, y_test = arrays(settings.data)
    warnings.simplefilter("ignore", ConvergenceWarning)
    # Each call of fit continues for one epoch; alpha 0 disables weight decay.
    model = MLPClassifier(
        hidden_layer_sizes=(),
        solver="sgd",
        alpha=0.0,
        batch_size=min(settings.batch_size, len(y_train)),
        learning_rate_init=settings.lr,
        momentum=0.0,
        max_iter=1,
        warm_start=True,
        random_state=settings.seed,
    )

    def train_epoch():
        model.fit(X_train, y_train)
        return model.loss_curve_[-1]

    return by_epoch(train_epoch, lambda: model.score(X_test, y_test))


if __name__ == "__main__":
    run(prepare)
