"""``gluon-softmax`` and ``python -m gluon_softmax``."""

import sys
from pathlib import Path

from .interruption import told


def run() -> int:
    """Run the program; return its exit status, as of :func:`.commands.main.main`."""
    with told():
        from .commands.main import main

        name = Path(sys.argv[0]).stem
        return main(prog="python -m gluon_softmax" if name == "__main__" else name)


if __name__ == "__main__":
    sys.exit(run())
