"""``python -m gluon_softmax``."""

import sys

from .commands.main import main

if __name__ == "__main__":
    sys.exit(main())
