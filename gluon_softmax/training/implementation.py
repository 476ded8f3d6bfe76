"""What training needs of an implementation, such as scratch and concise."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np

Parameters = Dict[str, np.ndarray]


@dataclass(frozen=True)
class Implementation:
    """A model with its training step.

    Parameters
    ----------
    name : str
        Its name in commands and results.
    shapes : dict of str to tuple of int
        Shape of each parameter in float32, as saved in a file.
    outputs : {"probabilities", "logits"}
        What the network returns for each class.
    get_net : callable
        From a context to the network, with new random weights there, and its parameters. The
        network maps X, float32 (batch, 1, 28, 28), to the outputs, float32 (batch, 10).
    get_train_batch : callable
        From network, parameters, learning rate and batch size to the function that trains on a
        batch: from X and y to the losses, (batch,), and the outputs before the step.
    get_parameters : callable
        From parameters to their values by name.
    set_parameters : callable
        Sets the parameters to values given by name.
    parallel : Implementation, optional
        The same for several devices and machines: ``get_net`` takes a sequence of contexts, and
        ``get_train_batch`` also a KVStore, ``kv``.
    """

    name: str
    shapes: Dict[str, Tuple[int, ...]]
    outputs: str
    get_net: Callable[..., Tuple[Callable, Any]]
    get_train_batch: Callable[..., Callable]
    get_parameters: Callable[[Any], Parameters]
    set_parameters: Callable[..., None]
    parallel: "Optional[Implementation]" = None

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the class probabilities of the network's outputs, both (count, 10)."""
        if self.outputs == "probabilities":
            return outputs
        exponentials = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)
