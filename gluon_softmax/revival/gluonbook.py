"""d2lzh was called gluonbook in 2018, and lost one function since."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional, Sequence

from .mend import note

NAME = "gluonbook"


class Renamed:
    """Find it last of all, so that a real one goes first, and give d2lzh's names."""

    @classmethod
    def find_spec(
        cls, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """As of finders."""
        loader: Any = cls()
        return ModuleSpec(name, loader) if name == NAME else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Take a new module."""

    def exec_module(self, module: Any) -> None:
        """Fill it."""
        names = {
            name: value
            for name, value in vars(import_module("d2lzh")).items()
            if not (name.startswith("__") and name.endswith("__"))
        }
        vars(module).update(names, accuracy=_accuracy)
        note(NAME, "d2lzh 0.8")


def listen() -> None:
    """Wait for its import."""
    finders: Any = sys.meta_path
    if Renamed not in finders:
        finders.append(Renamed)


def _accuracy(y_hat: Any, y: Any) -> float:
    """Share of the examples that are predicted rightly, as section 3.6 of the book had it."""
    return (y_hat.argmax(axis=1) == y.astype("float32")).mean().asscalar()
