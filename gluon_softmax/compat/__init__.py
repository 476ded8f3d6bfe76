"""Compatibility patches for MXNet 1.9.1 and d2lzh 1.0.0.

Newer releases of NumPy, Python, IPython and SciPy broke both packages; each module here is named
for what it patches. Importing ``gluon_softmax`` calls :func:`apply_patches`. After that ``import
mxnet`` and ``import d2lzh`` work, also in a reader's own copy of the tutorial. No file of these
packages is changed. ``GLUON_SOFTMAX_COMPAT=0`` in the environment turns all patches off.

Importing this package imports none of MXNet, d2lzh, NumPy, IPython and matplotlib: a module is
patched when something else imports it.
"""

from .hooks import SWITCH, apply_patches, is_off
from .registry import applied, considered

__all__ = ["SWITCH", "applied", "apply_patches", "considered", "is_off"]
