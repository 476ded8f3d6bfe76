"""PyTorch: --variant dataloader, or memory to index tensors in memory."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from .harness import arrays, by_epoch, run


def prepare(settings):
    torch.manual_seed(settings.seed)
    X_train, y_train, X_test, y_test = map(torch.from_numpy, arrays(settings.data))
    y_train, y_test = y_train.long(), y_test.long()
    net = nn.Linear(784, 10)
    nn.init.normal_(net.weight, std=0.01)
    nn.init.zeros_(net.bias)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=settings.lr)
    loader = DataLoader(TensorDataset(X_train, y_train), settings.batch_size, shuffle=True)

    def in_memory():
        order = torch.randperm(len(y_train))
        for batch in order.split(settings.batch_size):
            yield X_train[batch], y_train[batch]

    def train_epoch():
        total = torch.zeros(())
        for X, y in loader if settings.variant == "dataloader" else in_memory():
            optimizer.zero_grad()
            loss = loss_function(net(X), y)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(y)
        return total.item() / len(y_train)

    @torch.no_grad()
    def evaluate():
        return (net(X_test).argmax(dim=1) == y_test).float().mean().item()

    return by_epoch(train_epoch, evaluate)


if __name__ == "__main__":
    run(prepare)
