"""d2lzh was called gluonbook in 2018, and has lost one function since then."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Optional, Sequence

from .registry import note

NAME = "gluonbook"


class Renamed:
    """A finder for gluonbook that provides d2lzh's names; it comes after all other finders."""

    @classmethod
    def find_spec(
        cls, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """Return a spec for gluonbook, as the import system asks a finder for it."""
        loader: Any = cls()
        return ModuleSpec(name, loader) if name == NAME else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to create the module."""

    def exec_module(self, module: Any) -> None:
        """Fill the module with d2lzh's names."""
        names = {
            name: value
            for name, value in vars(import_module("d2lzh")).items()
            if not (name.startswith("__") and name.endswith("__"))
        }
        vars(module).update(names, accuracy=_accuracy)
        note(NAME, "d2lzh 0.8")


def listen() -> None:
    """Register the finder."""
    finders: Any = sys.meta_path
    if Renamed not in finders:
        finders.append(Renamed)


def _accuracy(y_hat: Any, y: Any) -> float:
    """Return the proportion of correct predictions, as in section 3.6 of the book."""
    return (y_hat.argmax(axis=1) == y.astype("float32")).mean().asscalar()
