"""One of the two implementations: `diff -u scratch concise` shows what Gluon does."""

import gluon_softmax  # noqa: F401  (patches MXNet before its import)
