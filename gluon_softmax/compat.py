"""All that MXNet 1.9.1 and d2lzh 1.0.0 need on newer versions of NumPy, Python and IPython.

Both were last released before those versions. Importing ``gluon_softmax`` calls ``apply``, after
which ``import mxnet`` and ``import d2lzh`` work. Nothing here imports either of them, nor IPython
or matplotlib: a mend of something that is not yet imported waits until it is.

Out of reach, as it is a method of a C type: ``ndarray.tostring``, gone since NumPy 2.3, with which
``mxnet.recordio.pack`` writes a record that has several labels.
"""

import re
import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Callable, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np


class Mend(NamedTuple):
    """Something put back, and the version that took it away."""

    name: str
    broken_by: str


def _financial(name: str):
    def function(*args, **kwargs):
        raise RuntimeError(
            f"numpy.{name} is gone since NumPy 1.20: see the package numpy-financial"
        )

    return function


# The names that MXNet looks up in NumPy, by the version that dropped them.
_NUMPY: Mapping[Tuple[int, int], Mapping[str, object]] = {
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
        "trapz": lambda *args, **kwargs: np.trapezoid(*args, **kwargs),
    },
}

_applied: List[Mend] = []


def _mend_numpy() -> None:
    version = tuple(int(number) for number in np.__version__.split(".")[:2])
    for dropped, names in _NUMPY.items():
        for name, value in names.items():
            # Not hasattr: NumPy 1.2x warns when it is asked for some of these names. `bool` came
            # back in NumPy 2 with another meaning, which serves MXNet as well.
            if version >= dropped and name not in vars(np):
                setattr(np, name, value)
                _applied.append(Mend(f"numpy.{name}", "NumPy {}.{}".format(*dropped)))


class _Distutils:
    """Find a `distutils` of one class where nobody else has any.

    MXNet wants only its two classes of versions, and those only to compare NumPy's. The last
    finder in line, so that setuptools' copy, where there is one, goes first.
    """

    @classmethod
    def find_spec(cls, name, path=None, target=None) -> Optional[ModuleSpec]:
        if name == "distutils" or (name == "distutils.version" and path == [__name__]):
            spec = ModuleSpec(name, cls, is_package=name == "distutils")
            if spec.submodule_search_locations is not None:
                spec.submodule_search_locations.append(__name__)
            return spec
        return None

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:
        return None

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        if module.__name__ == "distutils":
            _applied.append(Mend("distutils", "Python 3.12"))
        else:
            module.LooseVersion = module.StrictVersion = _Version


class _Version(tuple):
    """A version's numbers, which compare as it does."""

    def __new__(cls, text: str) -> "_Version":
        return super().__new__(cls, map(int, re.findall(r"\d+", text)))


class _Mending:
    """Find a module where it is, and mend it as it loads."""

    @staticmethod
    def find_spec(name, path=None, target=None) -> Optional[ModuleSpec]:
        if name not in _LOADERS:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            spec.loader.exec_module = partial(_LOADERS[name], spec.loader.exec_module)
        return spec


def _load_mxnet(load: Callable, module: ModuleType) -> None:
    # MXNet takes SciPy where it finds it, for sparse arrays and statistics of its own tests: that
    # makes it start 1.5 s later, and `nd.array` look up a module that SciPy 2 will not have.
    hidden = {"scipy", "scipy.sparse", "scipy.stats"} - set(sys.modules)
    installed = find_spec("scipy") is not None
    sys.modules.update(dict.fromkeys(hidden))
    try:
        load(module)
    finally:
        for name in hidden:
            del sys.modules[name]
    if installed and "scipy.sparse" in hidden:
        _applied.append(Mend("mxnet without scipy.sparse", "SciPy 1.8"))


def _load_display(load: Callable, module: ModuleType) -> None:
    load(module)
    _mend_ipython(module)


_LOADERS = {"mxnet": _load_mxnet, "IPython.display": _load_display}


def _mend_ipython(display: ModuleType) -> None:
    if not hasattr(display, "set_matplotlib_formats"):
        display.set_matplotlib_formats = _set_matplotlib_formats
        _applied.append(Mend("IPython.display.set_matplotlib_formats", "IPython 9"))


def _set_matplotlib_formats(*formats, **kwargs) -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats(*formats, **kwargs)


def apply() -> None:
    """Mend what is broken here, at once or as soon as it is imported; a second call does nothing.

    See Also
    --------
    applied : The mends that have taken effect.
    """
    _mend_numpy()
    if sys.version_info >= (3, 12) and _Distutils not in sys.meta_path:
        sys.meta_path.append(_Distutils)
    if "IPython.display" in sys.modules:
        _mend_ipython(sys.modules["IPython.display"])
    if _Mending not in sys.meta_path:
        sys.meta_path.insert(0, _Mending)


def applied() -> Tuple[Mend, ...]:
    """List the mends that have taken effect until now.

    Returns
    -------
    tuple of Mend
        In the order in which they were made. Those of `distutils`, MXNet and IPython are there
        only once something has imported these.
    """
    return tuple(_applied)
