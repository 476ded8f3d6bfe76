"""One of the two versions, whole on its own; the other has the same files and functions."""

import gluon_softmax  # noqa: F401  (patches MXNet before its import)
