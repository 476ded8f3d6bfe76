"""``python -m gluon_softmax``."""

import sys

from .interruption import told


def run() -> int:
    """Run the program; gives its exit status, as of :func:`.commands.main.main`."""
    with told():
        from .commands.main import main

        return main()


if __name__ == "__main__":
    sys.exit(run())
