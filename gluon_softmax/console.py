"""What the program says beside its results: notes, errors and bars, all on standard error."""

import sys
from importlib.util import find_spec

_is_quiet = False


def be_quiet() -> None:
    """Show neither notes nor bars any more: another process of a cluster does."""
    global _is_quiet
    _is_quiet = True


def say(line: str) -> None:
    """Print one line for the person at the terminal, above any progress bar."""
    if _is_quiet:
        return
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.write(line, file=sys.stderr)
    else:
        print(line, file=sys.stderr, flush=True)


def report_error(error: object) -> None:
    """Print an error for people: one line."""
    # At once, as several processes of a cluster may do so.
    print(f"error: {error}\n", end="", file=sys.stderr, flush=True)


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    # While it is imported itself, it has no such function yet.
    shell = getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def progress(*args, **kwargs):
    """Make a tqdm bar that shows on a terminal or in a notebook and is silent when piped.

    Parameters
    ----------
    *args, **kwargs
        As of ``tqdm.tqdm``.

    Returns
    -------
    tqdm.tqdm
        The bar.
    """
    # Each import is made where it is needed: the one for notebooks costs as much as MXNet's half.
    notebook = in_notebook()
    if notebook and find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm
    else:
        from tqdm import tqdm

        if not notebook and not sys.stderr.isatty():
            kwargs["disable"] = True
    if _is_quiet:
        kwargs["disable"] = True
    return tqdm(*args, leave=False, **kwargs)
