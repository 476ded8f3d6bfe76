"""One of the two versions, whole on its own; the other has the same files and functions."""

import gluon_softmax  # noqa: F401  (mends what MXNet needs, before it is imported)
