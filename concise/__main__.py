"""Train this version, or predict with what it learned: ``python -m concise --help``."""

import sys

from gluon_softmax.cli import main_version

# Worker processes that are not forked import this file too.
if __name__ == "__main__":
    sys.exit(main_version("concise"))
