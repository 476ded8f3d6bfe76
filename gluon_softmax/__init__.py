"""Softmax regression on Fashion-MNIST in MXNet 1.9.1 and Gluon: what both versions share.

Importing this package makes MXNet and d2lzh importable on newer Pythons; see ``compat``.
"""

from . import compat

compat.apply()
