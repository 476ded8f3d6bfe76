"""Both implementations, by name."""

import numpy as np

import concise.model
import concise.parallel
import concise.training
import scratch.model
import scratch.parallel
import scratch.training

IMPLEMENTATIONS = {"scratch": scratch, "concise": concise}


def as_probabilities(implementation: str, outputs: np.ndarray) -> np.ndarray:
    """Return the class probabilities of an implementation's outputs, both (count, 10)."""
    if implementation == "scratch":
        return outputs
    # The outputs of concise are logits.
    exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
