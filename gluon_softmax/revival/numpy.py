"""NumPy dropped names that MXNet looks up as it loads."""

from types import SimpleNamespace
from typing import Any, Callable, Mapping, Tuple

import numpy as np

from .mend import note

VERSION = tuple(int(number) for number in np.__version__.split(".")[:2])


def _financial(name: str) -> Callable:
    def function(*args, **kwargs):
        raise RuntimeError(
            f"numpy.{name} is gone since NumPy 1.20: see the package numpy-financial"
        )

    return function


# By the version that dropped them.
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
        # NumPy 1.20 to 1.26 held such stand-ins of its own: MXNet copies them, and nobody calls.
        **{name: _financial(name) for name in ("mirr", "npv", "pmt", "ppmt", "pv", "rate")},
    },
    (2, 4): {
        "in1d": lambda ar1, ar2, **kwargs: np.isin(np.ravel(ar1), ar2, **kwargs),
        "trapz": lambda *args, **kwargs: vars(np)["trapezoid"](*args, **kwargs),
    },
}


def mend() -> None:
    """Put back the names that this NumPy lacks."""
    for dropped, names in _NAMES.items():
        for name, value in names.items():
            # Not hasattr: NumPy 1.2x warns when it is asked for some of these names. `bool` came
            # back in NumPy 2 with another meaning, which serves MXNet as well.
            missing = dropped <= VERSION and name not in vars(np)
            if missing:
                setattr(np, name, value)
            note(f"numpy.{name}", "NumPy {}.{}".format(*dropped), missing)
