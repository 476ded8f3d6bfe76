"""Our implementations with either data loader: --variant scratch/resident and so on."""

from gluon_softmax.implementations import IMPLEMENTATIONS
from gluon_softmax.training.context import get_context
from gluon_softmax.training.loader import load_data_fashion_mnist
from gluon_softmax.training.loop import train_epochs
from gluon_softmax.training.run import seed_weights

from .harness import run


def prepare(settings):
    name, loader = settings.variant.split("/")
    implementation = IMPLEMENTATIONS[name]
    seed_weights(settings.seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size, data=settings.data, loader=loader, seed=settings.seed
    )
    net, params = implementation.get_net(get_context("cpu"))
    train_batch = implementation.get_train_batch(net, params, settings.lr, settings.batch_size)

    def train(epochs):
        records = train_epochs(train_batch, net, train_iter, test_iter, epochs, on_epoch=None)
        return {
            "seconds": records.seconds,
            "losses": records.loss,
            "accuracies": records.test_acc,
        }

    return train


if __name__ == "__main__":
    run(prepare)
