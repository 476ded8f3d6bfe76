"""``gluon-softmax compat``: list the compatibility patches for MXNet and d2lzh."""

import argparse
import shutil
from importlib import import_module
from importlib.util import find_spec
from typing import Dict, List, Tuple

from ..console import wrapped
from .options import Parser

SUMMARY = "list the compatibility patches for MXNet and d2lzh"


def add_arguments(parser: Parser) -> None:
    parser.description = (
        "List the compatibility patches that are applied to MXNet and d2lzh at their import: the "
        "release that made each necessary, and whether it applies here. No later release makes one "
        "unnecessary, because MXNet and d2lzh are retired. GLUON_SOFTMAX_COMPAT=0 in the "
        "environment turns all of them off."
    )


def run(arguments: argparse.Namespace) -> int:
    from .. import compat
    from ..compat import d2lzh, distributed, python

    if compat.is_off():
        print(f"no patches are applied: {compat.SWITCH}=0 is in the environment")
        return 0
    for name in ("mxnet", "d2lzh", d2lzh.OLD_NAME):
        import_module(name)
    if find_spec(distributed.LAUNCHER) is not None:
        distributed.load_launcher()
    python.restore_clock()
    rows: Dict[Tuple[str, bool, str], List[str]] = {}
    for patch in compat.considered():
        # NumPy 2.0 removed twenty names at once: one row.
        row = "numpy." if patch.name.startswith("numpy.") else patch.name
        rows.setdefault((patch.broken_by, patch.applies, row), []).append(patch.name)
    print(f"{'broken by':26}{'applies here':14}patch")
    for (broken_by, applies, _), names in rows.items():
        line = f"{broken_by:26}{'yes' if applies else 'no':14}{', '.join(names)}"
        # Wrapped to the terminal's width.
        width = shutil.get_terminal_size().columns
        print("\n".join(wrapped(line, width, 40 * " ")))
    return 0
