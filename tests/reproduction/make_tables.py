"""Write numpy-tables.json: ``python make_tables.py``, half an hour on one core."""

import json
from pathlib import Path

import numpy as np
from numpy_softmax import split_anew, train

from gluon_softmax.data.load import load

# Seeds and settings, by kind.
KINDS = {
    "official, 256": ([*range(6), *range(100, 120)], {}),
    "re-split, 256": (range(100, 120), {}),
    "official, 128": (range(100, 120), {"batch_size": 128, "lr": 0.05}),
    "re-split, 128": (range(100, 120), {"batch_size": 128, "lr": 0.05}),
    "weight decay 0.0008": ((100, 101, 105, 106), {"weight_decay": 0.0008}),
    "weight decay 0.001": ((100, 101, 105, 106), {"weight_decay": 0.001}),
    "weight decay 0.0012": ((100, 101, 105, 106), {"weight_decay": 0.0012}),
    "label smoothing 0.01": ((100, 101), {"smoothing": 0.01}),
    "batch size 280": ((100, 101, 105, 106), {"batch_size": 280}),
    "54,000 images": ((100, 101, 105, 106), {}),
}


def table(kind, seed, data):
    """Train one of them on the official edition's images and labels."""
    if kind.startswith("re-split"):
        data = split_anew(data, seed)
    if kind == "54,000 images":
        order = np.random.default_rng(5).permutation(60000)
        images, labels = data[0][order], data[1][order]
        data = images[:54000], labels[:54000], images[54000:], labels[54000:]
    trained = train(data, seed, **KINDS[kind][1])
    return [[round(loss, 4), round(a, 3), round(b, 3)] for loss, a, b in trained.tolist()]


if __name__ == "__main__":
    official = load("official")
    data = (
        official.train_images,
        official.train_labels,
        official.test_images,
        official.test_labels,
    )
    tables = {
        kind: {seed: table(kind, seed, data) for seed in seeds}
        for kind, (seeds, _) in KINDS.items()
    }
    file = Path(__file__).with_name("numpy-tables.json")
    file.write_text(json.dumps(tables).replace("}, ", "},\n").replace("]], ", "]],\n") + "\n")
