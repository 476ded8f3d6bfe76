"""Softmax regression from scratch, on NDArray: part 2 of the document, section 3.6 of the book."""

import gluon_softmax  # noqa: F401  (mends what MXNet needs, before it is imported)
