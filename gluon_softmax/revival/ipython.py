"""IPython 9 removed the function with which d2lzh selects SVG pictures."""

from typing import Any

from .mend import note


def mend(display: Any) -> None:
    """Restore ``set_matplotlib_formats`` in ``IPython.display``."""
    missing = not hasattr(display, "set_matplotlib_formats")
    if missing:
        display.set_matplotlib_formats = _set_matplotlib_formats
    note("IPython.display.set_matplotlib_formats", "IPython 9", missing)


def _set_matplotlib_formats(*formats: str, **kwargs: Any) -> None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats(*formats, **kwargs)
