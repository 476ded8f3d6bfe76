"""Passes over the training set without training: --variant resident or per-sample."""

from mxnet import nd

from gluon_softmax.training.loader import load_data_fashion_mnist

from .harness import by_epoch, run


def prepare(settings):
    train_iter, _ = load_data_fashion_mnist(
        settings.batch_size, data=settings.data, loader=settings.variant, seed=settings.seed
    )

    def one_pass():
        for _ in train_iter:
            pass
        nd.waitall()
        return 0.0

    return by_epoch(one_pass, lambda: 0.0)


if __name__ == "__main__":
    run(prepare)
