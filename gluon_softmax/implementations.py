"""The implementations, by name; commands, comparison and reproduction take them from here."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import concise.model
import concise.parallel
import concise.training
import scratch.model
import scratch.parallel
import scratch.training

from .training.implementation import Implementation


def _of(package: Any, **of_model: Any) -> Implementation:
    """Return the implementation of a package with the modules model, training and parallel."""

    def of(model: ModuleType, training: ModuleType) -> Implementation:
        return Implementation(
            package.__name__,
            get_net=model.get_net,
            get_train_batch=training.get_train_batch,
            get_parameters=model.get_parameters,
            set_parameters=model.set_parameters,
            **of_model,
        )

    alone = of(package.model, package.training)
    if not hasattr(package, "parallel"):
        return alone
    return replace(alone, parallel=of(package.parallel, package.parallel))


SHAPES = {"W": (784, 10), "b": (10,)}
IMPLEMENTATIONS = {
    "scratch": _of(scratch, shapes=SHAPES, outputs="probabilities"),
    "concise": _of(concise, shapes=SHAPES, outputs="logits"),
}


def has_tutorials_model(name: str) -> bool:
    """Check whether an implementation is of the tutorial's model, by the shapes of parameters."""
    return IMPLEMENTATIONS[name].shapes == SHAPES
