"""IPython 9 removed the function with which d2lzh selects SVG pictures.

A script that was exported from a notebook also calls ``get_ipython``, which only IPython provides.
"""

import builtins
from types import ModuleType
from typing import Any

from .registry import note


def patch(display: Any) -> None:
    """Restore ``set_matplotlib_formats`` in ``IPython.display``."""
    missing = not hasattr(display, "set_matplotlib_formats")
    if missing:
        display.set_matplotlib_formats = _set_matplotlib_formats
    note("IPython.display.set_matplotlib_formats", "IPython 9", missing)


def _set_matplotlib_formats(*formats: str, **kwargs: Any) -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats(*formats, **kwargs)


def provide_shell(main: ModuleType) -> None:
    """Provide ``get_ipython`` with its magics, as ``ipython FILE`` does.

    Parameters
    ----------
    main : module
        The script's module, in which cell magics such as ``%%time`` run their code.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui: Any = None) -> None:
            """Ignore the event loop that ``%matplotlib`` asks for: a script has no prompt."""

        def magic(self, line: str) -> Any:
            """Run a line magic, as exported by notebooks before 2014; IPython 9 removed it."""
            name, _, words = line.lstrip("%").partition(" ")
            return self.run_line_magic(name, words)

    without_history = Config({"HistoryManager": {"enabled": False}})
    shell = Shell.instance(user_module=main, config=without_history)
    # These are meant for a prompt: IPython's exit would not end a script.
    for name in ("exit", "quit", "open"):
        vars(main).pop(name, None)
    vars(builtins)["get_ipython"] = shell.get_ipython
