"""Train this version, or predict with what it learned; ``--help`` tells how."""

import sys

from gluon_softmax.commands.main import main_version

# Worker processes that are not forked import this file too.
if __name__ == "__main__":
    sys.exit(main_version(__package__))
