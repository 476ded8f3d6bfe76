"""Train this implementation, or predict with saved parameters; see ``--help``."""

import sys
from pathlib import Path

# Loader workers that are not forked import this file too.
if __name__ == "__main__":
    folder = Path(__file__).resolve().parent
    if not __package__:  # Started by its path.
        sys.path[0] = str(folder.parent)

    from gluon_softmax.interruption import exit_on_interrupt

    with exit_on_interrupt():
        from gluon_softmax.commands.main import main_implementation

        sys.exit(main_implementation(folder.name))
