"""Registry of the compatibility patches, and what made each necessary."""

from typing import List, NamedTuple, Tuple


class Mend(NamedTuple):
    """A patch: what it restores, what broke that, and whether the patch applies here."""

    name: str
    broken_by: str
    applies: bool


_noted: List[Mend] = []


def note(name: str, broken_by: str, applies: bool = True) -> None:
    """Register a patch that is applied, or one that is not needed here; each only once."""
    if all(mend.name != name for mend in _noted):
        _noted.append(Mend(name, broken_by, applies))


def listed() -> Tuple[Mend, ...]:
    """Return the patches of the modules imported so far, also those that are not needed here.

    Returns
    -------
    tuple of Mend
        In the order in which they were considered.
    """
    return tuple(_noted)


def applied() -> Tuple[Mend, ...]:
    """Return the patches that have been applied so far.

    Returns
    -------
    tuple of Mend
        In the order in which they were applied. A patch appears once the module that it patches
        has been imported.
    """
    return tuple(mend for mend in _noted if mend.applies)
