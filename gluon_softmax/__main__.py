"""``gluon-softmax`` and ``python -m gluon_softmax``."""

import sys
from pathlib import Path

from .interruption import exit_on_interrupt


def run() -> int:
    """Run the program; return its exit status, as of :func:`.commands.main.main`."""
    with exit_on_interrupt():
        from .commands.main import main

        name = Path(sys.argv[0]).stem
        return main(prog="python -m gluon_softmax" if name == "__main__" else name)


if __name__ == "__main__":
    sys.exit(run())
