"""Common part of the contenders: options, data, and measurements."""

import argparse
import dataclasses
import json
import os
import re
import time
from pathlib import Path
from typing import Callable, Tuple

import numpy as np
import psutil

from gluon_softmax.data.fashion_mnist import FashionMNIST
from gluon_softmax.data.load import load
from gluon_softmax.training.defaults import BATCH_SIZE, EPOCHS, LR


def load_data(examples: int) -> FashionMNIST:
    """Return the official edition, truncated or repeated to a number of training examples."""
    data = load("official")
    if examples == len(data.train_labels):
        return data
    indices = np.arange(examples) % len(data.train_labels)
    images, labels = data.train_images[indices], data.train_labels[indices]
    return dataclasses.replace(data, train_images=images, train_labels=labels)


def arrays(data: FashionMNIST) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return flattened images, float32 in 0..1, and labels, int32, of training and test set."""
    flat = [
        images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
        for images in (data.train_images, data.test_images)
    ]
    return flat[0], data.train_labels, flat[1], data.test_labels


def by_epoch(train_epoch: Callable[[], float], evaluate: Callable[[], float]) -> Callable:
    """Return a training function for :func:`run`.

    ``train_epoch`` returns the mean loss of an epoch, ``evaluate`` the test accuracy.
    """

    def train(epochs: int) -> dict:
        records: dict = {"seconds": [], "losses": [], "accuracies": []}
        for _ in range(epochs):
            start = time.perf_counter()
            records["losses"].append(float(train_epoch()))
            records["seconds"].append(time.perf_counter() - start)
            records["accuracies"].append(float(evaluate()))
        return records

    return train


def run(prepare: Callable) -> None:
    """Parse the settings, train, and print one line of JSON.

    ``prepare`` maps the settings (data, batch_size, lr, seed, variant) to a function that trains a
    number of epochs and returns lists by epoch: seconds of training, losses, test accuracies.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE)
    parser.add_argument("--lr", type=float, default=LR)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, default=60000)
    parser.add_argument("--variant", default="")
    settings = parser.parse_args()
    settings.data = load_data(settings.examples)
    records = prepare(settings)(settings.epochs)
    print(json.dumps({**records, "peak_bytes": peak_bytes()}), flush=True)


def peak_bytes() -> int:
    """Return the peak memory of this process."""
    try:
        # On Linux, getrusage would return the parent's peak if that is larger.
        status = Path("/proc/self/status").read_text()
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status)
        return 1024 * int(peak)
    except OSError:
        if os.name == "nt":
            return psutil.Process().memory_info().peak_wset
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
