"""The parts of the tutorial that train nothing: their results must be exactly the same."""

import time
from dataclasses import dataclass
from typing import List, Optional

import mxnet as mx
import numpy as np

from ..console import progress
from ..data.fashion_mnist import CLASS_NAMES, FashionMNIST, get_fashion_mnist_labels
from ..training.loader import load_data_fashion_mnist
from ..training.per_sample_loader import Samples
from . import claims, verdicts
from .edition_names import IN_A_SENTENCE
from .language import Message

READING_BATCH_SIZE = 1000


@dataclass
class ExactResult:
    """A result that must be exactly the same, unless the difference has a known reason."""

    name: str
    section: Message
    printed: object
    here: object
    verdict: verdicts.Verdict
    note: Optional[Message] = None


def find_exact_results(data: FashionMNIST) -> List[ExactResult]:
    """Run the parts of the tutorial that train nothing, and compare the results, in its order."""
    mnist_train = Samples(data.train_images, data.train_labels)
    feature, label = mnist_train[0:10]
    probabilities = mx.nd.array([[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]])
    picked = mx.nd.pick(probabilities, mx.nd.array([0, 2], dtype="int32"))
    here = {
        "number of training examples": len(mnist_train),
        "shape of mnist_train[0:10]": list(feature.shape),
        "dtype of the images": np.dtype(feature.dtype).name,
        claims.LABELS: label.tolist(),
        "class names": get_fashion_mnist_labels(range(len(CLASS_NAMES))),
        "get_fashion_mnist_labels([3, 1])": get_fashion_mnist_labels([3, 1]),
        "nd.pick example": [round(float(p), 6) for p in picked.asnumpy()],
    }
    results = []
    for name, (section, tutorial) in claims.EXACT_RESULTS.items():
        result = ExactResult(name, section, tutorial, here[name], verdicts.SAME)
        if here[name] != tutorial:
            result.verdict = verdicts.FAILS
            if name == claims.LABELS and data.edition in ("official", "resplit"):
                result.verdict = verdicts.EXPLAINED
                result.note = Message(
                    "The tutorial used the withdrawn edition, which begins with these labels. Ours "
                    "are those of {data}.",
                    data=IN_A_SENTENCE[data.edition],
                )
        results.append(result)
    return results


def time_reading(data: FashionMNIST, num_workers: Optional[int]) -> float:
    """Time one pass of the tutorial's own data loader over the training set, in seconds."""
    train_iter, _ = load_data_fashion_mnist(
        READING_BATCH_SIZE, data=data, loader="per-sample", num_workers=num_workers
    )
    start = time.perf_counter()
    for _ in progress(train_iter, desc="the tutorial's loader"):
        pass
    mx.nd.waitall()
    return time.perf_counter() - start


def in_words(value: object) -> str:
    """Format a result's value for people: a list without brackets and commas."""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
