"""Our scratch or concise version, with either feed: --variant scratch/resident and so on."""

from importlib import import_module

from contender import run

from gluon_softmax.context import get_context
from gluon_softmax.loader import load_data_fashion_mnist
from gluon_softmax.runs import seed_weights


def prepare(settings):
    version, loader = settings.variant.split("/")
    seed_weights(settings.seed)
    train_iter, test_iter = load_data_fashion_mnist(
        settings.batch_size, settings.data, loader, seed=settings.seed
    )
    net, params = import_module(f"{version}.model").get_net(get_context("cpu"))
    train_model = import_module(f"{version}.training").train_model

    def train(epochs):
        records = train_model(
            net,
            params,
            train_iter,
            test_iter,
            epochs,
            settings.batch_size,
            settings.lr,
            on_epoch=lambda records: None,
        )
        return {
            "seconds": records.seconds,
            "losses": records.loss,
            "accuracies": records.test_acc,
        }

    return train


run(prepare)
