"""What was put back, and what took it away."""

from typing import List, NamedTuple, Tuple


class Mend(NamedTuple):
    """Something put back, and the version that took it away."""

    name: str
    broken_by: str


_applied: List[Mend] = []


def note(name: str, broken_by: str) -> None:
    """Remember a mend that takes effect."""
    _applied.append(Mend(name, broken_by))


def applied() -> Tuple[Mend, ...]:
    """List the mends that have taken effect until now.

    Returns
    -------
    tuple of Mend
        In the order in which they were made. Each is there only once something has imported what
        it mends.
    """
    return tuple(_applied)
