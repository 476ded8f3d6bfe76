"""What was put back, and what took it away."""

from typing import List, NamedTuple, Tuple


class Mend(NamedTuple):
    """Something that MXNet or d2lzh needs, what took it away, and whether that is so here."""

    name: str
    broken_by: str
    applies: bool


_noted: List[Mend] = []


def note(name: str, broken_by: str, applies: bool = True) -> None:
    """Remember a mend that takes effect, or one that is not needed here."""
    _noted.append(Mend(name, broken_by, applies))


def listed() -> Tuple[Mend, ...]:
    """List the mends of what has been imported until now, also those that are not needed here.

    Returns
    -------
    tuple of Mend
        In the order in which they were looked at.
    """
    return tuple(_noted)


def applied() -> Tuple[Mend, ...]:
    """List the mends that have taken effect until now.

    Returns
    -------
    tuple of Mend
        In the order in which they were made. Each is there only once something has imported what
        it mends.
    """
    return tuple(mend for mend in _noted if mend.applies)
