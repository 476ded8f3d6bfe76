"""Make the sample that lies beside this file from the official edition; run from the top."""

import gzip
from pathlib import Path

import numpy as np

from gluon_softmax.data.load import load

official = load("official")
for part, per_class, images, labels in (
    ("train", 100, official.train_images, official.train_labels),
    ("t10k", 30, official.test_images, official.test_labels),
):
    first = [np.flatnonzero(labels == label)[:per_class] for label in range(10)]
    indices = np.sort(np.concatenate(first))
    for kind, magic, shape, array in (
        ("images-idx3", 2051, (28, 28), images),
        ("labels-idx1", 2049, (), labels),
    ):
        header = np.array([magic, len(indices), *shape], ">u4").tobytes()
        path = Path(__file__).with_name(f"{part}-{kind}-ubyte.gz")
        content = header + array[indices].astype(np.uint8).tobytes()
        # No time in the file, so that it comes out the same each time.
        path.write_bytes(gzip.compress(content, 9, mtime=0))
