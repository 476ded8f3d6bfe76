"""NumPy: softmax regression with a hand-written gradient."""

import numpy as np

from .harness import arrays, by_epoch, run


def prepare(settings):
    X_train, y_train, X_test, y_test = arrays(settings.data)
    random = np.random.RandomState(settings.seed)
    W = random.normal(0, 0.01, (784, 10)).astype(np.float32)
    b = np.zeros(10, np.float32)
    rows = np.arange(settings.batch_size)

    def train_epoch():
        order = random.permutation(len(y_train))
        loss = 0.0
        for start in range(0, len(order), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            X, y = X_train[batch], y_train[batch]
            index = rows[: len(y)], y
            z = X @ W
            z += b
            z -= z.max(axis=1, keepdims=True)
            p = np.exp(z)
            partition = p.sum(axis=1, keepdims=True)
            loss += np.log(partition).sum() - z[index].sum()
            p /= partition
            p[index] -= 1
            p *= settings.lr / settings.batch_size
            np.subtract(W, X.T @ p, out=W)
            np.subtract(b, p.sum(axis=0), out=b)
        return loss / len(order)

    return by_epoch(train_epoch, lambda: ((X_test @ W + b).argmax(axis=1) == y_test).mean())


if __name__ == "__main__":
    run(prepare)
