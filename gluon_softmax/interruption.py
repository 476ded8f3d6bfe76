"""Ctrl-C and SIGTERM end the program, also where Python would ignore that.

Both raise an exception where they find the program. Python ignores what a ``__del__`` raises, and
each of MXNet's arrays has one, or a hook around a fork. Hence a signal is noted as well: the feeds
ask for it before each batch.
"""

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import Iterator, Optional

from .errors import package_at_fault

_noted: Optional[int] = None
_is_held = False


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Handle Ctrl-C and SIGTERM inside the block, which ends as they ask for.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C.
    SystemExit
        With status 143, after SIGTERM.
    """
    handlers = {signal.SIGTERM: _note}
    # A program started in the background of a shell is not to mind Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers[signal.SIGINT] = _note
    before = {signum: signal.signal(signum, handler) for signum, handler in handlers.items()}
    try:
        yield
        end_if_asked()
    finally:
        forget()
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def exit_on_interrupt() -> Iterator[None]:
    """Turn Ctrl-C inside the block into a word and status 130, also before there is a handler.

    So is a NumPy that is missing or broken, which what handles errors needs itself. Standard
    output and standard error may be closed.
    """
    open_closed_streams()
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(tell())
    except ImportError as error:
        said = package_at_fault(error)
        if said is None or "--debug" in sys.argv:
            raise
        sys.exit(f"error: {said}")


def open_closed_streams() -> None:
    """Replace standard output or standard error that is closed, as by ``2>&-``, by a null device.

    Otherwise the next file that is opened gets its number, and what MXNet writes there.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
            # Worker processes write there, too.
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def tell() -> int:
    """Say that Ctrl-C ended the program; gives the exit status that goes with it."""
    print("\ninterrupted", file=sys.stderr)
    return 128 + signal.SIGINT


def end_if_asked() -> None:
    """Raise what ends the program, if a signal has come that is not :func:`held`.

    Errors are those of :func:`listening`.
    """
    if _noted is None or _is_held:
        return
    if _noted == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + _noted)


def forget() -> None:
    """Count the signal that has come as answered."""
    global _noted
    _noted = None


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Let signals wait while processes start in the block; those never see a Ctrl-C."""
    global _is_held
    masks = hasattr(signal, "pthread_sigmask")
    if masks:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    _is_held = True
    try:
        yield
    finally:
        _is_held = False
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    end_if_asked()


def _note(signum: int, frame: Optional[FrameType]) -> None:
    global _noted
    _noted = signum
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return
        frame = frame.f_back
    end_if_asked()
