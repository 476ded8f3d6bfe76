"""Registry of the compatibility patches, and what made each necessary."""

from typing import List, NamedTuple, Tuple


class Patch(NamedTuple):
    """A patch: what it restores, what broke that, and whether the patch applies here."""

    name: str
    broken_by: str
    applies: bool


_noted: List[Patch] = []


def note(name: str, broken_by: str, applies: bool = True) -> None:
    """Register a patch that is applied, or one that is not needed here; each only once."""
    if all(patch.name != name for patch in _noted):
        _noted.append(Patch(name, broken_by, applies))


def considered() -> Tuple[Patch, ...]:
    """Return the patches of the modules imported so far, also those that are not needed here.

    Returns
    -------
    tuple of Patch
        In the order in which they were considered.
    """
    return tuple(_noted)


def applied() -> Tuple[Patch, ...]:
    """Return the patches that have been applied so far.

    Returns
    -------
    tuple of Patch
        In the order in which they were applied. A patch appears once the module that it patches
        has been imported.
    """
    return tuple(patch for patch in _noted if patch.applies)
