"""scikit-learn's nearest equal: a perceptron without hidden layers, by plain mini-batch SGD.

SGDClassifier takes a step an example and has no softmax; this one's loss is the tutorial's.
"""

import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from .harness import arrays, by_epoch, run


def prepare(settings):
    X_train, y_train, X_test, y_test = arrays(settings.data)
    warnings.simplefilter("ignore", ConvergenceWarning)
    # One epoch a call to fit, going on from the last; alpha 0 is no weight decay.
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
