"""Train this version, or predict with what it learned; ``--help`` tells how."""

import sys

from gluon_softmax.interruption import told

# Worker processes that are not forked import this file too.
if __name__ == "__main__":
    with told():
        from gluon_softmax.commands.main import main_version

        sys.exit(main_version(__package__))
