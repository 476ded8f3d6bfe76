"""Softmax regression, concise, on Gluon: part 3 of the document, section 3.7 of the book."""

import gluon_softmax  # noqa: F401  (mends what MXNet needs, before it is imported)
