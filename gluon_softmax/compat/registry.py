"""Registry of the compatibility patches, with the release that made each one necessary.

No later release makes a patch unnecessary. MXNet and d2lzh are retired, so neither will support
that release. A patch may be removed together with MXNet or d2lzh, or with the support for the
releases that need it.
"""

from typing import List, NamedTuple, Tuple


class Patch(NamedTuple):
    """A patch: what it restores, what broke that, and whether the patch applies here."""

    name: str
    broken_by: str
    applies: bool


_considered: List[Patch] = []


def note(name: str, broken_by: str, applies: bool = True) -> None:
    """Register a patch that is applied, or one that is not needed here; each only once."""
    if all(patch.name != name for patch in _considered):
        _considered.append(Patch(name, broken_by, applies))


def considered() -> Tuple[Patch, ...]:
    """Return the patches of the modules imported so far, also those that are not needed here."""
    return tuple(_considered)


def applied() -> Tuple[Patch, ...]:
    """Return the patches that are applied so far; one appears once its module is imported."""
    return tuple(patch for patch in _considered if patch.applies)
