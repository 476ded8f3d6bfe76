"""NumPy removed names that MXNet looks up while it loads."""

from types import SimpleNamespace
from typing import Any, Callable, Mapping, Tuple

import numpy as np

from .registry import note

VERSION = tuple(int(number) for number in np.__version__.split(".")[:2])


def _financial(name: str) -> Callable:
    def function(*args, **kwargs):
        raise RuntimeError(f"NumPy 1.20 removed numpy.{name}: use the package numpy-financial")

    return function


# By the release that removed them.
_NAMES: Mapping[Tuple[int, int], Mapping[str, Any]] = {
    (1, 24): {"bool": bool, "int": int},
    (2, 0): {
        "Inf": np.inf,
        "NAN": np.nan,
        "NINF": -np.inf,
        "NZERO": -0.0,
        "NaN": np.nan,
        "PINF": np.inf,
        "PZERO": 0.0,
        "alltrue": np.all,
        "compat": SimpleNamespace(basestring=str),
        "msort": lambda a: np.sort(a, axis=0),
        "product": np.prod,
        "round_": np.round,
        "sometrue": np.any,
        # NumPy 1.20 to 1.26 had such placeholders itself. MXNet copies them and never calls them.
        **{name: _financial(name) for name in ("mirr", "npv", "pmt", "ppmt", "pv", "rate")},
    },
    (2, 4): {
        "in1d": lambda ar1, ar2, **kwargs: np.isin(np.ravel(ar1), ar2, **kwargs),
        "trapz": lambda *args, **kwargs: vars(np)["trapezoid"](*args, **kwargs),
    },
}


def patch() -> None:
    """Restore the names that this NumPy lacks."""
    for dropped, names in _NAMES.items():
        for name, value in names.items():
            # Not hasattr: for some of these names NumPy 1.2x would warn. NumPy 2 has a `bool` of
            # another meaning again, which is fine for MXNet.
            missing = dropped <= VERSION and name not in vars(np)
            if missing:
                setattr(np, name, value)
            note(f"numpy.{name}", "NumPy {}.{}".format(*dropped), missing)
